import type { Service } from "../core/service.ts";
import type { Isolation } from "./contract.ts";

/** One SQL statement with its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Whether result columns keep their names; otherwise `total_cents` reads `totalCents`. */
  readonly columnsAsIs?: boolean;
}

export interface StatementResult {
  readonly rows: readonly Record<string, unknown>[];
  /** Rows that the statement returned or changed. */
  readonly rowCount: number;
}

/** Asks for an idempotency key: who runs it, and for which input. */
export interface Claim {
  /** 16 bytes that stand for tenant, actor, operation and key. */
  readonly id: Buffer;
  /** SHA-256 of the canonical input. */
  readonly inputHash: Buffer;
  /** *Units*: milliseconds. */
  readonly ttlMs: number;
}

/** A finished execution as an idempotency record keeps it. */
export interface StoredReply {
  /** `ok`, or the type of the declared fault. */
  readonly outcome: string;
  /** The shaped output, or the fault's details, as JSON. */
  readonly body: string;
}

/** What became of a claim. */
export type ClaimResult =
  | { readonly state: "claimed" }
  | { readonly state: "running" }
  | { readonly state: "mismatch" }
  | { readonly state: "replay"; readonly reply: StoredReply };

/** What a transaction asks of the execution that it serves. */
export interface TransactionOwner {
  readonly actorId: string | undefined;
  /** *Units*: milliseconds, of the clock's monotonic time. */
  readonly deadlineAt: number;
  /** Throws when a further statement would break the budget. */
  statementStarts(statement: Statement): void;
  /** A statement was answered. `sentAt` is of the clock's monotonic time. */
  statementEnds(statement: Statement, sentAt: number, failed: boolean): void;
  /** The database begins, and ends, working for the execution; calls nest. */
  databaseEnters(): void;
  databaseLeaves(): void;
  /** It waited so long for a connection. *Units*: milliseconds. */
  waited(ms: number): void;
}

export interface TransactionOptions {
  readonly mode: "read" | "write";
  readonly isolation: Isolation;
  /** On whose behalf; row-level security sees nothing where it is undefined. */
  readonly tenant: string | undefined;
  readonly owner: TransactionOwner;
  readonly claim?: Claim;
}

/**
 * A transaction that begins with its first statement: begin, settings, the key's claim and that statement go out in one flight.
 * *Guarantees*: after `commit` resolved everything is durable; after it rejected with anything but `unavailable` of type
 * `commit_outcome_unknown`, nothing is; `rollback` and `abort` never throw and let the connection go.
 */
export interface Transaction {
  run(statement: Statement): Promise<StatementResult>;
  /** Adds a statement to the final flight, in front of the commit. */
  defer(statement: Statement): void;
  /** Resolves when it is known whether the key is ours; at once where none was asked for. */
  claimed(): Promise<ClaimResult>;
  /**
   * Sends the final flight: what was deferred, the record, and the commit. Returns the reply that the record keeps, where it is another
   * than the one given: the connection was lost, and the key shows that somebody finished the same request meanwhile.
   */
  commit(reply?: StoredReply): Promise<StoredReply | undefined>;
  /** Undoes what the handler did and commits only the record of its fault. */
  commitFault(reply: StoredReply): Promise<void>;
  rollback(): Promise<void>;
  /** From now on it cannot commit any more: a part of it failed. */
  doom(cause: unknown): void;
  /** Stops what runs, from outside: refuses further statements, cancels the one on the server. Does nothing once the commit is on its way. */
  abort(reason: unknown): boolean;
}

/** The system of record. */
export interface Database extends Service {
  /** Opens a transaction; nothing is sent yet. */
  begin(options: TransactionOptions): Transaction;
  /** Whether it answers now. *Faults thrown*: `unavailable`. */
  ping(): Promise<void>;
}

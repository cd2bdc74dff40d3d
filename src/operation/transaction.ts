import type { Fault } from "../core/fault.ts";
import type { Service } from "../core/service.ts";

/** The isolation level of a command's transaction. *Default*: read committed. */
export type Isolation = "read committed" | "repeatable read" | "serializable";

/** One SQL statement with its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Whether result columns keep their names; otherwise `total_cents` reads `totalCents`. */
  readonly columnsAsIs?: boolean;
  /** Whether each row is an array, in the order of its columns, of which two may then have one name. */
  readonly rowsAsArrays?: boolean;
  /** Where a handler wrote it, as in `file:///app/orders/place.ts:12:9`; its values are checked against their parameters. Undefined for our own. */
  readonly writtenAt?: { readonly site: string };
  /** Of what the final flight sends: called with its result once the commit is confirmed. */
  readonly committed?: (result: StatementResult) => void;
}

/** What a statement returned: its rows and their number. */
export interface StatementResult {
  readonly rows: readonly Record<string, unknown>[];
  /** Rows that the statement returned or changed. */
  readonly rowCount: number;
  /** A column of which rows keep one only, because two have its name. */
  readonly hidden?: string | undefined;
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

/** The key of a claim, and how long its record is to be kept. *Units*: milliseconds. */
export type ShortenedKey = Pick<Claim, "id" | "ttlMs">;

/** A finished execution as an idempotency record keeps it. */
export interface StoredReply {
  /** `ok`, or the type of the declared fault. */
  readonly outcome: string;
  /** The shaped output, or the fault's details, as JSON. */
  readonly body: string;
  /** What was said beside it, as JSON: a replay says the same, whatever the code makes of the body by then. */
  readonly head: string | null;
}

/** The result of a claim. */
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
  /** The fault for a value that cannot be stored, where the input holds it; undefined where it does not, and so is no matter of the caller. */
  inputFault(isSought: (value: unknown) => boolean, problem: UnstorableProblem): Fault | undefined;
  /** The database begins, and ends, working for the execution; calls nest. */
  enterDatabase(): void;
  databaseLeaves(): void;
  /** It waited so long for a connection. *Units*: milliseconds. */
  waited(ms: number): void;
}

/** What is wrong with a value that came with the input. */
export interface UnstorableProblem {
  /** For the caller. */
  readonly message: string;
  readonly cause: unknown;
  /** Whether a text holds a character that cannot be stored. */
  readonly isText: boolean;
}

/** How a transaction begins: its mode, its isolation, its tenant, its owner and the key that it claims. */
export interface TransactionOptions {
  readonly mode: "read" | "write";
  readonly isolation: Isolation;
  /** On whose behalf; row-level security sees nothing where it is undefined. */
  readonly tenant: string | undefined;
  readonly owner: TransactionOwner;
  /** Whether `plimsoll.actor()` is null, for whatever owner: several callers share what is read. *Default*: false. */
  readonly withoutActor?: boolean;
  readonly claim?: Claim;
  /** How old what it reads may be, where replicas are read. *Default*: not old at all. *Units*: milliseconds. */
  readonly stalenessMs?: number;
}

/** What is done before a commit: sends statements, and returns those of the final flight. */
export type BeforeCommit = (send: (statement: Statement) => Promise<StatementResult>) => Promise<readonly Statement[]>;

/**
 * A transaction that begins with its first statement: begin, settings, the key's claim and that statement go out in one flight.
 * *Guarantees*: after `commit` resolved everything is durable; after it rejected with anything but `unavailable` of type
 * `commit_outcome_unknown`, nothing is; `rollback` and `abort` never throw and let the connection go.
 */
export interface Transaction {
  /** Whether it reads a replica. */
  readonly isOnReplica: boolean;
  run(statement: Statement): Promise<StatementResult>;
  /** Adds a statement to the final flight, in front of the commit. */
  defer(statement: Statement): void;
  /**
   * Has `work` done when the transaction is about to commit, before its final flight, with what sends a statement at once; what it returns goes in front of that flight.
   * Where it throws, nothing is committed.
   */
  beforeCommit(work: BeforeCommit): void;
  /** Resolves when it is known whether the key is ours; at once where none was asked for. */
  claimed(): Promise<ClaimResult>;
  /**
   * Sends the final flight: what was deferred, the record, and the commit. Returns the reply that the record keeps, where it is another
   * than the one given: the connection was lost, and the key shows that the same request completed meanwhile.
   */
  commit(reply?: StoredReply): Promise<StoredReply | undefined>;
  /** Undoes what the handler did and commits only the record of its fault. */
  commitFault(reply: StoredReply): Promise<void>;
  rollback(): Promise<void>;
  /** From now on it cannot commit any more: a part of it failed. */
  doom(cause: unknown): void;
  /**
   * Runs `work` behind a savepoint: where it fails, what it did is undone, and the transaction can still commit. Nothing is sent for it alone.
   * A conflict, a lost connection or the end of the transaction stays a failure of the whole.
   */
  attempt<T>(work: () => Promise<T>): Promise<T>;
  /** *Faults thrown*: `internal` of type `attempt_overlapped`, where an attempt runs and the caller is no part of it; then nothing is committed. */
  assertInside(): void;
  /** Does this too where the attempt that runs is undone. */
  onUndo(undo: () => void): void;
  /** Stops what runs, from outside: refuses further statements, cancels the one on the server. Does nothing once the commit is on its way. */
  abort(reason: unknown): boolean;
}

/** The system of record. */
export interface Database extends Service {
  /** Opens a transaction; nothing is sent yet. */
  begin(options: TransactionOptions): Transaction;
  /** Whether it answers now. *Faults thrown*: `unavailable`. */
  ping(): Promise<void>;
  /** Has records of keys kept no longer than so from now on. A record that it does not reach is kept for its own time. *Default*: all are. */
  shortenKeys?(keys: readonly ShortenedKey[]): void;
}

import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type {
  Claim,
  ClaimResult,
  Statement,
  StatementResult,
  StoredReply,
  Transaction,
  TransactionOptions,
  TransactionOwner,
} from "../operation/transaction.ts";
import { type Answer, asCommand, type Connection } from "./connection.ts";
import { databaseFault, isLost } from "./errors.ts";
import { claimStatement, readClaim, recordStatement, settingsStatement } from "./statements.ts";

/** What transactions need of the database that they belong to. */
export interface TransactionHost {
  readonly clock: Clock;
  /** Whether the server knows `transaction_timeout` (17 and newer). */
  readonly hasTransactionTimeout: boolean;
  take(): Connection | undefined;
  wait(deadlineAt: number): Promise<Connection>;
  release(connection: Connection): void;
  quarantine(connection: Connection): void;
  /** Asks, on another connection, what became of a claim; waits while its owner still holds it. `until` is of the clock's monotonic time. */
  fateOf(claim: Claim, until: number): Promise<ClaimResult>;
}

/** How long a lost commit is asked after at the least, however near the deadline is. */
const resolveMs = 1_000;
/** How long the first statement of a duplicate may go on after it is known to be one. */
const waitForOwnerMs = 10;

const beginTexts = {
  read: {
    "read committed": "begin read only",
    "repeatable read": "begin isolation level repeatable read read only",
    serializable: "begin isolation level serializable read only",
  },
  write: {
    "read committed": "begin",
    "repeatable read": "begin isolation level repeatable read",
    serializable: "begin isolation level serializable",
  },
} as const;

/**
 * The one place that begins and commits. See {@link Transaction} for what is guaranteed.
 *
 * First flight: begin, settings, the key's claim, a savepoint, the first statement. Last flight: what was deferred, the record, commit.
 */
export class PostgresTransaction implements Transaction {
  readonly #host: TransactionHost;
  readonly #options: TransactionOptions;
  readonly #owner: TransactionOwner;
  #state: "new" | "open" | "committing" | "ended" = "new";
  #connection: Connection | undefined;
  #opening: Promise<Connection> | undefined;
  #claim: Promise<ClaimResult> | undefined;
  readonly #deferred: Statement[] = [];
  /** Statements of the handler that were sent and not answered. */
  #unanswered = 0;
  /** Why it cannot commit any more. */
  #failure: { readonly cause: unknown } | undefined;

  constructor(host: TransactionHost, options: TransactionOptions) {
    this.#host = host;
    this.#options = options;
    this.#owner = options.owner;
  }

  async run(statement: Statement): Promise<StatementResult> {
    this.#assertUsable();
    this.#starts(statement);
    const sentAt = this.#host.clock.monotonic();
    let failed = true;
    this.#unanswered++;
    this.#owner.databaseEnters();
    try {
      const connection = this.#connection ?? this.#begin() ?? (await this.#opening) ?? this.#gone();
      this.#assertUsable();
      const answer = await connection.send(statement);
      failed = false;
      return answer;
    } catch (error) {
      throw this.#fails(error);
    } finally {
      this.#unanswered--;
      this.#owner.databaseLeaves();
      this.#owner.statementEnds(statement, sentAt, failed);
    }
  }

  /** Half of what was meant must not be committed, also where the handler catches that the other half was refused. */
  #starts(statement: Statement): void {
    try {
      this.#owner.statementStarts(statement);
    } catch (error) {
      this.doom(error);
      throw error;
    }
  }

  defer(statement: Statement): void {
    this.#assertUsable();
    this.#deferred.push(statement);
  }

  async claimed(): Promise<ClaimResult> {
    if (this.#options.claim === undefined) return { state: "claimed" };
    // Asked when the handler has ended; the answer may come after that of a statement that nobody waited for.
    if (this.#unanswered > 0) this.doom(floating(this.#unanswered));
    await this.#opened();
    if (this.#claim === undefined) throw this.#failure?.cause ?? this.#gone();
    return this.#claim;
  }

  doom(cause: unknown): void {
    this.#failure ??= { cause };
  }

  async commit(reply?: StoredReply): Promise<StoredReply | undefined> {
    if (this.#unanswered > 0) this.doom(floating(this.#unanswered));
    this.#throwFailure();
    if (this.#state === "new" && this.#deferred.length === 0 && this.#options.claim === undefined) {
      this.#state = "ended";
      return undefined;
    }
    const connection = this.#connection ?? (await this.#opened());
    this.#throwFailure();
    if (this.#options.mode === "read") return this.#commitRead(connection);
    this.#throwIfLate();
    const { claim } = this.#options;
    const last = claim && reply ? [...this.#deferred, recordStatement(claim, reply)] : this.#deferred;
    return this.#finalFlight(connection, last);
  }

  async commitFault(reply: StoredReply): Promise<void> {
    const { claim } = this.#options;
    const connection = await this.#opened();
    if (claim === undefined || this.#state !== "open") return this.rollback();
    this.#throwIfLate();
    const kept = await this.#finalFlight(connection, [
      { text: "rollback to savepoint plimsoll", values: [], columnsAsIs: true },
      recordStatement(claim, reply),
    ]);
    // The commit was lost, and somebody finished the same request otherwise meanwhile: run again, it finds that answer.
    if (kept !== undefined && (kept.outcome !== reply.outcome || kept.body !== reply.body)) throw commitLost(undefined);
  }

  async rollback(): Promise<void> {
    if (this.#state === "ended" || this.#state === "committing") return;
    const connection = this.#connection;
    this.#state = "ended";
    if (connection === undefined) return;
    if (connection.inFlight > 0) return this.#host.quarantine(connection);
    this.#owner.databaseEnters();
    const cut = this.#host.clock.schedule(limits.quarantineMs, () => void connection.close(true));
    try {
      await connection.sendCommand("rollback");
      this.#host.release(connection);
    } catch {
      void connection.close(true);
    } finally {
      cut.cancel();
      this.#owner.databaseLeaves();
    }
  }

  abort(reason: unknown): boolean {
    if (this.#state === "committing") return false;
    this.#failure = { cause: reason };
    // Rolling back is the same with and without a statement on the server: with one, it is cancelled first.
    void this.rollback();
    return true;
  }

  /** Takes a connection and sends everything that comes before the first statement; undefined where it has to wait for one. */
  #begin(): Connection | undefined {
    if (this.#opening !== undefined) return undefined;
    const idle = this.#host.take();
    if (idle !== undefined) return this.#open(idle);
    const since = this.#host.clock.monotonic();
    this.#opening = this.#host.wait(this.#owner.deadlineAt).then((connection) => {
      this.#owner.waited(this.#host.clock.monotonic() - since);
      if (this.#state === "new") return this.#open(connection);
      this.#host.release(connection);
      throw this.#gone();
    });
    return undefined;
  }

  #open(connection: Connection): Connection {
    this.#state = "open";
    this.#connection = connection;
    const { mode, isolation, claim } = this.#options;
    // An error of what is sent aside dooms the transaction; nobody waits for it.
    const failed = (error: unknown) => void this.#fails(error);
    connection.sendAside(asCommand(beginTexts[mode][isolation]), failed);
    connection.sendAside(settingsStatement(this.#options, this.#remainingMs(), this.#host.hasTransactionTimeout), failed);
    if (claim !== undefined) {
      this.#claim = connection.send(claimStatement(claim)).then(readClaim, (error) => Promise.reject(this.#fails(error)));
      this.#claim.then(
        (result) => this.#heed(result),
        () => undefined,
      );
      connection.sendAside(asCommand("savepoint plimsoll"), failed);
    }
    return connection;
  }

  /** Whatever the handler does without the key is for nothing: it is stopped, also where its first statement waits for the key's owner. */
  #heed({ state }: ClaimResult): void {
    if (state === "claimed") return;
    this.doom(new Fault({ code: "aborted", type: `idempotency_key_${state}`, message: "The idempotency key is not ours." }));
    if (state !== "running") return;
    this.#host.clock.schedule(waitForOwnerMs, () => {
      if (this.#unanswered > 0) void this.rollback();
    });
  }

  async #opened(): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    this.#owner.databaseEnters();
    try {
      return this.#begin() ?? (await this.#opening) ?? this.#gone();
    } catch (error) {
      throw this.#fails(error);
    } finally {
      this.#owner.databaseLeaves();
    }
  }

  /** Nothing was changed, so the answer need not wait for the end; the next user's statements queue behind it on the same connection. */
  #commitRead(connection: Connection): undefined {
    this.#state = "ended";
    connection.sendLater("commit", () => void connection.close(true));
    this.#host.release(connection);
  }

  async #finalFlight(connection: Connection, last: readonly Statement[]): Promise<StoredReply | undefined> {
    this.#state = "committing";
    this.#owner.databaseEnters();
    // A commit that is on its way is waited for, also past the deadline; but not for ever, where the network swallows it.
    const cut = this.#host.clock.schedule(this.#remainingMs() + resolveMs, () => void connection.close(true));
    try {
      const flight = last.map((statement) => connection.send(statement));
      const settled = await Promise.allSettled([...flight, connection.sendCommand("commit")]);
      const failed = settled.find((outcome) => outcome.status === "rejected");
      if (failed !== undefined) {
        if (isLost(failed.reason)) return await this.#resolveLost(failed.reason);
        throw this.#failure?.cause ?? databaseFault(failed.reason);
      }
      // After an error earlier in the transaction the server answers a commit with the tag ROLLBACK, and pg calls that a success.
      const { command } = (settled.at(-1) as PromiseFulfilledResult<Answer>).value;
      if (command !== "COMMIT") throw this.#failure?.cause ?? rolledBack(command);
      return undefined;
    } finally {
      cut.cancel();
      this.#owner.databaseLeaves();
      this.#state = "ended";
      this.#host.release(connection);
    }
  }

  /** The answer to a commit was lost: only the record under its key can tell whether it happened. */
  async #resolveLost(cause: unknown): Promise<StoredReply> {
    const { claim } = this.#options;
    if (claim === undefined) throw outcomeUnknown(cause, false);
    const now = this.#host.clock.monotonic();
    const until = Math.max(this.#owner.deadlineAt, now + resolveMs);
    const fate = await this.#host.fateOf(claim, until).catch(() => undefined);
    if (fate?.state === "replay") return fate.reply;
    // The key is free and holds no record, and whoever takes it now finds none of ours: it did not happen.
    if (fate?.state === "claimed") throw commitLost(cause);
    throw outcomeUnknown(cause, true);
  }

  #remainingMs(): number {
    return Math.max(1, Math.ceil(this.#owner.deadlineAt - this.#host.clock.monotonic()));
  }

  #throwIfLate(): void {
    if (this.#owner.deadlineAt > this.#host.clock.monotonic()) return;
    throw new Fault({ code: "deadline_exceeded", message: "The time was up before the commit. Nothing was changed.", retryAfterMs: 1_000 });
  }

  #assertUsable(): void {
    this.#throwFailure();
    if (this.#state === "committing" || this.#state === "ended") throw this.#gone();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.cause;
  }

  /** The first failure is what the transaction failed of; later ones ("current transaction is aborted") only follow from it. */
  #fails(error: unknown): unknown {
    this.#failure ??= { cause: databaseFault(error) };
    return this.#failure.cause;
  }

  #gone(): never {
    throw new Fault({
      code: "internal",
      type: "transaction_ended",
      message: "A statement was sent after its transaction had ended. Await every statement before the handler returns.",
    });
  }
}

const floating = (count: number): Fault =>
  new Fault({
    code: "internal",
    type: "floating_statements",
    message: `The handler returned while ${count} of its statements were still running. Await every statement.`,
  });

const rolledBack = (command: string): Fault =>
  new Fault({
    code: "internal",
    type: "commit_rolled_back",
    message: `The server answered the commit with ${command}: a statement had failed and its error was swallowed. Let database errors leave the handler.`,
  });

const commitLost = (cause: unknown): Fault =>
  new Fault({
    code: "aborted",
    type: "commit_lost",
    message: "The connection was lost before the commit. Nothing was changed; try again.",
    retryAfterMs: 100,
    cause,
  });

const outcomeUnknown = (cause: unknown, hasKey: boolean): Fault =>
  new Fault({
    code: "unavailable",
    type: "commit_outcome_unknown",
    message: hasKey
      ? "The connection was lost during the commit, so it is not known whether it happened. Send the request again with the same Idempotency-Key."
      : "The connection was lost during the commit, so it is not known whether it happened. Look before you send the request again.",
    retryAfterMs: 1_000,
    cause,
  });

import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { StatementError } from "../operation/sql/statement-error.ts";
import type {
  BeforeCommit,
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
import { databaseFault, isLost, isReadOnly } from "./faults.ts";
import { statementFault } from "./statement-fault.ts";
import {
  beginTexts,
  claimStatement,
  commitText,
  readClaim,
  recordStatement,
  rollbackText,
  savepointText,
  settingsStatement,
  takenClaim,
} from "./statements.ts";
import { prepared } from "./transaction/before.ts";
import { beside, commitLost, floating, outcomeUnknown, rolledBack } from "./transaction/faults.ts";
import type { TransactionHost } from "./transaction/host.ts";
import { isContained, Savepoints } from "./transaction/savepoints.ts";

/** How long a lost commit is asked after at the least, however near the deadline is. */
const resolveMs = 1_000;

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
  readonly #before: BeforeCommit[] = [];
  /** Statements of the handler that were sent and not answered. */
  #unanswered = 0;
  /** Why it cannot commit any more. */
  #failure: { readonly cause: unknown } | undefined;
  readonly #savepoints: Savepoints;

  constructor(host: TransactionHost, options: TransactionOptions) {
    this.#host = host;
    this.#options = options;
    this.#owner = options.owner;
    this.#savepoints = new Savepoints();
  }

  get isOnReplica() {
    return this.#host.isReplica === true;
  }

  async run(statement: Statement): Promise<StatementResult> {
    this.#assertUsable();
    this.assertInside();
    this.#starts(statement);
    const sentAt = this.#host.clock.monotonic();
    let failed = true;
    this.#unanswered++;
    this.#owner.enterDatabase();
    try {
      const connection = this.#connection ?? this.#begin() ?? (await this.#opening) ?? this.#gone();
      this.#assertUsable();
      this.#sendSavepoints(connection);
      const answer = await connection.joined(statement);
      failed = false;
      return answer;
    } catch (error) {
      throw this.#fails(statementFault(error, statement, this.#owner));
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

  beforeCommit(work: BeforeCommit): void {
    this.#assertUsable();
    this.#before.push(work);
  }

  async claimed(): Promise<ClaimResult> {
    if (this.#options.claim === undefined) return { state: "claimed" };
    // Asked when the handler has ended; the response may come after that of a statement that was not awaited.
    if (this.#unanswered > 0) this.doom(floating(this.#unanswered));
    await this.#opened();
    if (this.#claim === undefined) throw this.#failure?.cause ?? this.#gone();
    return this.#claim;
  }

  doom(cause: unknown): void {
    this.#failure ??= { cause };
  }

  async attempt<T>(work: () => Promise<T>): Promise<T> {
    this.#assertUsable();
    this.assertInside();
    const end = this.#savepoints.begin();
    try {
      const value = await end.inside(work);
      if (this.#unanswered > 0) this.doom(floating(this.#unanswered));
      this.#throwFailure();
      end.keep();
      return value;
    } catch (error) {
      if (this.#unanswered > 0) this.doom(floating(this.#unanswered));
      // Going back to a savepoint cannot repair a transaction that has ended, or one that must be repeated as a whole.
      const isOpen = this.#state === "new" || this.#state === "open";
      if (isOpen && this.#unanswered === 0 && isContained(this.#failure?.cause)) this.#failure = undefined;
      end.undo();
      throw error;
    }
  }

  onUndo(undo: () => void): void {
    this.#savepoints.onUndo(undo);
  }

  /** Between the beginning and the end of an attempt, what belongs to it and what does not could not be distinguished. */
  assertInside(): void {
    if (this.#savepoints.isInside()) return;
    const fault = beside();
    this.doom(fault);
    throw fault;
  }

  #sendSavepoints(connection: Connection): void {
    for (const text of this.#savepoints.due()) connection.joinAside(asCommand(text), (error) => void this.#fails(error));
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
    this.#sendSavepoints(connection);
    if (this.#options.mode === "read") return this.#commitRead(connection);
    const first = this.#before.length === 0 ? [] : await this.#prepare(connection);
    this.#throwIfLate();
    const { claim } = this.#options;
    const deferred = [...first, ...this.#deferred];
    const last = claim && reply ? [...deferred, recordStatement(claim, reply)] : deferred;
    return this.#finalFlight(connection, last);
  }

  /** Does what was to be done before the commit. */
  async #prepare(connection: Connection): Promise<readonly Statement[]> {
    this.#owner.enterDatabase();
    const work = prepared(this.#before, connection).catch((error) => Promise.reject(this.#fails(error)));
    const first = await work.finally(() => this.#owner.databaseLeaves());
    // It may have been stopped meanwhile.
    this.#assertUsable();
    return first;
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
    // The commit was lost, and a repeat of the request has stored another reply meanwhile. The next attempt finds that reply.
    if (kept !== undefined && (kept.outcome !== reply.outcome || kept.body !== reply.body)) throw commitLost(undefined);
  }

  async rollback(): Promise<void> {
    if (this.#state === "ended" || this.#state === "committing") return;
    const connection = this.#connection;
    this.#state = "ended";
    if (connection === undefined) return;
    if (connection.inFlight > 0) return this.#host.quarantine(connection);
    this.#owner.enterDatabase();
    const cut = this.#host.clock.schedule(limits.quarantineMs, () => void connection.close(true));
    try {
      await connection.sendCommand(rollbackText);
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
    // An error of what is sent aside dooms the transaction; no code waits for it.
    const failed = (error: unknown) => void this.#fails(error);
    connection.joinAside(asCommand(beginTexts[mode][isolation]), failed);
    connection.joinAside(settingsStatement(this.#options, this.#remainingMs(), this.#host.hasTransactionTimeout), failed);
    if (claim !== undefined) {
      this.#claim = this.#claimed(connection, claim);
      // Those that ask for it learn why.
      this.#claim.catch(() => undefined);
      connection.joinAside(asCommand(savepointText), failed);
    }
    return connection;
  }

  /** Known before the statements behind it are settled, so that what the handler gets is the fault of the claim. */
  #claimed(connection: Connection, claim: Claim): Promise<ClaimResult> {
    return new Promise((resolve, reject) => {
      connection.join(claimStatement(claim), (error, answer) => {
        try {
          const result = answer === undefined ? takenClaim(error) : readClaim(answer);
          this.#onClaimResult(result);
          resolve(result);
        } catch (failed) {
          reject(this.#fails(failed));
        }
      });
    });
  }

  /** Whatever the handler does without the key is for nothing. */
  #onClaimResult({ state }: ClaimResult): void {
    if (state === "claimed") return;
    this.doom(
      new Fault({
        code: "aborted",
        type: `idempotency_key_${state}`,
        message: "Another request claimed the idempotency key first. Try again.",
      }),
    );
  }

  async #opened(): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    this.#owner.enterDatabase();
    try {
      return this.#begin() ?? (await this.#opening) ?? this.#gone();
    } catch (error) {
      throw this.#fails(error);
    } finally {
      this.#owner.databaseLeaves();
    }
  }

  /** Nothing was changed, so the response need not wait for the end; the next user's statements queue behind it on the same connection. */
  #commitRead(connection: Connection): undefined {
    this.#state = "ended";
    connection.sendLater(commitText, () => void connection.close(true));
    this.#host.release(connection);
  }

  async #finalFlight(connection: Connection, last: readonly Statement[]): Promise<StoredReply | undefined> {
    this.#state = "committing";
    this.#owner.enterDatabase();
    // A commit that is on its way is waited for, also past the deadline; but not for ever, where the network swallows it.
    const cut = this.#host.clock.schedule(this.#remainingMs() + resolveMs, () => void connection.close(true));
    try {
      const settled = await Promise.allSettled([...last, asCommand(commitText)].map((statement) => connection.joined(statement)));
      const failed = settled.find((outcome) => outcome.status === "rejected");
      if (failed !== undefined) {
        if (isReadOnly(failed.reason)) this.#host.movedOn(connection);
        if (isLost(failed.reason)) return await this.#resolveLost(failed.reason);
        // The server skipped the commit too.
        await connection.sendCommand(rollbackText).catch(() => void connection.close(true));
        throw this.#failure?.cause ?? databaseFault(failed.reason);
      }
      // After an error earlier in the transaction the server responds to a commit with the tag ROLLBACK, and pg calls that a success.
      const { command } = (settled.at(-1) as PromiseFulfilledResult<Answer>).value;
      if (command !== "COMMIT") throw this.#failure?.cause ?? rolledBack(command);
      for (const [at, { committed }] of last.entries()) committed?.((settled[at] as PromiseFulfilledResult<Answer>).value);
      return undefined;
    } finally {
      cut.cancel();
      this.#owner.databaseLeaves();
      this.#state = "ended";
      this.#host.release(connection);
    }
  }

  /** The response to a commit was lost: only the record under its key can tell whether it happened. */
  async #resolveLost(cause: unknown): Promise<StoredReply> {
    const { claim } = this.#options;
    if (claim === undefined) throw outcomeUnknown(cause, false);
    const now = this.#host.clock.monotonic();
    const until = Math.max(this.#owner.deadlineAt, now + resolveMs);
    const fate = await this.#host.fateOf(claim, until).catch(() => undefined);
    if (fate?.state === "replay") return fate.reply;
    // The key is free and holds no record, and the next claim of it finds none of ours: it did not happen.
    if (fate?.state === "claimed") throw commitLost(cause);
    throw outcomeUnknown(cause, true);
  }

  #remainingMs(): number {
    return Math.max(1, Math.ceil(this.#owner.deadlineAt - this.#host.clock.monotonic()));
  }

  #throwIfLate(): void {
    if (this.#owner.deadlineAt > this.#host.clock.monotonic()) return;
    throw new Fault({
      code: "deadline_exceeded",
      message: "The deadline passed before the commit. Nothing was changed; try again later.",
      retryAfterMs: 1_000,
    });
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
    const readOnly = isReadOnly(error);
    if (readOnly && this.#options.mode === "write") this.#host.movedOn(this.#connection);
    // A query that writes is a bug, also while the server accepts no writes.
    this.#failure ??= {
      cause: (readOnly && this.#options.mode === "read") || (error instanceof StatementError && error.isBug) ? error : databaseFault(error),
    };
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

import { type Clock, sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Statement } from "../../operation/transaction.ts";
import type { ClaimedTask, ClaimRequest, CompletedTask, Place, Settlement } from "../../tasks/ports/claim-store.ts";
import type { StartResult, TaskRow } from "../../tasks/ports/start-store.ts";
import type { TaskStore } from "../../tasks/ports/store.ts";
import type { HeartbeatResult, TaskListener, TaskNotification } from "../../tasks/ports/worker-store.ts";
import { type Answer, asCommand, type Connection } from "../connection.ts";
import { isLost } from "../faults.ts";
import { borrowed, type Lender } from "../lender.ts";
import { PostgresTaskAdmin } from "./admin.ts";
import { listenForTasks } from "./listener.ts";
import { Notifier } from "./notifier.ts";
import { claim, flush, insertion, insertionKeyed, insertionNow, insertionOne, insertionSoon, placesOf, settlement } from "./statements.ts";

/** What the store needs of the database that it belongs to. */
export interface TaskStoreHost extends Lender {
  readonly clock: Clock;
  /** For what needs a session; undefined before the start. */
  readonly sessionUrl: string | undefined;
}

/** How long a statement on tasks may take before its connection is cut. */
const statementMs = 10_000;

/** Keeps tasks in PostgreSQL. See the migration for how, and {@link TaskStore} for what is guaranteed. */
export class PostgresTaskStore implements TaskStore {
  readonly admin: PostgresTaskAdmin;
  readonly #host: TaskStoreHost;
  readonly #notifier: Notifier;

  constructor(host: TaskStoreHost) {
    this.#host = host;
    this.admin = new PostgresTaskAdmin((statement) => this.#ask(statement));
    this.#notifier = new Notifier(host.clock, (queues) => this.#ask(notification(queues)));
  }

  insertion = insertion;
  insertionOne = insertionOne;

  readResult({ id, state }: Readonly<Record<string, unknown>>): StartResult {
    return { id, state } as unknown as StartResult;
  }

  async insert(rows: readonly TaskRow[]): Promise<void> {
    const queues = this.#notifier.take(new Set(rows.map(({ queue }) => queue)));
    const [first] = rows;
    await this.#write(async (connection) => {
      if (queues.length === 0) return connection.send(insertionNow(rows));
      // No worker was notified in the last few milliseconds, so workers are idle: let them see the tasks while the commit is still being flushed.
      const isAlone = rows.length === 1 && first !== undefined;
      const written = connection.send(isAlone ? insertionSoon(first) : insertionNow(rows, true));
      const others = isAlone ? queues.filter((queue) => queue !== first.queue) : queues;
      if (others.length > 0) connection.sendAside(notification(others), () => undefined);
      const [answer] = await Promise.all([written, connection.send(flush)]);
      return answer;
    });
  }

  async insertOne(row: TaskRow): Promise<StartResult> {
    const [result] = await this.#insertByKey(insertionOne(row), row.unique !== undefined);
    // It was written by an attempt whose response was lost.
    return result?.state === "known" && result.id === row.id ? { id: row.id, state: "started" } : result!;
  }

  insertKeyed(rows: readonly TaskRow[]): Promise<readonly StartResult[]> {
    return this.#insertByKey(insertionKeyed(rows), true);
  }

  async #insertByKey(statement: Statement, isKeyed: boolean): Promise<readonly StartResult[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { rows } = await this.#write((connection) => connection.send(statement));
        return rows.map((row) => this.readResult(row));
      } catch (error) {
        // The key tells whether it happened.
        if (!isKeyed || !(isUnknown(error) || isConflict(error)) || attempt >= keyedAttempts) throw error;
        await sleep(this.#host.clock, keyedPauseMs * attempt);
      }
    }
  }

  completion(token: number, { partition, place, id }: Place, keep: boolean): Statement {
    const values = [token, partition, place, id, keep];
    return { text: "select plimsoll.complete_leased_task($1, $2, $3, $4, $5)", values, columnsAsIs: true };
  }

  async join(name: string, { names, queues }: Parameters<TaskStore["join"]>[1]): Promise<number> {
    const { rows } = await this.#ask({
      text: "select plimsoll.join_workers($1, $2, $3, $4) as token",
      values: [name, limits.taskLeaseMs, names, queues],
      columnsAsIs: true,
    });
    return Number(rows[0]?.token);
  }

  async beginSuspects(token: number, ids: readonly string[], alone: boolean): Promise<void> {
    await this.#ask({ text: "select plimsoll.begin_suspects($1, $2, $3)", values: [token, ids, alone], columnsAsIs: true });
  }

  async leave(token: number): Promise<void> {
    await this.#ask({ text: "select plimsoll.leave_workers($1)", values: [token], columnsAsIs: true });
  }

  async claim(token: number, request: ClaimRequest): Promise<readonly ClaimedTask[]> {
    const { rows } = await this.#ask(claim(token, request));
    const tasks = rows as unknown as ClaimedTask[];
    // They come by their place, which is most often their order already.
    if (tasks.some(({ rank }, at) => at > 0 && rank < tasks[at - 1]!.rank)) tasks.sort((one, other) => one.rank - other.rank);
    return tasks;
  }

  async settle(token: number, settled: Settlement): Promise<number> {
    const answers = await this.#borrow(async (connection) => {
      const isSameServer = (tasks: readonly CompletedTask[]) => tasks.every(({ claimedAt }) => claimedAt >= connection.sameBackendSince);
      const statements = settlement(token, settled, isSameServer);
      const [only] = statements;
      if (statements.length === 1 && only !== undefined) return [await connection.send(only)];
      connection.sendAside(asCommand("begin isolation level read committed"), () => undefined);
      const [end, ...rest] = (
        await Promise.all([...statements.map((statement) => connection.send(statement)), connection.sendCommand("commit")])
      ).reverse();
      if (end?.command !== "COMMIT")
        throw new Fault({
          code: "internal",
          type: "settlement_rolled_back",
          message: `The server responded to the outcomes of tasks with ${end?.command}, so none of them was stored. No action is needed: workers run the tasks again when the leases end.`,
        });
      return rest;
    });
    return answers.reduce((sum, { rows }) => sum + Number(rows[0]?.kept ?? 0), 0);
  }

  async held(token: number, tasks: readonly Place[]): Promise<ReadonlySet<string>> {
    const { rows } = await this.#ask({
      text: "select plimsoll.held_tasks($1, $2, $3, $4) as ids",
      values: [token, ...placesOf(tasks)],
      columnsAsIs: true,
    });
    return new Set(rows[0]?.ids as string[]);
  }

  async reconcile(token: number, queue: string, known: readonly string[]): Promise<void> {
    await this.#ask({ text: "select plimsoll.reconcile_tasks($1, $2, $3)", values: [token, queue, known], columnsAsIs: true });
  }

  async release(token: number, tasks: readonly Place[]): Promise<void> {
    if (tasks.length === 0) return;
    await this.#ask({
      text: "select plimsoll.release_leased_tasks($1, $2, $3, $4)",
      values: [token, ...placesOf(tasks)],
      columnsAsIs: true,
    });
  }

  async heartbeat(token: number, renew: boolean, queues: readonly string[]): Promise<HeartbeatResult> {
    const { rows } = await this.#ask({
      text: "select * from plimsoll.worker_heartbeat($1, $2, $3, $4, $5, $6, $7)",
      values: [token, limits.taskLeaseMs, renew, queues, limits.taskRescues, limits.taskBatch, limits.taskPartitionBytes],
      columnsAsIs: true,
    });
    const { alive, rescued, promoted, waiting, next_due_ms: nextDueMs } = rows[0] as Record<string, unknown>;
    return { alive, rescued, promoted, waiting, nextDueMs: nextDueMs ?? undefined } as HeartbeatResult;
  }

  listen(onNotification: (notification: TaskNotification) => void, lost: () => void): Promise<TaskListener> {
    const channel = `plimsoll_${this.#host.clock.uuid().replaceAll("-", "")}`;
    return listenForTasks(this.#host.sessionUrl ?? "", { onNotification, lost, channel });
  }

  async announce(token: number, channel: string, queues: readonly string[]): Promise<void> {
    await this.#ask({ text: "select plimsoll.announce_worker($1, $2, $3)", values: [token, channel, queues], columnsAsIs: true });
  }

  notifyQueues(queues: readonly string[]): void {
    this.#notifier.notify(queues);
  }

  #ask(statement: Statement): Promise<Answer> {
    return this.#borrow((connection) => connection.send(statement));
  }

  /** Where the response to a write is lost, it is not known whether it happened. */
  #write(work: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    return this.#borrow((connection) =>
      work(connection).catch((error) => {
        throw isLost(error) ? outcomeUnknown(error) : error;
      }),
    );
  }

  #borrow<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return borrowed(this.#host, statementMs, work);
  }
}

const keyedAttempts = 4;
const keyedPauseMs = 100;

const outcomeUnknown = (cause: unknown): Fault =>
  new Fault({
    code: "unavailable",
    type: "commit_outcome_unknown",
    message:
      "The connection was lost while a task was being started, so it is not known whether the task exists. Start it again, with a key, so that no second task starts.",
    retryAfterMs: 1_000,
    cause,
  });

function isUnknown(error: unknown): boolean {
  return error instanceof Fault && error.type === "commit_outcome_unknown";
}

function isConflict(error: unknown): boolean {
  return error instanceof Fault && error.code === "aborted" && error.type === "conflict";
}

const notification = (queues: readonly string[]): Statement => ({
  text: "select pg_notify('plimsoll_tasks', q) from unnest($1::text[]) as q",
  values: [queues],
  columnsAsIs: true,
});

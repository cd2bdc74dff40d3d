import { type Clock, sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Statement } from "../../operation/transaction.ts";
import type {
  ClaimedTask,
  ClaimRequest,
  Ear,
  Place,
  Settlement,
  StartResult,
  TaskNews,
  TaskRow,
  TaskStore,
  Tick,
} from "../../tasks/store.ts";
import { type Answer, asCommand, type Connection } from "../connection.ts";
import { databaseFault, isLost } from "../errors.ts";
import { PostgresTaskAdmin } from "./admin.ts";
import { listenForTasks } from "./listener.ts";
import { PostgresLockStore } from "./lock-store.ts";
import { Notifier } from "./notifier.ts";
import { PostgresScheduleStore } from "./schedule-store.ts";
import { claim, flush, insertion, insertionNow, insertionOne, insertionSoon, placesOf, settlement } from "./statements.ts";

/** What the store needs of the database that it belongs to. */
export interface TaskStoreHost {
  readonly clock: Clock;
  /** For what needs a session; undefined before the start. */
  readonly sessionUrl: string | undefined;
  /** Uses a connection for a bounded time. */
  borrow<T>(withinMs: number, work: (connection: Connection) => Promise<T>): Promise<T>;
}

/** How long a statement on tasks may take before its connection is cut. */
const statementMs = 10_000;

/** Keeps tasks in Postgres. See the migration for how, and {@link TaskStore} for what is guaranteed. */
export class PostgresTaskStore implements TaskStore {
  readonly admin: PostgresTaskAdmin;
  readonly schedules: PostgresScheduleStore;
  readonly locks: PostgresLockStore;
  readonly #host: TaskStoreHost;
  readonly #notifier: Notifier;

  constructor(host: TaskStoreHost) {
    this.#host = host;
    this.admin = new PostgresTaskAdmin((statement) => this.#ask(statement));
    this.locks = new PostgresLockStore((statement) => this.#ask(statement));
    this.schedules = new PostgresScheduleStore(host);
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
      // Nobody was told for a moment, so workers have time: they see the tasks, and are told of them, while these are being flushed.
      const isAlone = rows.length === 1 && first !== undefined;
      const written = connection.send(isAlone ? insertionSoon(first) : insertionNow(rows, true));
      const others = isAlone ? queues.filter((queue) => queue !== first.queue) : queues;
      if (others.length > 0) connection.sendAside(notification(others), () => undefined);
      const [answer] = await Promise.all([written, connection.send(flush)]);
      return answer;
    });
  }

  async insertOne(row: TaskRow): Promise<StartResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { rows } = await this.#write((connection) => connection.send(insertionOne(row)));
        const result = this.readResult(rows[0] ?? {});
        // It was written by an attempt whose answer was lost.
        return result.state === "known" && result.id === row.id ? { id: row.id, state: "started" } : result;
      } catch (error) {
        // The key tells whether it happened.
        if (row.unique === undefined || !isUnknown(error) || attempt >= keyedAttempts) throw error;
        await sleep(this.#host.clock, keyedPauseMs * attempt);
      }
    }
  }

  completion(token: number, { slot, place }: Place, keep: boolean): Statement {
    return { text: "select plimsoll.complete_task($1, $2, $3, $4)", values: [token, slot, place, keep], columnsAsIs: true };
  }

  async join(name: string): Promise<number> {
    const { rows } = await this.#ask({
      text: "select plimsoll.join_workers($1, $2) as token",
      values: [name, limits.taskLeaseMs],
      columnsAsIs: true,
    });
    return Number(rows[0]?.token);
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
    const statements = settlement(token, settled);
    const answers = await this.#borrow(async (connection) => {
      const [only] = statements;
      if (statements.length === 1 && only !== undefined) return [await connection.send(only)];
      connection.sendAside(asCommand("begin"), () => undefined);
      const [end, ...rest] = (
        await Promise.all([...statements.map((statement) => connection.send(statement)), connection.sendCommand("commit")])
      ).reverse();
      if (end?.command !== "COMMIT")
        throw new Fault({
          code: "internal",
          type: "settlement_rolled_back",
          message: `The server answered the settlement of tasks with ${end?.command}.`,
        });
      return rest;
    });
    return answers.reduce((sum, { rows }) => sum + Number(rows[0]?.kept ?? 0), 0);
  }

  async held(token: number, tasks: readonly Place[]): Promise<ReadonlySet<string>> {
    const { rows } = await this.#ask({
      text: "select plimsoll.held_tasks($1, $2, $3, $4) as ids",
      values: [token, ...placesOf(tasks), tasks.map(({ id }) => id)],
      columnsAsIs: true,
    });
    return new Set(rows[0]?.ids as string[]);
  }

  async reclaim(token: number, queue: string, known: readonly string[]): Promise<void> {
    await this.#ask({ text: "select plimsoll.reclaim_tasks($1, $2, $3)", values: [token, queue, known], columnsAsIs: true });
  }

  async giveBack(token: number, tasks: readonly Place[]): Promise<void> {
    if (tasks.length === 0) return;
    await this.#ask({ text: "select plimsoll.give_back_tasks($1, $2, $3)", values: [token, ...placesOf(tasks)], columnsAsIs: true });
  }

  async tick(token: number, renew: boolean, queues: readonly string[]): Promise<Tick> {
    const { rows } = await this.#ask({
      text: "select * from plimsoll.tick_worker($1, $2, $3, $4, $5, $6, $7)",
      values: [token, limits.taskLeaseMs, renew, queues, limits.taskRescues, limits.taskBatch, limits.taskSlotBytes],
      columnsAsIs: true,
    });
    const { alive, rescued, promoted, waiting, next_due_ms: nextDueMs } = rows[0] as Record<string, unknown>;
    return { alive, rescued, promoted, waiting, nextDueMs: nextDueMs ?? undefined } as Tick;
  }

  listen(heard: (news: TaskNews) => void, lost: () => void): Promise<Ear> {
    const channel = `plimsoll_${this.#host.clock.uuid().replaceAll("-", "")}`;
    return listenForTasks(this.#host.sessionUrl ?? "", { heard, lost, channel });
  }

  async announce(token: number, channel: string, queues: readonly string[]): Promise<void> {
    await this.#ask({ text: "select plimsoll.announce_worker($1, $2, $3)", values: [token, channel, queues], columnsAsIs: true });
  }

  tell(queues: readonly string[]): void {
    this.#notifier.tell(queues);
  }

  #ask(statement: Statement): Promise<Answer> {
    return this.#borrow((connection) => connection.send(statement));
  }

  /** Where the answer to a write is lost, nobody knows whether it happened. */
  #write(work: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    return this.#borrow((connection) =>
      work(connection).catch((error) => {
        throw isLost(error) ? outcomeUnknown(error) : error;
      }),
    );
  }

  async #borrow<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await this.#host.borrow(statementMs, work);
    } catch (error) {
      throw databaseFault(error);
    }
  }
}

const keyedAttempts = 4;
const keyedPauseMs = 100;

const outcomeUnknown = (cause: unknown): Fault =>
  new Fault({
    code: "unavailable",
    type: "commit_outcome_unknown",
    message:
      "The connection was lost while a task was started, so it is not known whether it was. Start it with a key, and start it again.",
    retryAfterMs: 1_000,
    cause,
  });

function isUnknown(error: unknown): boolean {
  return error instanceof Fault && error.type === "commit_outcome_unknown";
}

const notification = (queues: readonly string[]): Statement => ({
  text: "select pg_notify('plimsoll_tasks', q) from unnest($1::text[]) as q",
  values: [queues],
  columnsAsIs: true,
});

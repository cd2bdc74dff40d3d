import assert from "node:assert";
import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type { StartContext, Started, StartOptions, Task, TaskStarts } from "../operation/durable/task.ts";
import type { Transaction } from "../operation/transaction.ts";
import type { TaskDefinition } from "./definition.ts";
import { taskRow } from "./row.ts";
import { dueSoon, type StartResult, type TaskRow, type TaskStore } from "./store.ts";

interface Waiting {
  readonly row: TaskRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Two: while one is being made durable, the next is on its way. */
const flights = 2;

/**
 * Starts tasks. In a transaction the rows ride its final flight. Outside one, those who start at the same time share durable writes.
 * *Bounds*: `limits.taskStartQueue` starts wait, `limits.taskBatch` share a write. *Guarantees*: a start that resolved is durable; a write that fails is
 * split until the row that cannot be written stands alone.
 * *Faults thrown*: `unavailable` where too many wait; `aborted` of type `task_key_mismatch`.
 */
export class TaskStarter implements TaskStarts {
  readonly #store: TaskStore;
  readonly #clock: Clock;
  readonly #definitions: ReadonlyMap<string, TaskDefinition>;
  readonly #wakeOwn: (queues: ReadonlySet<string>) => void;
  readonly #buffers = new WeakMap<Transaction, TaskRow[]>();
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(options: {
    readonly store: TaskStore;
    readonly clock: Clock;
    readonly definitions: ReadonlyMap<string, TaskDefinition>;
    /** Wakes the worker of this process. */
    readonly wakeOwn: (queues: ReadonlySet<string>) => void;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#definitions = options.definitions;
    this.#wakeOwn = options.wakeOwn;
  }

  async start(
    from: StartContext,
    task: Task,
    { input, options }: { readonly input: unknown; readonly options: StartOptions },
  ): Promise<Started> {
    const row = taskRow(this.definitionOf(task), { id: this.#clock.uuid(), from, input, options });
    const { transaction } = from;
    if (transaction === undefined) return this.startRow(row);
    for (const news of newsOf(row, this.#clock)) from.wakes.add(news);
    if (isPlain(row)) {
      this.#bufferOf(transaction).push(row);
      return { id: row.id, started: true };
    }
    const { rows } = await transaction.run(this.#store.insertionOne(row));
    return started(row, this.#store.readResult(rows[0] ?? {}));
  }

  /** Resolves when the task is durable. */
  async startRow(row: TaskRow): Promise<Started> {
    if (!isPlain(row)) {
      const result = started(row, await this.#store.insertOne(row));
      if (result.started) this.#wake(new Set(newsOf(row, this.#clock)));
      return result;
    }
    await this.#write(row);
    return { id: row.id, started: true };
  }

  /** Starts many at once, in as few writes as there are batches. */
  async startMany(rows: readonly TaskRow[]): Promise<void> {
    let at = 0;
    const write = async () => {
      while (at < rows.length) {
        const batch = rows.slice(at, at + limits.taskBatch);
        at += batch.length;
        await this.#store.insert(batch);
        this.#wakeOwn(new Set(batch.map(({ queue }) => queue)));
      }
    };
    await Promise.all(Array.from({ length: flights }, write));
  }

  committed(queues: ReadonlySet<string>): void {
    this.#wake(queues);
  }

  #wake(queues: ReadonlySet<string>): void {
    this.#wakeOwn(queues);
    this.#store.tell([...queues]);
  }

  definitionOf(task: { readonly name: string }): TaskDefinition {
    const definition = this.#definitions.get(task.name);
    assert(definition !== undefined, `No module of this app lists the task ${task.name}. Add its contract to a module.`);
    return definition;
  }

  /** The rows that a transaction writes with its final flight, in one statement. */
  #bufferOf(transaction: Transaction): TaskRow[] {
    let rows = this.#buffers.get(transaction);
    if (rows === undefined) {
      rows = [];
      this.#buffers.set(transaction, rows);
      transaction.defer(this.#store.insertion(rows));
    }
    return rows;
  }

  #write(row: TaskRow): Promise<void> {
    if (this.#waiting.length >= limits.taskStartQueue) throw tooMany(this.#waiting.length);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, resolve, reject });
      if (this.#scheduled || this.#inFlight >= flights) return;
      this.#scheduled = true;
      // Whoever starts in the same turn comes along.
      setImmediate(() => {
        this.#scheduled = false;
        this.#flush();
      });
    });
  }

  #flush(): void {
    if (this.#waiting.length === 0 || this.#inFlight >= flights) return;
    const batch = this.#waiting.splice(0, limits.taskBatch);
    this.#inFlight++;
    void this.#send(batch).finally(() => {
      this.#inFlight--;
      this.#flush();
    });
  }

  /** A batch that the database refuses is halved, until the row that cannot be written stands alone. */
  async #send(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#store.insert(batch.map(({ row }) => row));
    } catch (error) {
      if (batch.length === 1 || isOutOfReach(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const middle = batch.length >> 1;
      await this.#send(batch.slice(0, middle));
      await this.#send(batch.slice(middle));
      return;
    }
    for (const { resolve } of batch) resolve();
    this.#wakeOwn(new Set(batch.map(({ row }) => row.queue)));
  }
}

/** Whom to tell: those who serve its queue, and where it is due before they would look again, those who look after time. */
function newsOf({ queue, delayMs, at }: TaskRow, clock: Clock): readonly string[] {
  const waitMs = delayMs ?? (at === undefined ? 0 : at - clock.now());
  return waitMs > 0 && waitMs < limits.taskTickMs ? [queue, dueSoon] : [queue];
}

/** Due now and without a key: nothing has to be asked before it is written. */
function isPlain({ unique, delayMs, at }: TaskRow): boolean {
  return unique === undefined && delayMs === undefined && at === undefined;
}

function isOutOfReach(error: unknown): boolean {
  return error instanceof Fault && error.code === "unavailable";
}

function started({ name }: TaskRow, { id, state }: StartResult): Started {
  if (state === "mismatch")
    throw new Fault({
      code: "failed_precondition",
      type: "task_key_mismatch",
      message: `A start of ${name} with this key had another input. Use a new key for new work.`,
      status: 422,
    });
  return { id, started: state === "started" };
}

const tooMany = (load: number): Fault =>
  new Fault({
    code: "unavailable",
    type: "task_starts_waiting",
    message: `${load} starts of tasks wait to be written, and no more may. Try again in a moment.`,
    details: { limit: "task start queue", value: limits.taskStartQueue, load },
    retryAfterMs: 1_000,
  });

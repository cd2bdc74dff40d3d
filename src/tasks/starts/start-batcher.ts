import { Gather } from "../../core/batch/gather.ts";
import { type SendApart, sendApart } from "../../core/batch/send-apart.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { StartStore, TaskRow } from "../ports/start-store.ts";

interface Waiting {
  readonly row: TaskRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Two: while one is being made durable, the next is on its way. */
export const flights = 2;

/**
 * Writes tasks that are started outside a transaction: those that start at the same time share durable writes.
 * *Bounds*: `limits.taskStartQueue` starts wait, `limits.taskBatch` share a write. *Guarantees*: a write that fails is split until the row that cannot be
 * written stands alone. *Faults thrown*: `unavailable` where too many wait.
 */
export class StartBatcher {
  readonly #store: Pick<StartStore, "insert">;
  readonly #written: (queues: ReadonlySet<string>) => void;
  readonly #gather = new Gather(flights, () => this.#sendNext());
  readonly #apart: SendApart<Waiting>;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;

  /** `written` is called with the queues of each write. */
  constructor(store: Pick<StartStore, "insert">, written: (queues: ReadonlySet<string>) => void) {
    this.#store = store;
    this.#written = written;
    this.#apart = {
      send: (batch) => this.#send(batch),
      refused: (batch, error) => {
        for (const { reject } of batch) reject(error);
      },
      isOfAll: (error) => error instanceof Fault && error.code === "unavailable",
    };
  }

  /** Resolves when the task is durable. */
  write(row: TaskRow): Promise<void> {
    if (this.#waiting.length >= limits.taskStartQueue) throw tooMany("task start queue", limits.taskStartQueue, this.#waiting.length);
    if (this.#waitingBytes + row.input.length > limits.taskStartQueueBytes)
      throw tooMany("task start queue bytes", limits.taskStartQueueBytes, this.#waitingBytes);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, resolve, reject });
      this.#waitingBytes += row.input.length;
      this.#gather.ask();
    });
  }

  #sendNext(): Promise<void> | undefined {
    if (this.#waiting.length === 0) return undefined;
    let count = 0;
    for (let bytes = 0; count < Math.min(limits.taskBatch, this.#waiting.length); count++) {
      bytes += this.#waiting[count]!.row.input.length;
      if (count > 0 && bytes > limits.taskBatchBytes) break;
      this.#waitingBytes -= this.#waiting[count]!.row.input.length;
    }
    const batch = this.#waiting.splice(0, count);
    return this.#send(batch).catch((error: unknown) => sendApart(batch, error, this.#apart));
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    await this.#store.insert(batch.map(({ row }) => row));
    for (const { resolve } of batch) resolve();
    this.#written(new Set(batch.map(({ row }) => row.queue)));
  }
}

const tooMany = (limit: string, value: number, load: number): Fault =>
  new Fault({
    code: "unavailable",
    type: "task_starts_waiting",
    message: `Too many starts of tasks wait to be written: ${limit} is ${value}, and ${load} wait. Try again in a moment.`,
    details: { limit, value, load },
    retryAfterMs: 1_000,
  });

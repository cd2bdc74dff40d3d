import type { LoadLine } from "../../core/load-line/load-line.ts";
import type { Place } from "../ports/claim-store.ts";
import type { QueueSpec } from "../spec.ts";
import type { HeldTask } from "./held-task.ts";
import { QueueWorker, type QueueWorkerOptions } from "./queue-worker.ts";

/** All queues that one worker serves: those of the tasks that it knows, and those that are named for it. */
export class ServedQueues {
  readonly #queues: ReadonlyMap<string, QueueWorker>;
  readonly #options: Omit<QueueWorkerOptions, "queue" | "spec">;

  constructor(specs: Readonly<Record<string, QueueSpec>>, options: Omit<QueueWorkerOptions, "queue" | "spec">) {
    this.#options = options;
    const names = new Set([...[...options.definitions.values()].map(({ queue }) => queue), ...Object.keys(specs)]);
    this.#queues = new Map([...names].map((queue) => [queue, new QueueWorker({ ...options, queue, spec: specs[queue] ?? {} })]));
  }

  get names(): readonly string[] {
    return [...this.#queues.keys()];
  }

  get lines(): readonly LoadLine[] {
    return [...this.#queues.values()].map(({ line }) => line);
  }

  /** Those that would begin at once what is handed over to them. */
  get idle(): readonly string[] {
    return [...this.#queues.values()].flatMap(({ isIdle, queue }) => (isIdle ? [queue] : []));
  }

  get(queue: string): QueueWorker | undefined {
    return this.#queues.get(queue);
  }

  /** Keeps a task from being begun, whichever queue has it. */
  cancel(id: string): void {
    for (const queue of this.#queues.values()) queue.cancel(id);
  }

  wake(names: Iterable<string>): void {
    for (const name of names) this.#queues.get(name)?.wake();
  }

  reconcile(): void {
    for (const queue of this.#queues.values()) queue.reconcile();
  }

  /** Claims nothing more; returns what was claimed and not begun. */
  close(): readonly HeldTask[] {
    return [...this.#queues.values()].flatMap((queue) => queue.close());
  }

  /** Forgets what was claimed and not begun, and returns it. */
  withdraw(): readonly HeldTask[] {
    return [...this.#queues.values()].flatMap((queue) => queue.withdraw());
  }

  /** Gives tasks back to the store. Where that fails they are looked for, as those of a claim whose reply was lost. */
  async release(tasks: readonly Place[]): Promise<void> {
    const { store, token } = this.#options;
    const lease = token();
    if (lease === undefined || tasks.length === 0) return;
    await store.release(lease, tasks).catch(() => this.reconcile());
  }

  /** The lease is lost: other workers have all of it. */
  abandon(): void {
    for (const queue of this.#queues.values()) queue.abandon();
  }
}

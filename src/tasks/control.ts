import { type Clock, sleep } from "../core/clock.ts";
import { type Duration, toMs } from "../core/duration.ts";
import type { DeadLetter, PartitionsHeld, QueueStats, TaskState, Unserved } from "./ports/admin-store.ts";
import type { TaskStore } from "./ports/store.ts";

const statsBound = 100_000;
const drainLookMs = 50;

/** Shows and controls the tasks of an app. */
export class TaskControl {
  readonly #store: Pick<TaskStore, "admin" | "notifyQueues">;
  readonly #clock: Clock;
  /** The queues of all tasks that this app knows. */
  readonly queues: readonly string[];

  constructor(options: {
    readonly store: Pick<TaskStore, "admin" | "notifyQueues">;
    readonly clock: Clock;
    readonly queues: readonly string[];
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.queues = options.queues;
  }

  /** Returns how many tasks wait, run and have failed, by queue. *Default*: the queues of this app, and all queues with tasks. *Bounds*: counts end at 100,000. */
  async stats(queues?: readonly string[]): Promise<readonly QueueStats[]> {
    const listed = queues ?? (await this.listQueues()).map(({ queue }) => queue);
    return this.#store.admin.stats(listed, statsBound);
  }

  /** Returns the queues of this app, and all queues with tasks; `served`: whether a worker of any process serves it. */
  listQueues(): Promise<readonly { readonly queue: string; readonly served: boolean }[]> {
    return this.#store.admin.queues(this.queues, statsBound);
  }

  /** Returns waiting tasks that no worker takes, because none serves their queue or none declares them. *Bounds*: a hundred names. */
  unserved(): Promise<readonly Unserved[]> {
    return this.#store.admin.unserved();
  }

  /** Returns the sessions that prevent emptied partitions of the task table from being truncated, as a backup does; undefined if there are none. */
  partitionsHeld(): Promise<PartitionsHeld | undefined> {
    return this.#store.admin.partitionsHeld();
  }

  /** Returns dead letters, the latest first. */
  deadLetters({ name, limit = 100 }: { readonly name?: string; readonly limit?: number } = {}): Promise<readonly DeadLetter[]> {
    return this.#store.admin.deadLetters(name, Math.min(limit, 1_000));
  }

  /**
   * Requeues dead letters: one by its id, those of one task, or all; returns their number. *Default*: at most 1,000.
   * *Guarantees*: a dead letter whose key another task has by now is not requeued, so that two tasks with the same key never run.
   */
  async requeue({
    id,
    name,
    limit = 1_000,
  }: {
    readonly id?: string;
    readonly name?: string;
    readonly limit?: number;
  } = {}): Promise<number> {
    const requeued = await this.#store.admin.requeue({ id, name, limit });
    this.#store.notifyQueues(this.queues);
    return requeued;
  }

  /** Pauses a queue: no process begins further tasks of it. */
  pause(queue: string): Promise<void> {
    return this.#store.admin.pause(queue, true);
  }

  /**
   * Pauses a queue, and waits until none of its tasks runs in any process; returns false if that takes longer than `within`. The queue stays paused.
   * *Default*: 30 s. *Guarantees*: the tasks of a lost worker count as running until another worker may take them.
   */
  async drain(queue: string, { within = "30s" }: { readonly within?: Duration } = {}): Promise<boolean> {
    const clock = this.#clock;
    const until = clock.monotonic() + toMs(within);
    await this.pause(queue);
    for (;;) {
      const [stats] = await this.stats([queue]);
      if (stats?.running === 0) return true;
      if (clock.monotonic() + drainLookMs > until) return false;
      await sleep(clock, drainLookMs);
    }
  }

  async resume(queue: string): Promise<void> {
    await this.#store.admin.pause(queue, false);
    this.#store.notifyQueues([queue]);
  }

  /** Cancels a task that has not begun, and releases its key. If the task runs (`running`), aborts its signal; its key is released when it has ended. */
  cancel(id: string): Promise<"cancelled" | "running" | "unknown"> {
    return this.#store.admin.cancel(id);
  }

  state(id: string): Promise<TaskState> {
    return this.#store.admin.state(id);
  }
}

import { type Clock, sleep } from "../core/clock.ts";
import { type Duration, toMs } from "../core/duration.ts";
import type { DeadLetter, PartitionsHeld, QueueStats, TaskState, Unserved } from "./ports/admin-store.ts";
import type { TaskStore } from "./ports/store.ts";

const statsBound = 100_000;
const drainLookMs = 50;

/** What people ask about the tasks of an app, and what they do to them. */
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

  /** What waits, runs and failed, by queue. *Default*: the queues of this app, and those in which something lies. *Bounds*: counts end at 100,000. */
  async stats(queues?: readonly string[]): Promise<readonly QueueStats[]> {
    const listed = queues ?? (await this.listQueues()).map(({ queue }) => queue);
    return this.#store.admin.stats(listed, statsBound);
  }

  /** The queues of this app, and those in which something lies; `served`: whether a worker of the fleet takes from it. */
  listQueues(): Promise<readonly { readonly queue: string; readonly served: boolean }[]> {
    return this.#store.admin.queues(this.queues, statsBound);
  }

  /** What waits and no worker of the fleet takes, because none serves its queue or none knows its name. *Bounds*: a hundred names. */
  unserved(): Promise<readonly Unserved[]> {
    return this.#store.admin.unserved();
  }

  /** Sessions that keep emptied partitions of the task table from being truncated, as a backup does; undefined where none does. */
  partitionsHeld(): Promise<PartitionsHeld | undefined> {
    return this.#store.admin.partitionsHeld();
  }

  /** Dead letters, the last ones first. */
  deadLetters({ name, limit = 100 }: { readonly name?: string; readonly limit?: number } = {}): Promise<readonly DeadLetter[]> {
    return this.#store.admin.deadLetters(name, Math.min(limit, 1_000));
  }

  /**
   * Requeues dead letters: one by its id, those of one task, or all; returns how many. *Default*: at most 1,000.
   * *Guarantees*: one whose released key another task has by now stays a dead letter, so that no two with one key run.
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

  /** Nothing more of a queue is begun, in the whole fleet. */
  pause(queue: string): Promise<void> {
    return this.#store.admin.pause(queue, true);
  }

  /**
   * Pauses a queue, and waits until none of it runs any more, in the whole fleet: false where that takes longer than `within`. It stays paused.
   * *Default*: 30 s. *Guarantees*: the tasks of a lost worker count until others may take them.
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

  /** Cancels what has not begun and releases its key; aborts the signal of what runs (`running`), whose key is released once it has ended. */
  cancel(id: string): Promise<"cancelled" | "running" | "unknown"> {
    return this.#store.admin.cancel(id);
  }

  state(id: string): Promise<TaskState> {
    return this.#store.admin.state(id);
  }
}

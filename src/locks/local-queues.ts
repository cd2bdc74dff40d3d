import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import { BoundedQueue, type QueuedWaiter } from "../core/queue/bounded-queue.ts";
import { enter } from "../core/queue/enter.ts";
import { FixedLimit } from "../core/queue/limit.ts";
import { InOrder } from "../core/queue/turns.ts";

/** The callers of one process that want a lock: one asks the store at a time, in order, so that many that wait ask no more often than one. */
export class LocalQueues {
  readonly #clock: Clock;
  /** By the lock's name; a lock that no caller asks for has none. */
  readonly #queues = new Map<string, BoundedQueue<QueuedWaiter>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with what passes the turn on; with undefined where the queue is full, or the turn did not come in time. */
  async take(name: string, waitMs: number, stopping: AbortSignal): Promise<(() => void) | undefined> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new BoundedQueue({ limit: new FixedLimit(1), queue: limits.lockQueue, turns: new InOrder() });
      this.#queues.set(name, queue);
    }
    const entry = await enter(queue, { waitMs, clock: this.#clock, signal: stopping });
    return entry === undefined || entry === "entered" ? this.#turn(name, queue) : undefined;
  }

  /** A turn is passed on once, however often that is asked for. */
  #turn(name: string, queue: BoundedQueue<QueuedWaiter>): () => void {
    let passed = false;
    return () => {
      if (passed) return;
      passed = true;
      queue.leave();
      if (queue.running === 0) this.#queues.delete(name);
    };
  }
}

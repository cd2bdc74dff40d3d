import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import { LoadLine } from "../core/load-line/load-line.ts";
import { BoundedQueue, type QueuedWaiter } from "../core/queue/bounded-queue.ts";
import { enter } from "../core/queue/enter.ts";
import { FixedLimit } from "../core/queue/limit.ts";
import { InOrder } from "../core/queue/turns.ts";

/** The callers of one process that want a lock: one asks the store at a time, in order, so that many that wait ask no more often than one. */
export class LocalQueues {
  /** Of all locks: what is in use is the longest queue, and admitted are those who got their turn. */
  readonly line: LoadLine = new LoadLine({
    ...{ name: "callers waiting per lock", unit: "callers of one lock", declared: limits.lockQueue, now: () => this.#longest() },
    fixed: "A caller above it gets the fault lock_held, like one whose wait is over. Change limits.lockQueue.",
  });
  readonly #full = this.line.reason("full");
  readonly #late = this.line.reason("late");
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
      queue = new BoundedQueue({ limit: new FixedLimit(1), queue: limits.lockQueue, turns: new InOrder(), line: this.line });
      this.#queues.set(name, queue);
    }
    const waiting = enter(queue, { waitMs, clock: this.#clock, signal: stopping });
    this.line.highWater = Math.max(this.line.highWater, queue.waiting);
    const entry = await waiting;
    if (entry === "full") this.line.refuses(this.#full);
    else if (entry === "late") this.line.refuses(this.#late);
    return entry === undefined || entry === "entered" ? this.#turn(name, queue) : undefined;
  }

  #longest(): number {
    let longest = 0;
    for (const { waiting } of this.#queues.values()) longest = Math.max(longest, waiting);
    return longest;
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

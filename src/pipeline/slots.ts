import type { LimitMode } from "../core/load-line/load-line.ts";
import { AdaptiveLimit } from "../core/queue/learnt/adaptive-limit.ts";
import { LimitedQueue, type LimitedWaiter } from "../core/queue/limited-queue.ts";
import type { Refusal } from "../operation/execution.ts";

/** Who waits for a slot. */
export interface Waiter extends LimitedWaiter {
  /** It waits no longer, for this reason; called once and never after `granted`, maybe inside another's call of {@link Slots.wait} or `leave`. */
  displaced(refusal: Refusal): void;
}

/** The size of a semaphore and of its queue, and the mode at the start. */
export interface SlotsOptions {
  /** What the names of its limits begin with: `orders.place` for `orders.place concurrency` and `orders.place queue`. */
  readonly name: string;
  readonly concurrency: number;
  readonly queue: number;
  readonly mode: LimitMode;
  /** Whether fewer may run where more only wait for each other. *Default*: as many as `concurrency` says. */
  readonly learns?: boolean;
  /** By it a wait is long or short. *Default*: no wait is too long. *Units*: milliseconds. */
  readonly deadlineMs?: number;
}

/** Below it there is nothing to learn. */
const leastLearnt = 5;
/**
 * What runs at once of an operation or of the process, with a bounded queue in front, in which the most important come first and tenants take turns.
 *
 * A queue that stands (none waited for less than a tenth of the deadline) lets the newest of each caller in first, and refuses those who have waited for a
 * fifth. Who can no longer finish within its deadline, as long as executions usually take, is refused before it begins.
 * *Guarantees*: with the mode `enforce`, never more than the limit begin while as many hold a slot, never more than `queue` wait; a caller that was granted
 * one must leave once. With `measure` and `off` no caller waits and none is refused.
 */
export class Slots extends LimitedQueue<Waiter> {
  readonly options: SlotsOptions;

  constructor({ learns = false, ...options }: SlotsOptions) {
    const { concurrency } = options;
    super({ ...options, ...(learns && concurrency >= leastLearnt && { limit: new AdaptiveLimit({ ceiling: concurrency }) }) });
    this.options = options;
  }

  /** Takes a place in the queue, or says why there is none. */
  wait(waiter: Waiter): Refusal | undefined {
    return this.ask(waiter) === undefined ? undefined : this.#refusal();
  }

  protected override dropped(waiter: Waiter): void {
    waiter.displaced(this.#refusal());
  }

  #refusal(): Refusal {
    const { name, queue } = this.options;
    // With a queue of 0, the limit that is reached is that of the slots.
    if (queue === 0) return { limit: `${name} concurrency`, value: this.most, load: this.running, mode: "enforce" };
    return { limit: `${name} queue`, value: this.room, load: this.waiting, mode: "enforce" };
  }
}

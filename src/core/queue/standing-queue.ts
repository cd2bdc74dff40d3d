/** What {@link StandingQueue} judges by. *Units*: milliseconds. */
export interface StandingQueueOptions {
  /** The wait that a good queue has at times less than. */
  readonly targetMs: number;
  readonly intervalMs: number;
}

/**
 * Whether a queue only makes all of its waiters wait: in a whole interval none waited for less than the target. A burst drains, and some wait for next to nothing.
 * *Source*: CoDel, RFC 8289 section 3.
 */
export class StandingQueue {
  isStanding = false;
  readonly targetMs: number;
  readonly #intervalMs: number;
  #endsAt = Number.NEGATIVE_INFINITY;
  #leastMs = Number.POSITIVE_INFINITY;

  constructor({ targetMs, intervalMs }: StandingQueueOptions) {
    this.targetMs = targetMs;
    this.#intervalMs = intervalMs;
  }

  /** One leaves the queue, in which the first to come has waited for so long. */
  look(waitedMs: number, now: number): void {
    if (waitedMs < this.#leastMs) this.#leastMs = waitedMs;
    if (waitedMs < this.targetMs) this.isStanding = false;
    if (now < this.#endsAt) return;
    // The first after a pause begins an interval, and decides nothing.
    if (now - this.#endsAt < this.#intervalMs) this.isStanding = this.#leastMs >= this.targetMs;
    this.#endsAt = now + this.#intervalMs;
    this.#leastMs = Number.POSITIVE_INFINITY;
  }

  /** There was no queue. */
  isEmpty(): void {
    this.isStanding = false;
    this.#endsAt = Number.NEGATIVE_INFINITY;
    this.#leastMs = Number.POSITIVE_INFINITY;
  }
}

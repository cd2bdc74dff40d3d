/**
 * The rate of what a client sends that asks for no work, of one connection.
 * *Source*: GCRA, ITU-T I.371.
 */
export class ControlRate {
  readonly #intervalMs: number;
  readonly #burstMs: number;
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, burst: number) {
    this.#intervalMs = 1_000 / perSecond;
    this.#burstMs = burst * this.#intervalMs;
  }

  /** Whether so many more may come now. *Units*: monotonic milliseconds. */
  takes(now: number, count = 1): boolean {
    const fullAt = Math.max(this.#fullAt, now) + count * this.#intervalMs;
    if (fullAt - now > this.#burstMs) return false;
    this.#fullAt = fullAt;
    return true;
  }
}

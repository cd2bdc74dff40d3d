import type { Clock } from "../../core/clock.ts";

const newestShare = 0.3;
const shortestMs = 20;

/** How many tasks end in a second, as a moving average. */
export class Pace {
  readonly #clock: Clock;
  #perSecond = 0;
  #ended = 0;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  /** 0 until the first measurement. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Counts a task that ended. */
  count(): void {
    this.#ended++;
  }

  /** Takes what was counted into the average. *Bounds*: at most once in 20 ms; a call in between changes nothing. */
  measure(): void {
    const now = this.#clock.monotonic();
    const ms = now - this.#since;
    if (ms < shortestMs) return;
    this.#perSecond += ((this.#ended * 1_000) / ms - this.#perSecond) * newestShare;
    this.#ended = 0;
    this.#since = now;
  }
}

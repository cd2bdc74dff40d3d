import type { Clock } from "../core/clock.ts";

/** The database's time, as far as this process knows it: what was read last, and what has passed since. *Units*: milliseconds since the epoch. */
export class DurableClock {
  readonly #clock: Clock;
  #read = 0;
  #readAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get now(): number {
    return this.#read + this.#clock.monotonic() - this.#readAt;
  }

  /** The database says that it is `now`. */
  set(now: number): void {
    this.#read = now;
    this.#readAt = this.#clock.monotonic();
  }
}

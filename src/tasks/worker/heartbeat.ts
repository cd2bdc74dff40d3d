import { type Clock, sleep, type Timer } from "../../core/clock.ts";

/** The shortest time between two beats. *Units*: milliseconds. */
export const shortestBeatMs = 20;

/** Calls `beat` again and again, one call at a time: after as long as the last call asked for, or sooner where something is due. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #beat: () => Promise<number>;
  #timer: Timer | undefined;
  #nextAt = Number.POSITIVE_INFINITY;
  /** When a beat was asked for meanwhile. */
  #dueAt = Number.POSITIVE_INFINITY;
  #beating: Promise<void> | undefined;
  #plans = true;

  /** `beat` never rejects, and returns in how many milliseconds it is to be called again. */
  constructor(clock: Clock, beat: () => Promise<number>) {
    this.#clock = clock;
    this.#beat = beat;
  }

  /** The next beat is then, instead of the one that was planned. */
  beatIn(delayMs: number): void {
    this.#timer?.cancel();
    this.#nextAt = this.#clock.monotonic() + delayMs;
    this.#timer = this.#clock.schedule(delayMs, () => {
      // A beat that is requested while one runs follows it.
      void (this.#beating?.then(() => this.#plans && this.beatIn(0)) ?? this.beatNow());
    });
  }

  /** Something is due then: there is a beat no later. */
  beatWithin(delayMs: number): void {
    const now = this.#clock.monotonic();
    this.#dueAt = Math.min(this.#dueAt, now + delayMs);
    if (this.#beating !== undefined) return;
    // Only ever earlier than planned: otherwise a stream of requests would postpone the beat until the lease ends.
    const beatAt = now + Math.max(shortestBeatMs, delayMs);
    if (beatAt < this.#nextAt) this.beatIn(beatAt - now);
  }

  /** Resolves after the beat that is under way. */
  async idle(): Promise<void> {
    await this.#beating;
  }

  /** Resolves after a beat that begins now; where one is under way, after that one. */
  beatNow(): Promise<void> {
    this.#beating ??= this.#run().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating;
  }

  /** Plans no beat after the next one. */
  fade(): void {
    this.#plans = false;
  }

  /** Ends it, and waits for the beat that is under way, no longer than `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#plans = false;
    this.#timer?.cancel();
    await Promise.race([this.#beating, sleep(this.#clock, withinMs)]);
  }

  async #run(): Promise<void> {
    this.#dueAt = Number.POSITIVE_INFINITY;
    const nextMs = await this.#beat();
    if (this.#plans) this.beatIn(Math.max(shortestBeatMs, Math.min(nextMs, this.#dueAt - this.#clock.monotonic())));
  }
}

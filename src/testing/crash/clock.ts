import { type Clock, systemClock, type Timer } from "../../core/clock.ts";

interface Entry {
  readonly at: number;
  readonly delayMs: number;
  readonly callback: () => void;
  real: Timer;
}

/**
 * The clock of one instance: that of the machine, but when the lab says so it continues to the next thing that is due. A worker that looks once a second
 * whether there is something to do so costs no second.
 */
export class SkippingClock implements Clock {
  readonly #entries = new Set<Entry>();
  #skippedMs = 0;
  #stopped = false;
  /** The timer whose callback runs now, and whether that has scheduled the same again. */
  #running: { readonly delayMs: number; ticked: boolean } | undefined;

  now(): number {
    return systemClock.now() + this.#skippedMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#skippedMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const entry: Entry = { at: this.monotonic() + Math.max(0, delayMs), delayMs, callback, real: { cancel: () => undefined } };
    if (this.#stopped) return entry.real;
    // A timer without a delay does not count as a tick: it would be due again for ever.
    if (delayMs > 0 && this.#running?.delayMs === delayMs) this.#running.ticked = true;
    this.#entries.add(entry);
    this.#arm(entry);
    return {
      cancel: () => {
        this.#entries.delete(entry);
        entry.real.cancel();
      },
    };
  }

  random(): number {
    return systemClock.random();
  }

  randomBytes(size: number): Buffer {
    return systemClock.randomBytes(size);
  }

  uuid(): string {
    return systemClock.uuid();
  }

  /**
   * Goes on to the next timer, where it is no further away than `withinMs`. One that only ticks, for its callback schedules the same again at once, is
   * passed on the way: a tick of 50 ms would otherwise be all that time ever reaches.
   */
  skip(withinMs: number): void {
    const until = this.monotonic() + withinMs;
    const before = this.#skippedMs;
    while (this.#runNext(until));
    if (this.#skippedMs === before) return;
    for (const entry of this.#entries) {
      entry.real.cancel();
      this.#arm(entry);
    }
  }

  /** Runs what is due first; returns whether there may be more on the way. */
  #runNext(until: number): boolean {
    const next = [...this.#entries].reduce<Entry | undefined>(
      (first, entry) => (first === undefined || entry.at < first.at ? entry : first),
      undefined,
    );
    if (next === undefined || next.at > until) return false;
    this.#skippedMs += Math.max(0, next.at - this.monotonic());
    next.real.cancel();
    return this.#run(next);
  }

  /** Nothing falls due any more. */
  stop(): void {
    for (const { real } of this.#entries) real.cancel();
    this.#entries.clear();
    this.#stopped = true;
  }

  #arm(entry: Entry): void {
    entry.real = systemClock.schedule(Math.max(0, entry.at - this.monotonic()), () => this.#run(entry));
  }

  /** Returns whether it only ticked. */
  #run(entry: Entry): boolean {
    if (!this.#entries.delete(entry)) return false;
    const running = { delayMs: entry.delayMs, ticked: false };
    this.#running = running;
    try {
      entry.callback();
    } finally {
      this.#running = undefined;
    }
    return running.ticked;
  }
}

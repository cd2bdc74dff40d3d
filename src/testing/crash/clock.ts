import { type Clock, systemClock, type Timer } from "../../core/clock.ts";

interface Entry {
  readonly at: number;
  readonly callback: () => void;
  real: Timer;
}

/**
 * The clock of one instance: that of the machine, but when the lab says so it goes on to the next thing that is due. A worker that looks once a second
 * whether there is something to do so costs no second.
 */
export class SkippingClock implements Clock {
  readonly #entries = new Set<Entry>();
  #skippedMs = 0;
  #stopped = false;

  now(): number {
    return systemClock.now() + this.#skippedMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#skippedMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const entry: Entry = { at: this.monotonic() + Math.max(0, delayMs), callback, real: { cancel: () => undefined } };
    if (this.#stopped) return entry.real;
    this.#entries.add(entry);
    entry.real = systemClock.schedule(delayMs, () => this.#run(entry));
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

  /** Goes on to the next timer, where it is no further away than `withinMs`. */
  skip(withinMs: number): void {
    const next = [...this.#entries].reduce<Entry | undefined>(
      (first, entry) => (first === undefined || entry.at < first.at ? entry : first),
      undefined,
    );
    if (next === undefined) return;
    const aheadMs = next.at - this.monotonic();
    if (aheadMs > withinMs) return;
    this.#skippedMs += Math.max(0, aheadMs);
    for (const entry of this.#entries) {
      entry.real.cancel();
      if (entry !== next) entry.real = systemClock.schedule(Math.max(0, entry.at - this.monotonic()), () => this.#run(entry));
    }
    this.#run(next);
  }

  /** Nothing falls due any more. */
  stop(): void {
    for (const { real } of this.#entries) real.cancel();
    this.#entries.clear();
    this.#stopped = true;
  }

  #run(entry: Entry): void {
    if (this.#entries.delete(entry)) entry.callback();
  }
}

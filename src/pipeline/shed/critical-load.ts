/** So far back the load is looked at. *Units*: milliseconds. */
const lookBackMs = 1_000;
const smoothing = 0.05;
/** A load below is as good as this one: from here a rise above the capacity is seen within a third of a second. */
const least = 0.8;
/** A load above is as good as this one: an overload that has ended is forgotten within a second. */
const most = 1.5;
/** From here to a tenth more, critical requests are held to be the overload themselves. */
const full = 1;
const range = 0.1;
/** The part of its deadline up to which a critical request begins where these are the overload: what follows in the same turn takes as long again. */
export const leastOfDeadline = 0.4;
/** The same where they are not: who waited longest comes first in its turn, so few of them wait for longer than this. */
const mostOfDeadline = 0.7;
/** So many times their age may a turn have then. */
const mostOfAge = 4;

/**
 * How much of the event loop critical requests alone need, those that were refused counted as if they had been done. Below the capacity what they find is a
 * burst, and they may wait for longer; above it they are the overload, and it would be in vain.
 */
export class CriticalLoad {
  /** The part of the loop's time that they need. */
  #load = least;
  /** How long the loop works for one. */
  #eachMs = 0;
  #workedMs = 0;
  #refused = 0;

  /** The loop worked so long for one. */
  worked(ms: number): void {
    this.#workedMs += ms;
    this.#eachMs = this.#eachMs === 0 ? ms : this.#eachMs + (ms - this.#eachMs) * smoothing;
  }

  refused(): void {
    this.#refused++;
  }

  /** The next turn begins, so long after the one before. *Units*: milliseconds. */
  turnEnds(afterMs: number): void {
    if (afterMs <= 0) return;
    const needed = (this.#workedMs + this.#refused * this.#eachMs) / afterMs;
    const next = this.#load + (needed - this.#load) * (1 - Math.exp(-afterMs / lookBackMs));
    this.#load = Math.min(most, Math.max(least, next));
    this.#workedMs = 0;
    this.#refused = 0;
  }

  /** The part of its deadline up to which one begins while a queue stands. */
  get deadlinePart(): number {
    return between(leastOfDeadline, mostOfDeadline, this.#spare);
  }

  /** The oldest turn in which one begins while a queue stands. `ageMs`: the same where they are the overload. *Units*: milliseconds. */
  boundOf(deadlineMs: number, ageMs: number): number {
    return Math.min(deadlineMs * this.deadlinePart, ageMs * between(1, mostOfAge, this.#spare));
  }

  /** 1 where they need less than the whole loop, 0 where they need a tenth more than it has, and between them in proportion. */
  get #spare(): number {
    return Math.min(1, Math.max(0, (full + range - this.#load) / range));
  }
}

/** From one to the other: 0 is the first, 1 the second. */
function between(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}

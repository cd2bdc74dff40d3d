import assert from "node:assert";
import { type Clock, seededRandom, type Timer } from "../core/clock.ts";

/** Options of {@link TestClock}: the time at its start, and the seed of its randomness. */
export interface TestClockOptions {
  /** Wall time at the start. *Units*: milliseconds since the Unix epoch. *Default*: 2026-01-01T00:00:00Z. */
  readonly now?: number;
  /** The seed of randomness: the same seed gives the same numbers, bytes and ids. *Default*: 1. */
  readonly seed?: number;
}

interface PendingTimer extends Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * Is a clock that stands still until a test advances it, with timers and randomness that repeat exactly.
 * *Units*: milliseconds. *Guarantees*: timers run in the order of their time, those of one instant in the order of their scheduling; each sees its own
 * time as `now()`; the same seed and the same calls give the same randomness.
 * @example
 * const clock = new TestClock();
 * const waited = sleep(clock, 5_000);
 * clock.advance(5_000);
 * await waited;
 */
export class TestClock implements Clock {
  #elapsedMs = 0;
  #epochMs: number;
  readonly #random: () => number;
  #timers: PendingTimer[] = [];

  constructor(options: TestClockOptions = {}) {
    this.#epochMs = options.now ?? Date.UTC(2026, 0, 1);
    this.#random = seededRandom(options.seed ?? 1);
  }

  /** The number of timers that are scheduled. */
  get pending(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#epochMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const at = this.#elapsedMs + Math.max(0, delayMs);
    const timer: PendingTimer = { at, callback, cancel: () => this.#forget(timer) };
    const later = this.#timers.findLastIndex((other) => other.at <= at) + 1;
    this.#timers.splice(later, 0, timer);
    return timer;
  }

  random(): number {
    return this.#random();
  }

  randomBytes(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    for (let i = 0; i < size; i++) bytes[i] = Math.floor(this.random() * 256);
    return bytes;
  }

  /** Gives the wall time in the first 48 bits and seeded randomness in the rest. *Source*: RFC 9562, section 5.7. */
  uuid(): string {
    const bytes = this.randomBytes(16);
    bytes.writeUIntBE(Math.floor(this.now()), 0, 6);
    bytes[6] = 0x70 | (bytes[6]! & 0x0f);
    bytes[8] = 0x80 | (bytes[8]! & 0x3f);
    return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  /** Moves time forward and runs the timers that become due, also those that they schedule. If a callback throws, time stops there, and the error is thrown here. */
  advance(ms: number): void {
    const until = this.#until(ms);
    while (this.#runNext(until));
    this.#elapsedMs = until;
  }

  /** As {@link advance}, but lets every promise that a timer settles continue before the next timer runs. */
  async advanceAsync(ms: number): Promise<void> {
    const until = this.#until(ms);
    do await settled();
    while (this.#runNext(until));
    this.#elapsedMs = until;
    await settled();
  }

  /** Sets the wall time without running a timer, as an operator or a time server does. */
  setNow(now: number): void {
    this.#epochMs = now - this.#elapsedMs;
  }

  #until(ms: number): number {
    assert(Number.isFinite(ms) && ms >= 0, `a clock cannot advance by ${ms} ms: give a number of milliseconds from 0 up`);
    return this.#elapsedMs + ms;
  }

  #runNext(until: number): boolean {
    const timer = this.#timers[0];
    if (timer === undefined || timer.at > until) return false;
    this.#timers.shift();
    this.#elapsedMs = timer.at;
    timer.callback();
    return true;
  }

  #forget(timer: PendingTimer): void {
    const index = this.#timers.indexOf(timer);
    if (index !== -1) this.#timers.splice(index, 1);
  }
}

/** Resolves when every microtask, also those that microtasks add, has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

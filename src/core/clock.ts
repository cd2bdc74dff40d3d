import "./node/version.ts";
// A name that an old Node lacks would fail to link, before anything could say which Node is needed.
import * as crypto from "node:crypto";
import { performance } from "node:perf_hooks";

/** A pending callback of a {@link Clock}. */
export interface Timer {
  /** Forgets the callback; does nothing when it already ran. */
  cancel(): void;
}

/**
 * Is the one source of in-process time, timers and randomness, so that a test can control all three.
 * *Units*: milliseconds. Durable time is the database's, never this one.
 */
export interface Clock {
  /** Wall time since the Unix epoch; may jump. */
  now(): number;
  /** Time that never goes back, with fractions; only differences mean anything. */
  monotonic(): number;
  /** Runs `callback` once after `delayMs`. A timer does not keep the process alive. */
  schedule(delayMs: number, callback: () => void): Timer;
  /** A number in [0, 1). */
  random(): number;
  randomBytes(size: number): Buffer;
  /** A UUID of version 7: it sorts by the time of its making. */
  uuid(): string;
}

class SystemTimer implements Timer {
  readonly #handle: NodeJS.Timeout;
  constructor(delayMs: number, callback: () => void) {
    this.#handle = setTimeout(callback, delayMs);
    this.#handle.unref();
  }
  cancel(): void {
    clearTimeout(this.#handle);
  }
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule: (delayMs, callback) => new SystemTimer(delayMs, callback),
  random: () => Math.random(),
  randomBytes: (size) => crypto.randomBytes(size),
  uuid: () => crypto.randomUUIDv7(),
};

/** The longest that a timer of Node.js takes. */
const longestMs = 2 ** 31 - 1;

/** Keeps the process from ending by itself, until it is cancelled: no timer of a {@link Clock} does. */
export function keepProcess(): Timer {
  const handle = setInterval(() => undefined, longestMs);
  return { cancel: () => clearInterval(handle) };
}

/**
 * Makes numbers in [0, 1) that repeat exactly for the same seed, a whole number. Not for secrets.
 * *Source*: mulberry32 by Tommy Ettinger, public domain.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Waits for `delayMs` on `clock`, or until `signal` aborts; then it rejects with the signal's reason. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.schedule(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** What is repeated. *Units*: milliseconds. */
export interface RepeatedOptions {
  readonly clock: Clock;
  /** From the end of one time to the next. */
  readonly everyMs: number;
  readonly work: () => Promise<unknown>;
  /** Called with what the work rejects with. */
  readonly failed: (error: unknown) => void;
}

/** Does work again and again, one time after the other, whether it fails or not. */
export class Repeated {
  readonly #options: RepeatedOptions;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #isOpen = false;

  constructor(options: RepeatedOptions) {
    this.#options = options;
  }

  /** Begins, for the first time after `everyMs`. */
  start(): void {
    this.#isOpen = true;
    this.#later();
  }

  /** Plans nothing more, and waits for the work that is under way. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    this.#timer?.cancel();
    await this.#running;
  }

  #later(): void {
    if (!this.#isOpen) return;
    const { clock, everyMs, work, failed } = this.#options;
    this.#timer = clock.schedule(everyMs, () => {
      this.#running = work()
        .catch(failed)
        .then(() => this.#later());
    });
  }
}

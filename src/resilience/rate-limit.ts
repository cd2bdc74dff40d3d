import type { Clock } from "../core/clock.ts";
import type { Service } from "../core/service.ts";

/** The rate that each key may have, and what a store needs to count it. */
export interface RateSpec {
  readonly ratePerSecond: number;
  /** What a key may take at once after it was idle. *Bounds*: a whole number from 1. */
  readonly burst: number;
  /** Keys that must be counted exactly at the same time; beyond that a store may only err by allowing less. */
  readonly maxKeys: number;
  /** After it an answer is not used any more, so a store gives up what it asks for by then. *Units*: milliseconds. */
  readonly answerWithinMs: number;
  readonly clock: Clock;
}

/**
 * Where rates are counted: in this process, or in a store that many processes share. `src/testing/conformance/rate-store.ts` has what each one does.
 * @example createApp({ modules, rateLimit: { perSecond: 100, store: memoryRates() } });
 */
export interface RateStore {
  readonly name: string;
  /** Creates what counts one rate. Called once for each app, before it starts; opens no connection yet. */
  open(spec: RateSpec): RateLimiter;
}

/** Counts what each key takes. */
export interface RateLimiter {
  /** What must be started before the first request and stopped after the last, such as connections. *Default*: nothing. */
  readonly service?: Service | undefined;
  /**
   * Takes one for the key. Returns 0 where it is allowed, otherwise the milliseconds until it would be; what is refused is not counted.
   * `nowMs`: monotonic time of this process, for a store that counts in it; a shared store has a clock of its own.
   * *Guarantees asked of an implementation*: it returns a promise only where it has to ask another process.
   */
  take(key: string, nowMs: number): number | Promise<number>;
  /** Returns one that was taken and does not count after all; a key never has more than its burst. No caller waits for it. */
  refund(key: string): void | Promise<void>;
}

/**
 * What decides while a store does not answer in time, or fails: `local`, counting in this process alone, at the same rate; `allow`, nothing; `refuse`, the fault
 * `rate_store_unavailable` for each request.
 */
export type WithoutStore = "local" | "allow" | "refuse";

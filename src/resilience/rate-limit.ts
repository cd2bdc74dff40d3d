import type { Clock } from "../core/clock.ts";
import type { Service } from "../core/service.ts";
import type { QuotaStore } from "./policies/quota/store.ts";

/** The rate that each key may have, and what a store needs to count it. */
export interface RateSpec {
  /** Tells the rate from the others of its app; the same in every process of the app. */
  readonly name: string;
  readonly ratePerSecond: number;
  /** What a key may take at once after it was idle. *Bounds*: a whole number from 1. */
  readonly burst: number;
  /** Keys that must be counted exactly at the same time; beyond that a store may only err by allowing less. */
  readonly maxKeys: number;
}

/** The app whose rates a store counts. */
export interface RateHost {
  /** The same in every process of the app, and no other's in the same store. */
  readonly app: string;
  readonly clock: Clock;
  /** After it an answer is not used any more, so a store gives up what it asks for by then. *Units*: milliseconds. */
  readonly answerWithinMs: number;
  /** Takes what happens to the store, for signals; `gone` until `back`. */
  report(change: RateStoreChange): void;
}

/** What happened to a store of rates. */
export interface RateStoreChange {
  readonly store: string;
  /** `gone`: it fails or does not answer in time, and processes decide without it. `back`: it decides again. */
  readonly state: "gone" | "back";
  /** The error of the store, or what took too long. */
  readonly reason: string;
}

/**
 * Where rates are counted: in this process, or in a store that many processes share. `src/testing/conformance/rate-store.ts` has what each one does.
 * @example createApp({ modules, rateLimit: { perSecond: 100, store: memoryRates() } });
 */
export interface RateStore {
  readonly name: string;
  /** Creates what counts the rates of one app. Called once for each app, before it starts; opens no connection yet. */
  open(host: RateHost): Rates;
}

/** The rates of one app. */
export interface Rates {
  /** What must be started before the first request and stopped after the last, such as connections. *Default*: nothing. */
  readonly service?: Service | undefined;
  /** Creates what counts one rate. Called once for each name, before the service starts. */
  limiter(spec: RateSpec): RateLimiter;
  /** Creates what keeps the learnt quotas of one owner together with other processes; undefined where the store keeps none. Called once for each name. *Default*: it keeps none. */
  quotas?(name: string): QuotaStore | undefined;
}

/** Counts what each key takes. */
export interface RateLimiter {
  /**
   * Takes one for the key. Returns 0 where it is allowed, otherwise the milliseconds until it would be; what is refused is not counted.
   * `nowMs`: monotonic time of this process, for a store that counts in it; a shared store has a clock of its own.
   * *Guarantees asked of an implementation*: it returns a promise only where it has to ask another process.
   */
  take(key: string, nowMs: number): number | Promise<number>;
  /** Returns one that was taken and does not count after all; a key never has more than its burst. No caller waits for it. */
  refund(key: string): void | Promise<void>;
  /** Decides at once and without the store, as {@link take}, while the store does not answer. *Default*: this process counts alone, at the whole rate. */
  takeWithout?(key: string, nowMs: number): number;
  /** Reads what the key has left as far as this process knows, without asking. *Default*: it does not know. */
  read?(key: string, nowMs: number): RateReading | undefined;
}

/** What a key has left. */
export interface RateReading {
  /** What it may take at once when it has all. */
  readonly limit: number;
  readonly remaining: number;
  /** Until the key has all of `limit` again. *Units*: milliseconds. */
  readonly resetMs: number;
}

/**
 * What decides while a store does not answer in time, or fails: `local`, counting in this process alone, at the share of the rate that the store last gave or
 * otherwise at the same rate; `allow`, nothing; `refuse`, the fault `rate_store_unavailable` for each request.
 */
export type WithoutStore = "local" | "allow" | "refuse";

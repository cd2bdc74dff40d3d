import type { Duration } from "../../core/duration.ts";
import type { LimitMode } from "../../core/load-line/load-line.ts";
import type { Actor } from "../actor.ts";

/** Who sends a request, for a rate that is counted by a key of your own. */
export interface RateCaller {
  readonly actor: Actor;
  readonly tenant: string | undefined;
  /** The peer's address, as `trustProxy` resolves it; undefined for calls in this process. */
  readonly address: string | undefined;
}

/** Returns the key by which a request is counted; undefined where it is not counted. It is called with the validated input, and what it throws is a bug. */
export type RateKey<In> = (input: In, caller: RateCaller) => string | undefined;

/** What the compiler prints where a limit is no number of requests. */
type LimitHint = "a limit is a whole number of requests from 1: leave the rate out to have no limit";
declare const unlimited: unique symbol;
type Requests<N extends number> = number extends N
  ? number
  : `${N}` extends "0" | `-${string}` | `${string}.${string}`
    ? LimitHint & { readonly [unlimited]: LimitHint }
    : N;

/** What {@link rateLimit} takes. */
export interface RateLimitSpec<In, N extends number = number> {
  /**
   * By whom requests are counted. `tenant`: the caller's tenant, or the actor who has none; `actor`: the actor within its tenant; both count callers who have not
   * signed in by address. `address`: the peer's address, also of callers who have signed in. `all`: all callers together. Or a function that returns the key.
   */
  readonly per: "tenant" | "actor" | "address" | "all" | RateKey<In>;
  /** Requests of one key in one `period`. *Bounds*: a whole number from 1. */
  readonly limit: Requests<N>;
  /** Requests of one key at once, after it sent none for a while. *Default*: `limit`. *Bounds*: a whole number from 1. */
  readonly burst?: number;
  /** *Bounds*: 1 ms to 30 days. */
  readonly period: Duration;
  /** The mode at the start; the ops port can change it. *Default*: that of the budget. */
  readonly mode?: LimitMode;
  /** How refusals, headers and `/loadlines` name it. *Default*: such as `orders.place rate per actor`. */
  readonly name?: string;
  /**
   * Keys that are counted exactly at the same time in one process; beyond it, new keys may be allowed less and never more. *Default*: `limits.operationRateKeys`.
   * *Bounds*: 1 to 1,000,000.
   */
  readonly maxKeys?: number;
}

/** A rate that operations declare in their budgets. */
export interface RateLimit<In = unknown> {
  readonly kind: "rate limit";
  readonly spec: RateLimitSpec<never>;
  /** Never set: says to the compiler which input the key is made of. */
  readonly [counts]?: (input: In) => void;
}
declare const counts: unique symbol;

/**
 * Declares how many requests an operation takes in a time, for its `budget`. Several budgets may have the same object: then it is one count for all of them.
 * Requests are counted; operations that another one calls are not.
 * @example
 * const placeOrder = command("orders.place", {
 *   budget: { deadline: "1s", rate: rateLimit({ per: "actor", limit: 5, period: "1m" }) },
 *   …
 * });
 */
export function rateLimit<In = unknown, const N extends number = number>(spec: RateLimitSpec<In, N>): RateLimit<In> {
  return { kind: "rate limit", spec: spec as unknown as RateLimitSpec<never> };
}

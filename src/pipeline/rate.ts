import type { Clock } from "../core/clock.ts";
import { type Fault, toFault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { GuardedRateLimiter } from "../resilience/guarded-rates.ts";
import { MemoryRateLimiter } from "../resilience/memory-rates.ts";
import type { RateLimiter } from "../resilience/rate-limit.ts";
import { rateLimited } from "./faults.ts";
import type { Host, RateLimitOptions } from "./host.ts";
import type { RunningExecution } from "./state/running-execution.ts";

/** Creates what counts the rate of each caller; undefined where the rate is off. Any store but that in memory is guarded: no request depends on it. */
export function openRateLimiter(options: RateLimitOptions, clock: Clock): RateLimiter | undefined {
  const { perSecond, burst, maxKeys, store, withoutStore = "local", answerWithinMs = limits.rateStoreMs } = options;
  if (perSecond === 0 || options.mode === "off") return undefined;
  const spec = { ratePerSecond: perSecond, burst, maxKeys, answerWithinMs, clock };
  return store === undefined ? new MemoryRateLimiter(spec) : new GuardedRateLimiter(store, spec, withoutStore);
}

/**
 * Takes one of what a key may send in a second; a promise where a store is asked.
 * *Faults thrown*: `resource_exhausted` of type `rate_limited`; `unavailable` of type `rate_store_unavailable` where that is the policy.
 */
export function takeRate(execution: RunningExecution, key: string): undefined | Promise<void> {
  const waitMs = execution.host.rateLimiter?.take(key, execution.acceptedAt) ?? 0;
  if (waitMs === 0) return undefined;
  return typeof waitMs === "number" ? refuse(execution, waitMs) : waitMs.then((ms) => refuse(execution, ms));
}

function refuse(execution: RunningExecution, waitMs: number): undefined {
  if (waitMs === 0) return;
  const { perSecond: value, burst, mode = "enforce" } = execution.host.options.rateLimit;
  if (mode === "off") return;
  execution.refusal = { limit: "rate per actor", value, load: value, mode };
  if (mode === "enforce") throw rateLimited({ value, burst, waitMs });
}

/** Takes one of what the strangers of an address may send, for what reaches no operation. A promise never rejects. */
export function takeStrangersRate(host: Host, address: string): Fault | undefined | Promise<Fault | undefined> {
  const { perSecond: value, burst, mode } = host.options.rateLimit;
  const judge = (waitMs: number) => (waitMs === 0 || mode === "measure" ? undefined : rateLimited({ value, burst, waitMs }));
  try {
    const waitMs = host.rateLimiter?.take(address, host.clock.monotonic()) ?? 0;
    return typeof waitMs === "number" ? judge(waitMs) : waitMs.then(judge, toFault);
  } catch (error) {
    return toFault(error);
  }
}

/**
 * The caller sent credentials that must be verified: until they are verified it is a stranger, and takes from what its address may send. So a caller who
 * guesses is limited like everybody who did not sign in.
 * *Faults thrown*: as {@link takeRate}.
 */
export function presentCredentials(execution: RunningExecution): undefined | Promise<void> {
  const { address } = execution.invocation;
  if (address === undefined) return undefined;
  const taking = takeRate(execution, address);
  // Set before a store has decided: where it refuses, the execution ends, and nothing is refunded.
  execution.tookAsStranger = true;
  return taking;
}

/** Accepts credentials that are verified: what was taken is returned, and the actor's own rate counts from here on. */
export function acceptCredentials(execution: RunningExecution): void {
  if (!execution.tookAsStranger) return;
  execution.tookAsStranger = false;
  void execution.host.rateLimiter?.refund(execution.invocation.address ?? "");
}

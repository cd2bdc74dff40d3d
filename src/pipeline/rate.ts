import { formatMs } from "../core/duration.ts";
import { type Fault, toFault } from "../core/fault.ts";
import type { RateLimiter } from "../resilience/rate-limit.ts";
import { rateLimited } from "./faults.ts";
import type { Host } from "./host.ts";
import type { OperationRate } from "./rates/operation-rate.ts";
import type { RunningExecution } from "./state/running-execution.ts";

/**
 * Takes one, or `charges`, of what a key may send in a second; a promise where a store is asked.
 * *Faults thrown*: `resource_exhausted` of type `rate_limited`; `unavailable` of type `rate_store_unavailable` where that is the policy.
 */
export function takeRate(execution: RunningExecution, key: string, charges = 1): undefined | Promise<void> {
  const { caller, callerLine } = execution.host.rates;
  if (caller === undefined || callerLine.mode === "off") return undefined;
  const waitMs = takeSeveral(caller, { key, charges }, execution.acceptedAt);
  if (typeof waitMs !== "number") return waitMs.then((ms) => judge(execution, ms));
  if (waitMs > 0) return judge(execution, waitMs);
  callerLine.admitted++;
  return undefined;
}

interface Charge {
  readonly key: string;
  readonly charges: number;
  /** Of them, those that are taken. *Default*: none. */
  readonly taken?: number;
}

/** Takes all charges of a key or none: what was taken before one is refused is returned. */
function takeSeveral(limiter: RateLimiter, { key, charges, taken = 0 }: Charge, nowMs: number): number | Promise<number> {
  const refused = (waitMs: number, before: number): number => {
    for (let i = 0; i < before; i++) void limiter.refund(key);
    return waitMs;
  };
  for (let i = taken; i < charges; i++) {
    const waitMs = limiter.take(key, nowMs);
    if (typeof waitMs !== "number")
      return waitMs.then((ms) => (ms > 0 ? refused(ms, i) : takeSeveral(limiter, { key, charges, taken: i + 1 }, nowMs)));
    if (waitMs > 0) return refused(waitMs, i);
  }
  return 0;
}

function judge(execution: RunningExecution, waitMs: number): undefined {
  const fault = judgeCaller(execution.host, waitMs);
  if (waitMs === 0) return;
  const { callerLine, value } = callerRate(execution.host);
  execution.refusal = { limit: callerLine.name, value, load: value, mode: fault === undefined ? "measure" : "enforce" };
  if (fault !== undefined) throw fault;
}

/** Counts the decision on a caller's rate; returns the fault of a refusal. */
function judgeCaller(host: Host, waitMs: number): Fault | undefined {
  const { callerLine, value, burst } = callerRate(host);
  if (waitMs === 0 || !callerLine.refuses(callerLine.reason("rate"))) {
    callerLine.admitted++;
    return undefined;
  }
  const sentence = `You sent more than ${value} requests per second.`;
  return rateLimited({ limit: callerLine.name, value, burst, periodMs: 1_000, waitMs, sentence }, host.clock.random());
}

function callerRate({ rates: { callerLine }, options: { rateLimit } }: Host) {
  return { callerLine, value: rateLimit.perSecond, burst: rateLimit.burst };
}

/** Takes one of what the strangers of an address may send, for what reaches no operation. A promise never rejects. */
export function takeStrangersRate(host: Host, address: string): Fault | undefined | Promise<Fault | undefined> {
  const { caller, callerLine } = host.rates;
  if (caller === undefined || callerLine.mode === "off") return undefined;
  try {
    const waitMs = caller.take(address, host.clock.monotonic());
    return typeof waitMs === "number" ? judgeCaller(host, waitMs) : waitMs.then((ms) => judgeCaller(host, ms), toFault);
  } catch (error) {
    return toFault(error);
  }
}

/**
 * The caller sent credentials that must be verified: until they are verified it is a stranger, and takes from what its address may send. So a caller who
 * guesses is limited like all callers who have not signed in.
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
  void execution.host.rates.caller?.refund(execution.invocation.address ?? "");
}

/**
 * Takes one of each rate of its operation in turn, from the one at `from` on; a promise where a store is asked. Where one refuses, what was taken of the others
 * is returned.
 * *Faults thrown*: as {@link takeRate}.
 */
export function takeOperationRates(execution: RunningExecution, rates: readonly OperationRate[], from = 0): undefined | Promise<void> {
  for (let i = from; i < rates.length; i++) {
    const rate = rates[i]!;
    const key = rate.line.mode === "off" ? undefined : rate.keyOf(execution);
    if (key === undefined || rate.limiter === undefined) continue;
    const { charges = 1 } = execution.invocation;
    const waitMs = takeSeveral(rate.limiter, { key, charges }, execution.host.clock.monotonic());
    if (typeof waitMs === "number") judgeOperation(execution, rate, { key, waitMs });
    else
      return waitMs.then((ms) => {
        judgeOperation(execution, rate, { key, waitMs: ms });
        return takeOperationRates(execution, rates, i + 1);
      });
  }
  return undefined;
}

function judgeOperation(execution: RunningExecution, rate: OperationRate, taken: { readonly key: string; readonly waitMs: number }): void {
  const { line, above, name, limit, burst, periodMs } = rate;
  const { key, waitMs } = taken;
  if (waitMs === 0) {
    line.admitted++;
    execution.rates ??= [];
    execution.rates.push({ rate, key });
    return;
  }
  const enforced = line.refuses(above);
  execution.refusal = { limit: name, value: limit, load: limit, mode: enforced ? "enforce" : "measure" };
  if (!enforced) return void line.admitted++;
  const { charges = 1 } = execution.invocation;
  for (const { rate: other, key: otherKey } of execution.rates ?? [])
    for (let i = 0; i < charges; i++) void other.limiter?.refund(otherKey);
  execution.rates = undefined;
  const sentence = `The limit "${name}" of ${limit} requests per ${formatMs(periodMs)} is reached.`;
  throw rateLimited({ limit: name, value: limit, burst, periodMs, waitMs, sentence }, execution.host.clock.random());
}

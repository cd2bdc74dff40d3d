import { AssertionError } from "node:assert";
import { codes } from "../../../core/code.ts";
import { Fault } from "../../../core/fault.ts";

/** What a failure says of the callee and of another attempt. */
export interface Verdict {
  /** Whether the callee failed, so that a breaker counts it. */
  readonly isFailure: boolean;
  /** Whether the callee says that it has too much to do, so that a throttle counts it. */
  readonly isOverload: boolean;
  /** Whether another attempt may succeed. */
  readonly mayRetry: boolean;
  /** How long the callee asks to be left alone. *Units*: milliseconds; 0 where it does not say. */
  readonly afterMs: number;
}

/** Reads what was thrown. Pure. */
export type Judge = (thrown: unknown) => Verdict;

const bugs = [TypeError, RangeError, ReferenceError, SyntaxError, AssertionError];
const bug: Verdict = { isFailure: false, isOverload: false, mayRetry: false, afterMs: 0 };
const failure: Verdict = { isFailure: true, isOverload: false, mayRetry: true, afterMs: 0 };
const cancelled: Verdict = { isFailure: false, isOverload: false, mayRetry: false, afterMs: 0 };

/**
 * The judge of all policies that are not given another one. A fault is judged by its code; a `retryAfterMs` below 0 or without end says "never again".
 * An `AbortError` is no failure of the callee. A `TypeError` and the like are bugs of the caller, which no attempt cures, unless they have a `cause`: so `fetch`
 * reports that the network failed. Anything else is a failure that may pass.
 * *Source*: `src/core/code.ts`; pushback as in gRPC A6, where `grpc-retry-pushback-ms` below 0 means never.
 */
export const judge: Judge = (thrown) => {
  if (thrown instanceof Fault) {
    const { retry, breaker } = codes[thrown.code];
    const afterMs = thrown.retryAfterMs ?? 0;
    const mayRetry = (retry === "at-once" || retry === "backoff") && afterMs >= 0 && afterMs < Number.POSITIVE_INFINITY;
    const isOverload = thrown.code === "resource_exhausted" || thrown.code === "unavailable" || thrown.code === "deadline_exceeded";
    return { isFailure: breaker, isOverload, mayRetry, afterMs: Math.max(0, afterMs) };
  }
  if (!(thrown instanceof Error)) return failure;
  if (thrown.name === "AbortError") return cancelled;
  return thrown.cause === undefined && bugs.some((kind) => thrown instanceof kind) ? bug : failure;
};

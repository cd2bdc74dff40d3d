import type { QuotaLesson } from "./lesson.ts";

/** What is learnt of one quota. *Units*: calls, and milliseconds of one clock. */
export interface Learnt {
  limit: number | undefined;
  windowMs: number | undefined;
  /** Calls left until `resetAt`; Infinity where that is not known. */
  remaining: number;
  resetAt: number;
  blockedUntil: number;
}

/** The callee counts in whole seconds: two resets that differ by less are one. */
const resolutionMs = 1_000;
/** Longer waits are not believed, so that one broken reply cannot stop all calls for good. */
const longestMs = 86_400_000;

/** A quota of which nothing is known. */
export function nothingLearnt(): Learnt {
  return {
    ...{ limit: undefined, windowMs: undefined, remaining: Number.POSITIVE_INFINITY },
    ...{ resetAt: Number.NEGATIVE_INFINITY, blockedUntil: Number.NEGATIVE_INFINITY },
  };
}

/** Begins the next window, where the length of windows is known. */
export function renew(learnt: Learnt, now: number): void {
  const { limit, windowMs } = learnt;
  const isKnown = limit !== undefined && windowMs !== undefined;
  learnt.remaining = isKnown ? limit : Number.POSITIVE_INFINITY;
  learnt.resetAt = isKnown ? now + windowMs : Number.POSITIVE_INFINITY;
}

/** Learns from one reply. Returns whether it spoke of another window than the one that was known. */
export function learn(learnt: Learnt, { limit, windowMs, remaining, resetMs, retryAfterMs }: QuotaLesson, now: number): boolean {
  if (limit !== undefined && limit > 0) learnt.limit = limit;
  if (windowMs !== undefined && windowMs > 0) learnt.windowMs = Math.min(windowMs, longestMs);
  if (retryAfterMs !== undefined) learnt.blockedUntil = Math.max(learnt.blockedUntil, now + Math.min(retryAfterMs, longestMs));
  if (remaining === undefined || resetMs === undefined) return false;
  const resetAt = now + Math.min(resetMs, longestMs);
  const isSame = learnt.resetAt > now && Math.abs(resetAt - learnt.resetAt) < resolutionMs;
  // A reply may have been overtaken by others: within a window what is left only falls.
  learnt.remaining = isSame ? Math.min(learnt.remaining, remaining) : remaining;
  learnt.resetAt = isSame ? Math.max(learnt.resetAt, resetAt) : resetAt;
  return !isSame;
}

import { limits } from "../../../core/limits.ts";
import type { QuotaLesson } from "./lesson.ts";

/**
 * Where learnt quotas are kept: the port for a store that a fleet shares. It responds at once, without a round trip: a shared one leases its part ahead.
 * *Units*: monotonic milliseconds of the caller's clock.
 */
export interface QuotaStore {
  /** Takes one call of the key. Returns 0 if it may be made, otherwise the milliseconds until one may. */
  take(key: string, now: number): number;
  /** Learns from a reply to a call of the key. */
  teach(key: string, lesson: QuotaLesson, now: number): void;
}

interface Learnt {
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

/**
 * Learnt quotas in the memory of this process.
 * *Guarantees*: no call before a refusal's time to come back; in one window no more calls than the callee said were left. What is learnt is never loosened
 * within a window. *Bounds*: 10,000 keys, those taught longest ago go first; a wait of a day.
 */
export class MemoryQuotas implements QuotaStore {
  readonly #learnt = new Map<string, Learnt>();

  take(key: string, now: number): number {
    const learnt = this.#learnt.get(key);
    if (learnt === undefined) return 0;
    if (now < learnt.blockedUntil) return learnt.blockedUntil - now;
    if (now >= learnt.resetAt) renew(learnt, now);
    if (learnt.remaining < 1) return learnt.resetAt - now;
    learnt.remaining--;
    return 0;
  }

  teach(key: string, lesson: QuotaLesson, now: number): void {
    const learnt = this.#learnt.get(key) ?? {
      ...{ limit: undefined, windowMs: undefined, remaining: Number.POSITIVE_INFINITY },
      ...{ resetAt: Number.NEGATIVE_INFINITY, blockedUntil: Number.NEGATIVE_INFINITY },
    };
    // Taught again, it moves to the end.
    this.#learnt.delete(key);
    this.#learnt.set(key, learnt);
    if (this.#learnt.size > limits.policyKeys) this.#learnt.delete(this.#learnt.keys().next().value!);
    learn(learnt, lesson, now);
  }
}

function renew(learnt: Learnt, now: number): void {
  const { limit, windowMs } = learnt;
  const isKnown = limit !== undefined && windowMs !== undefined;
  learnt.remaining = isKnown ? limit : Number.POSITIVE_INFINITY;
  learnt.resetAt = isKnown ? now + windowMs : Number.POSITIVE_INFINITY;
}

function learn(learnt: Learnt, { limit, windowMs, remaining, resetMs, retryAfterMs }: QuotaLesson, now: number): void {
  if (limit !== undefined && limit > 0) learnt.limit = limit;
  if (windowMs !== undefined && windowMs > 0) learnt.windowMs = Math.min(windowMs, longestMs);
  if (retryAfterMs !== undefined) learnt.blockedUntil = Math.max(learnt.blockedUntil, now + Math.min(retryAfterMs, longestMs));
  if (remaining === undefined || resetMs === undefined) return;
  const resetAt = now + Math.min(resetMs, longestMs);
  const isSame = learnt.resetAt > now && Math.abs(resetAt - learnt.resetAt) < resolutionMs;
  // A reply may have been overtaken by others: within a window what is left only falls.
  learnt.remaining = isSame ? Math.min(learnt.remaining, remaining) : remaining;
  learnt.resetAt = isSame ? Math.max(learnt.resetAt, resetAt) : resetAt;
}

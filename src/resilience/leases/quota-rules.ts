import { type Learnt, learn, nothingLearnt, renew } from "../policies/quota/learnt.ts";
import type { QuotaLesson } from "../policies/quota/lesson.ts";

/** What a process says of the quota of one callee. All of it is data, so that it can cross any wire. */
export interface QuotaAsk {
  /** Whose quota: the name of the policy's owner. */
  readonly name: string;
  readonly key: string;
  /** Calls that it wants to make beyond those that it was granted; below 0, so many it returns. Whole. */
  readonly want: number;
  /** Calls that it made without a grant since it said so last. */
  readonly owed: number;
  /** What replies taught since then. */
  readonly lesson: QuotaLesson;
}

/** What a process is granted of the quota of one callee. *Units*: calls, and milliseconds from now. */
export interface QuotaGrant {
  /** Whether anything is known of what is left; otherwise all calls may be made. */
  readonly known: boolean;
  /** At most what was wanted. */
  readonly credits: number;
  /** What is left for all after it; 0 where that is not known. */
  readonly left: number;
  /** Until the next window; 0 where that is not known. */
  readonly resetMs: number;
  /** How long not to call at all. */
  readonly blockedMs: number;
  /** Calls in one window; 0 where that is not known. */
  readonly limit: number;
  /** Length of a window; 0 where that is not known. */
  readonly windowMs: number;
}

/**
 * Learns what a process was taught, and grants it calls of what is left for all.
 * *Guarantees*: in one window all grants and debts are no more than the callee said were left, as far as the debts leave that much.
 */
export function settleQuota(learnt: Learnt, { want, owed, lesson }: QuotaAsk, now: number): QuotaGrant {
  if (now >= learnt.resetAt) renew(learnt, now);
  learn(learnt, lesson, now);
  const most = learnt.limit ?? Number.POSITIVE_INFINITY;
  const known = Number.isFinite(learnt.remaining);
  // What is returned was granted in this window, so it never makes more than the limit.
  learnt.remaining = Math.max(0, learnt.remaining - owed);
  if (want < 0) learnt.remaining = Math.max(learnt.remaining, Math.min(most, learnt.remaining - want));
  const credits = known ? Math.max(0, Math.min(want, Math.floor(learnt.remaining))) : 0;
  learnt.remaining -= credits;
  return {
    ...{ known, credits, left: known ? learnt.remaining : 0, resetMs: known ? learnt.resetAt - now : 0 },
    ...{ blockedMs: Math.max(0, learnt.blockedUntil - now), limit: learnt.limit ?? 0, windowMs: learnt.windowMs ?? 0 },
  };
}

/** Keeps quotas in one process, for others that reach it by messages. *Bounds*: what says nothing any more is forgotten, looked for as keys come. */
export class MemoryQuotaStates {
  readonly #learnt = new Map<string, Learnt>();

  /** Keys that are held now. */
  get size(): number {
    return this.#learnt.size;
  }

  settle(asks: readonly QuotaAsk[], now: number): readonly QuotaGrant[] {
    return asks.map((ask) => {
      const place = `${ask.name}\n${ask.key}`;
      const known = this.#learnt.get(place);
      if (known === undefined) this.#forgetSome(now);
      const learnt = known ?? nothingLearnt();
      const grant = settleQuota(learnt, ask, now);
      this.#learnt.delete(place);
      if (!saysNothing(learnt, now)) this.#learnt.set(place, learnt);
      return grant;
    });
  }

  #forgetSome(now: number): void {
    let looks = 4;
    for (const [place, learnt] of this.#learnt) {
      if (looks-- === 0) return;
      if (saysNothing(learnt, now)) this.#learnt.delete(place);
    }
  }
}

/** Whether a new one would say the same: where its window has passed, and replies teach the next one. */
function saysNothing({ remaining, resetAt, blockedUntil, windowMs }: Learnt, now: number): boolean {
  return now >= blockedUntil && (remaining === Number.POSITIVE_INFINITY || now >= resetAt + (windowMs ?? 0));
}

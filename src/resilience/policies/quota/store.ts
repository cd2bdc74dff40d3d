import { limits } from "../../../core/limits.ts";
import { type Learnt, learn, nothingLearnt, renew } from "./learnt.ts";
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
  /** What is listed of it. *Default*: nothing. */
  reading?(): QuotaReading;
}

/** What a store says of the quotas that it keeps. */
export interface QuotaReading {
  /** The limit that was learnt last. *Units*: calls in one window. */
  readonly limit?: number | undefined;
  /** In one word, as in `shared`, or `alone` while the store that processes share is away. */
  readonly phase?: string;
}

/**
 * Learnt quotas in the memory of this process.
 * *Guarantees*: no call before a refusal's time to come back; in one window no more calls than the callee said were left. What is learnt is never loosened
 * within a window. *Bounds*: 10,000 keys, those taught longest ago go first; a wait of a day.
 */
export class MemoryQuotas implements QuotaStore {
  readonly #learnt = new Map<string, Learnt>();
  #limit: number | undefined;

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
    const learnt = this.#learnt.get(key) ?? nothingLearnt();
    // Taught again, it moves to the end.
    this.#learnt.delete(key);
    this.#learnt.set(key, learnt);
    if (this.#learnt.size > limits.policyKeys) this.#learnt.delete(this.#learnt.keys().next().value!);
    learn(learnt, lesson, now);
    this.#limit = learnt.limit ?? this.#limit;
  }

  reading(): QuotaReading {
    return { limit: this.#limit };
  }
}

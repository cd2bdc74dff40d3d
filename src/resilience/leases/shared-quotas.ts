import { limits } from "../../core/limits.ts";
import type { QuotaLesson } from "../policies/quota/lesson.ts";
import type { QuotaReading, QuotaStore } from "../policies/quota/store.ts";
import type { QuotaAsk } from "./quota-rules.ts";
import { type Fleet, SharedQuota } from "./shared-quota.ts";

/** What quotas need of what asks the store for them. */
export interface QuotaRounds extends Fleet {
  /** Makes an exchange due: at the next renewal, or `early`. */
  due(early: boolean): void;
}

/**
 * Learnt quotas of one owner that processes share: each call is decided at once, by what the process was granted ahead.
 * *Guarantees*: what one process learns others that call know after their next renewal. While the store is away each keeps what it learnt, and makes its part of it.
 * *Bounds*: 10,000 keys, those used longest ago go first.
 */
export class SharedQuotas implements QuotaStore {
  readonly name: string;
  readonly #rounds: QuotaRounds;
  readonly #keys = new Map<string, SharedQuota>();
  #limit: number | undefined;

  constructor(rounds: QuotaRounds, name: string) {
    this.#rounds = rounds;
    this.name = name;
  }

  /** Keys that the store was asked for at the last renewal, or should be at the next. */
  active = 0;

  take(key: string, now: number): number {
    const quota = this.#find(key, now);
    const waitMs = quota.take(now);
    this.#rounds.due(quota.wants);
    return waitMs;
  }

  teach(key: string, lesson: QuotaLesson, now: number): void {
    const quota = this.#find(key, now);
    quota.teach(lesson, now);
    this.#limit = quota.limit ?? this.#limit;
    this.#rounds.due(quota.wants);
  }

  reading(): QuotaReading {
    return { limit: this.#limit, phase: this.#rounds.gone ? "alone" : "shared" };
  }

  /** What is asked at this renewal, and what takes the grant of each; forgets keys that are idle. */
  asks(now: number): readonly (readonly [SharedQuota, QuotaAsk])[] {
    const asks: (readonly [SharedQuota, QuotaAsk])[] = [];
    for (const [key, quota] of this.#keys) {
      const ask = quota.ask(now);
      if (ask !== undefined) asks.push([quota, { name: this.name, key, ...ask }]);
      else if (quota.isIdle(now)) this.#keys.delete(key);
    }
    this.active = asks.length;
    return asks;
  }

  /** Notes that a grant came. */
  granted({ limit }: SharedQuota): void {
    this.#limit = limit ?? this.#limit;
  }

  #find(key: string, now: number): SharedQuota {
    let quota = this.#keys.get(key);
    this.active++;
    if (quota !== undefined) this.#keys.delete(key);
    else quota = new SharedQuota(this.#rounds, now);
    this.#keys.set(key, quota);
    if (this.#keys.size > limits.policyKeys) this.#keys.delete(this.#keys.keys().next().value!);
    return quota;
  }
}

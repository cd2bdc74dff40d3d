import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { MemoryRateLimiter } from "./memory-rates.ts";
import type { RateLimiter, RateSpec, RateStore, WithoutStore } from "./rate-limit.ts";

/**
 * A store's limiter that no request depends on: a store that fails, answers nonsense or takes too long is left out for a while, and the policy decides instead.
 * *Bounds*: a request waits at most `answerWithinMs`; `limits.rateStoreRequests` wait at once; after a failure the store is not asked for `limits.rateStorePauseMs`.
 * *Guarantees*: with the policy `refuse` a decision may be the fault `rate_store_unavailable`, otherwise it never fails. A refund never fails.
 */
export class GuardedRateLimiter implements RateLimiter {
  /** Times that the store did not decide though it was asked. */
  failures = 0;
  readonly #store: RateLimiter;
  readonly #spec: RateSpec;
  readonly #policy: WithoutStore;
  readonly #local: MemoryRateLimiter;
  #waiting = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(store: RateStore, spec: RateSpec, policy: WithoutStore) {
    this.#store = store.open(spec);
    this.#spec = spec;
    this.#policy = policy;
    this.#local = new MemoryRateLimiter(spec);
  }

  get service(): RateLimiter["service"] {
    return this.#store.service;
  }

  take(key: string, nowMs: number): number | Promise<number> {
    if (this.#isPaused()) return this.#decide(key, nowMs);
    if (this.#waiting >= limits.rateStoreRequests) return this.#fail(key, nowMs);
    try {
      const answer = this.#store.take(key, nowMs);
      if (typeof answer !== "number") return this.#wait(answer, key);
      return isWait(answer) ? answer : this.#fail(key, nowMs);
    } catch {
      return this.#fail(key, nowMs);
    }
  }

  refund(key: string): void {
    // The one that counted it gets it back, unless a pause began or ended in between: then one request more is allowed, or one less.
    if (this.#isPaused()) return this.#local.refund(key);
    try {
      Promise.resolve(this.#store.refund(key)).catch(() => this.#pause());
    } catch {
      this.#pause();
    }
  }

  #isPaused(): boolean {
    return this.#pausedUntil !== Number.NEGATIVE_INFINITY && this.#spec.clock.monotonic() < this.#pausedUntil;
  }

  #wait(answer: Promise<number>, key: string): Promise<number> {
    const { clock, answerWithinMs } = this.#spec;
    this.#waiting++;
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (waitMs: number | undefined) => {
        if (settled) return;
        settled = true;
        timer.cancel();
        this.#waiting--;
        if (waitMs !== undefined && isWait(waitMs)) return resolve(waitMs);
        try {
          resolve(this.#fail(key, clock.monotonic()));
        } catch (error) {
          reject(error);
        }
      };
      const timer = clock.schedule(answerWithinMs, () => settle(undefined));
      Promise.resolve(answer).then(settle, () => settle(undefined));
    });
  }

  #fail(key: string, nowMs: number): number {
    this.#pause();
    return this.#decide(key, nowMs);
  }

  #pause(): void {
    this.failures++;
    this.#pausedUntil = this.#spec.clock.monotonic() + limits.rateStorePauseMs;
  }

  #decide(key: string, nowMs: number): number {
    if (this.#policy === "allow") return 0;
    if (this.#policy === "local") return this.#local.take(key, nowMs);
    throw new Fault({
      code: "unavailable",
      type: "rate_store_unavailable",
      message: "The store that counts requests does not answer. Try again in a moment.",
      retryAfterMs: limits.rateStorePauseMs,
    });
  }
}

function isWait(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}

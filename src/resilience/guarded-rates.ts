import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { messageOf } from "../core/value/thrown.ts";
import { MemoryRateLimiter } from "./memory-rates.ts";
import type { RateHost, RateLimiter, RateReading, RateSpec, WithoutStore } from "./rate-limit.ts";

/** What a guard needs beside the limiter that it guards. */
export interface GuardOptions {
  readonly spec: RateSpec;
  readonly host: RateHost;
  /** The store's name, for signals. */
  readonly store: string;
  readonly policy: WithoutStore;
}

/**
 * A store's limiter that no request depends on: a store that fails, answers nonsense or takes too long is left out for a while, and the policy decides instead.
 * *Bounds*: a request waits at most `answerWithinMs`; `limits.rateStoreRequests` wait at once; after a failure the store is not asked for `limits.rateStorePauseMs`.
 * *Guarantees*: with the policy `refuse` a decision may be the fault `rate_store_unavailable`, otherwise it never fails. A refund never fails.
 */
export class GuardedRateLimiter implements RateLimiter {
  /** Times that the store did not decide though it was asked. */
  failures = 0;
  readonly #store: RateLimiter;
  readonly #options: GuardOptions;
  #local: MemoryRateLimiter | undefined;
  #waiting = 0;
  #gone = false;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(store: RateLimiter, options: GuardOptions) {
    this.#store = store;
    this.#options = options;
  }

  take(key: string, nowMs: number): number | Promise<number> {
    if (this.#isPaused()) return this.#decide(key, nowMs);
    if (this.#waiting >= limits.rateStoreRequests) return this.#fail(key, nowMs, `It has not answered ${this.#waiting} requests yet.`);
    try {
      const answer = this.#store.take(key, nowMs);
      if (typeof answer !== "number") return this.#wait(answer, key);
      return isWait(answer) ? answer : this.#fail(key, nowMs, "It gave an answer that is no time.");
    } catch (error) {
      return this.#fail(key, nowMs, messageOf(error));
    }
  }

  read(key: string, nowMs: number): RateReading | undefined {
    return this.#store.read?.(key, nowMs);
  }

  refund(key: string): void {
    // The one that counted it gets it back, unless a pause began or ended in between: then one request more is allowed, or one less.
    if (this.#isPaused()) return this.#local?.refund(key);
    try {
      Promise.resolve(this.#store.refund(key)).catch((error) => this.#pause(messageOf(error)));
    } catch (error) {
      this.#pause(messageOf(error));
    }
  }

  #isPaused(): boolean {
    return this.#pausedUntil !== Number.NEGATIVE_INFINITY && this.#options.host.clock.monotonic() < this.#pausedUntil;
  }

  #wait(answer: Promise<number>, key: string): Promise<number> {
    const { clock, answerWithinMs } = this.#options.host;
    this.#waiting++;
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (waitMs: number | undefined, reason: string) => {
        if (settled) return;
        settled = true;
        timer.cancel();
        this.#waiting--;
        if (waitMs !== undefined && isWait(waitMs)) {
          this.#answered();
          return resolve(waitMs);
        }
        try {
          resolve(this.#fail(key, clock.monotonic(), reason));
        } catch (error) {
          reject(error);
        }
      };
      const timer = clock.schedule(answerWithinMs, () => settle(undefined, `It did not answer within ${answerWithinMs} ms.`));
      Promise.resolve(answer).then(
        (waitMs) => settle(waitMs, "It gave an answer that is no time."),
        (error) => settle(undefined, messageOf(error)),
      );
    });
  }

  #fail(key: string, nowMs: number, reason: string): number {
    this.#pause(reason);
    return this.#decide(key, nowMs);
  }

  #pause(reason: string): void {
    this.failures++;
    const { host, store } = this.#options;
    this.#pausedUntil = host.clock.monotonic() + limits.rateStorePauseMs;
    this.#gone = true;
    host.report({ store, state: "gone", reason });
  }

  #answered(): void {
    if (!this.#gone || this.#isPaused()) return;
    this.#gone = false;
    const { host, store } = this.#options;
    host.report({ store, state: "back", reason: "It answers again." });
  }

  #decide(key: string, nowMs: number): number {
    const { policy, spec, host } = this.#options;
    if (policy === "allow") return 0;
    if (policy === "local") {
      if (this.#store.takeWithout !== undefined) return this.#store.takeWithout(key, nowMs);
      this.#local ??= new MemoryRateLimiter({ ...spec, clock: host.clock });
      return this.#local.take(key, nowMs);
    }
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

import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { type LimitMode, LoadLine } from "../../core/load-line/load-line.ts";
import type { LoadLines } from "../../core/load-line/load-lines.ts";
import type { Service } from "../../core/service.ts";
import type { Signal } from "../../core/signals.ts";
import { GuardedRateLimiter } from "../../resilience/guarded-rates.ts";
import { memoryRates } from "../../resilience/memory-rates.ts";
import type { QuotaStore } from "../../resilience/policies/quota/store.ts";
import type { RateHost, RateLimiter, RateSpec, RateStore, RateStoreChange, Rates, WithoutStore } from "../../resilience/rate-limit.ts";
import type { OperationRate } from "./operation-rate.ts";

/** The rate of each caller, and where it is counted. */
export interface RateLimitOptions {
  /** Tells the app from others in the same store: the name of its service. */
  readonly app: string;
  /** 0 switches it off. */
  readonly perSecond: number;
  readonly burst: number;
  readonly maxKeys: number;
  readonly mode?: LimitMode;
  /** *Default*: in this process. */
  readonly store?: RateStore | undefined;
  /** *Default*: `local`. */
  readonly withoutStore?: WithoutStore | undefined;
  /** *Default*: `limits.rateStoreMs`. *Units*: milliseconds. */
  readonly answerWithinMs?: number | undefined;
}

/** What the rates of an app need of its process. */
export interface AppRatesHost {
  readonly clock: Clock;
  readonly loadLines: LoadLines;
  readonly changed: Signal<RateStoreChange>;
  /** Those of remote operations are counted in memory: where the operations run, they are counted in the store. */
  readonly declared: { readonly rates: readonly OperationRate[]; readonly ratesAway: readonly OperationRate[] };
}

/** All rates of an app: that of each caller, and those that operations declare. Any store but that in memory is guarded, so that no request depends on it. */
export class AppRates {
  /** That of each caller; undefined where it is off. */
  readonly caller: RateLimiter | undefined;
  readonly callerLine: LoadLine;
  readonly #options: RateLimitOptions;
  readonly #host: RateHost;
  readonly #rates: Rates;
  readonly #guarded: GuardedRateLimiter[] = [];
  #state: RateStoreChange["state"] = "back";

  constructor(options: RateLimitOptions, { clock, loadLines, changed, declared }: AppRatesHost) {
    this.#options = options;
    const { perSecond, burst, maxKeys, store = memoryRates(), answerWithinMs = limits.rateStoreMs, app, mode } = options;
    this.#host = { app, clock, answerWithinMs, report: (change) => this.#report(change, changed) };
    this.#rates = store.open(this.#host);
    this.callerLine = new LoadLine({ name: "rate per actor", unit: "requests per second", declared: perSecond, mode });
    this.callerLine.reason("rate");
    if (perSecond > 0) {
      this.caller = this.#open({ name: this.callerLine.name, ratePerSecond: perSecond, burst, maxKeys });
      loadLines.register(this.callerLine);
    }
    const memory = memoryRates().open(this.#host);
    for (const rate of declared.rates) rate.limiter = this.#open(rate);
    for (const rate of declared.ratesAway) rate.limiter = memory.limiter(rate);
    for (const { line } of [...declared.rates, ...declared.ratesAway]) loadLines.register(line);
  }

  /** Starts and stops what the store needs. */
  get service(): Service | undefined {
    return this.#rates.service;
  }

  /** Whether a store outside of this process can fail to decide. */
  get guarded(): boolean {
    return this.#options.store !== undefined;
  }

  /** Times that the store did not decide though it was asked. */
  get failures(): number {
    return this.#guarded.reduce((sum, { failures }) => sum + failures, 0);
  }

  /** Opens a rate of a resource. It may be one more than the store knew at its start. */
  limiter(spec: RateSpec): RateLimiter {
    return this.#open(spec);
  }

  /** Opens the learnt quotas of one owner, shared where the rates are; undefined where each process learns alone. */
  quotas(name: string): QuotaStore | undefined {
    return this.#rates.quotas?.(name);
  }

  /** All rates of an app have one store: it is gone once, and back once. */
  #report(change: RateStoreChange, changed: Signal<RateStoreChange>): void {
    if (change.state === this.#state) return;
    this.#state = change.state;
    changed.publish(change);
  }

  #open({ name, ratePerSecond, burst, maxKeys }: RateSpec): RateLimiter {
    const spec = { name, ratePerSecond, burst, maxKeys };
    const limiter = this.#rates.limiter(spec);
    const { store, withoutStore: policy = "local" } = this.#options;
    if (store === undefined) return limiter;
    const guarded = new GuardedRateLimiter(limiter, { spec, host: this.#host, store: store.name, policy });
    this.#guarded.push(guarded);
    return guarded;
  }
}

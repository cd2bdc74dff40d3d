import type { Timer } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { messageOf } from "../../core/value/thrown.ts";
import type { RateHost, RateLimiter, RateSpec, RateStore, Rates } from "../rate-limit.ts";
import { type LeaseAsk, type LeaseStore, type LeaseStoreSource, leaseMs, renewMs } from "./lease-store.ts";
import { LeasedKey } from "./leased-key.ts";
import { SharedQuotas } from "./shared-quotas.ts";
import { storeUnavailable } from "./unavailable.ts";

/** The shortest time between two exchanges, where one is due before the next renewal. *Units*: milliseconds. */
const earliestMs = 50;

/** What a member assumes. */
export interface LeaseOptions {
  /** Processes that share the rates, as long as the store has not said how many do: without it, each allows this part of a rate. *Default*: 4. *Bounds*: from 1. */
  readonly members?: number;
}

/**
 * Counts rates in a store that many processes share, without a round trip per request: each process leases a share ahead of need. A key that is used less than
 * about once a lease, or whose rate allows less, is decided by the store, one round trip each.
 *
 * A lease is renewed every 250 ms, and what is not spent within 500 ms lapses. A store that fails or is slow leaves each process with its last share; the signal
 * `rateStore` says so, and it is asked again every 250 ms.
 * *Guarantees*: all processes together allow at most the rate in a time, its burst (or 250 ms of the rate if that is more), and 500 ms of the rate, which is what
 * they may hold. Only those that the store decides wait for it.
 * @example createApp({ modules, rateLimit: { perSecond: 100, store: leasedRates(source) } });
 */
export function leasedRates(source: LeaseStoreSource, options: LeaseOptions = {}): RateStore {
  return { name: source.name, open: (host) => new LeasedRates(source, host, options) };
}

class LeasedRates implements Rates {
  readonly #host: RateHost;
  readonly #store: LeaseStore;
  readonly #name: string;
  readonly #member: string;
  readonly #limiters: LeasedLimiter[] = [];
  readonly #quotas: SharedQuotas[] = [];
  #members: number;
  #timer: Timer | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #exchanging = false;
  #again = false;
  #exchangedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;
  /** The store failed, and has not answered since. */
  gone = false;

  constructor(source: LeaseStoreSource, host: RateHost, { members = 4 }: LeaseOptions) {
    this.#host = host;
    this.#name = source.name;
    this.#store = source.open(host);
    this.#member = host.clock.uuid();
    this.#members = members;
  }

  get service() {
    const { service } = this.#store;
    return {
      name: this.#name,
      start: async () => {
        this.#stopped = false;
        await service?.start();
      },
      stop: async () => {
        this.#stopped = true;
        this.#timer?.cancel();
        this.#dueAt = Number.POSITIVE_INFINITY;
        await this.#returnAll();
        await service?.stop();
      },
    };
  }

  get store(): LeaseStore {
    return this.#store;
  }

  /** Processes that share the rates, as far as is known. */
  get members(): number {
    return this.#members;
  }

  get clock() {
    return this.#host.clock;
  }

  limiter(spec: RateSpec): RateLimiter {
    const limiter = new LeasedLimiter(this, spec);
    this.#limiters.push(limiter);
    return limiter;
  }

  quotas(name: string): SharedQuotas | undefined {
    if (this.#store.quotas === undefined) return undefined;
    const quotas = new SharedQuotas(this, name);
    this.#quotas.push(quotas);
    return quotas;
  }

  /** Makes an exchange due: at the next renewal, or `early`. */
  due(early: boolean): void {
    const now = this.clock.monotonic();
    if (this.#exchanging && early) this.#again = true;
    const next = this.#exchangedAt + renewMs;
    const at = early ? Math.max(now, this.#exchangedAt + earliestMs) : next > now ? next : now + renewMs;
    if (this.#exchanging || this.#stopped || at >= this.#dueAt) return;
    this.#timer?.cancel();
    this.#dueAt = at;
    this.#timer = this.clock.schedule(at - now, () => void this.#exchange());
  }

  /** Notes a failure of the store. */
  failed(error: unknown): void {
    if (!this.gone) this.#host.report({ store: this.#name, state: "gone", reason: messageOf(error) });
    this.gone = true;
    this.due(false);
  }

  async #exchange(): Promise<void> {
    const sentAt = this.clock.monotonic();
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#exchanging = true;
    this.#exchangedAt = sentAt;
    const asks = this.#limiters.flatMap((limiter) => limiter.asks(sentAt));
    try {
      // Also with nothing to ask: where it was gone, that is how it is known to be back.
      for (let from = 0; from < Math.max(1, asks.length); from += limits.rateLeaseKeys) {
        if (asks.length === 0 && !this.gone) break;
        await this.#send(asks.slice(from, from + limits.rateLeaseKeys), sentAt);
      }
      await this.#settleQuotas(sentAt);
      if (this.gone) {
        this.gone = false;
        this.#host.report({ store: this.#name, state: "back", reason: "It answers again." });
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.#exchanging = false;
      const early = this.#again && !this.gone;
      this.#again = false;
      if (early || this.gone || this.#limiters.some(({ size }) => size > 0) || this.#quotas.some(({ active }) => active > 0))
        this.due(early);
    }
  }

  async #send(asks: readonly (readonly [LeasedKey, LeaseAsk])[], sentAt: number): Promise<void> {
    const sending = asks.map(([, ask]) => ask);
    const grants = await this.#within(this.#store.exchange(this.#member, sending));
    const now = this.clock.monotonic();
    let members = 0;
    asks.forEach(([key, ask], index) => {
      const grant = grants[index]!;
      key.accept(grant, { ask, sentAt, now });
      members = Math.max(members, grant.members);
    });
    if (members > 0) this.#members = members;
  }

  async #settleQuotas(sentAt: number): Promise<void> {
    const asks = this.#quotas.flatMap((quotas) => quotas.asks(sentAt).map(([quota, ask]) => ({ quotas, quota, ask })));
    for (let from = 0; from < asks.length; from += limits.rateLeaseKeys) {
      const sending = asks.slice(from, from + limits.rateLeaseKeys);
      const grants = await this.#within(this.#store.quotas!(sending.map(({ ask }) => ask)));
      const now = this.clock.monotonic();
      sending.forEach(({ quotas, quota, ask }, index) => {
        quota.accept(grants[index]!, ask, now);
        quotas.granted(quota);
      });
    }
  }

  /** A late answer is worth nothing: what it grants would lapse, and the next renewal is due. */
  #within<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.schedule(renewMs, () => reject(storeUnavailable(`It did not respond within ${renewMs} ms.`)));
      answer.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  async #returnAll(): Promise<void> {
    const asks = this.#limiters.flatMap((limiter) => limiter.returns());
    if (asks.length === 0 || this.gone) return;
    await this.#within(this.#store.exchange(this.#member, asks)).catch(() => undefined);
  }
}

class LeasedLimiter implements RateLimiter {
  readonly #rates: LeasedRates;
  readonly #spec: RateSpec;
  readonly #keys = new Map<string, LeasedKey>();

  constructor(rates: LeasedRates, spec: RateSpec) {
    this.#rates = rates;
    this.#spec = spec;
  }

  /** Keys of which something is known. */
  get size(): number {
    return this.#keys.size;
  }

  take(key: string, nowMs: number): number | Promise<number> {
    const known = this.#find(key, nowMs);
    if (known !== undefined) known.asked++;
    if (this.#rates.gone) throw storeUnavailable("The store of leases does not respond.");
    if (known === undefined) return this.#rates.store.take(this.#spec, key);
    const decided = known.spend(nowMs);
    if (decided !== undefined) return decided;
    this.#wantLease(known);
    return this.#ask(known);
  }

  takeWithout(key: string, nowMs: number): number {
    const known = this.#find(key, nowMs);
    if (known === undefined) return this.#beyond(nowMs);
    known.asked++;
    if (this.#rates.gone) return known.takeAlone(nowMs, this.#rates.members);
    // One slow response is no outage: where leases come, they are all that is allowed, and the process's share must not come on top.
    const leased = known.spend(nowMs) ?? known.untilRenewal(nowMs);
    if (leased === undefined) this.#wantLease(known);
    return leased ?? known.takeAlone(nowMs, this.#rates.members);
  }

  refund(key: string): void | Promise<void> {
    const now = this.#rates.clock.monotonic();
    const known = this.#keys.get(key);
    if (known !== undefined) known.refusedUntil = Number.NEGATIVE_INFINITY;
    if (known?.return(now) === true || this.#rates.gone) return;
    return this.#rates.store.refund(this.#spec, key);
  }

  /** What this rate asks at a renewal; forgets keys that are idle. */
  asks(now: number): readonly (readonly [LeasedKey, LeaseAsk])[] {
    const asks: (readonly [LeasedKey, LeaseAsk])[] = [];
    for (const known of this.#keys.values()) {
      const ask = known.ask(now);
      if (ask !== undefined && (ask.held || this.#isLeasable)) asks.push([known, ask]);
      else if (known.isIdle(now)) this.#keys.delete(known.key);
    }
    return asks;
  }

  /** Returns all that is held, and forgets it. */
  returns(): readonly LeaseAsk[] {
    const asks: LeaseAsk[] = [];
    for (const { key, credits, leased } of this.#keys.values())
      if (leased && credits > 0) asks.push({ rate: this.#spec, key, want: -credits, demand: 0, held: true });
    this.#keys.clear();
    return asks;
  }

  #wantLease(known: LeasedKey): void {
    if (known.asked > 1 && this.#isLeasable) this.#rates.due(true);
  }

  /** Whether a lease would hold about a call. */
  get #isLeasable(): boolean {
    return (this.#spec.ratePerSecond * leaseMs) / 1_000 >= this.#rates.members;
  }

  async #ask(known: LeasedKey): Promise<number> {
    try {
      const waitMs = await this.#rates.store.take(this.#spec, known.key);
      if (waitMs > 0) known.refusedUntil = this.#rates.clock.monotonic() + waitMs;
      return waitMs;
    } catch (error) {
      this.#rates.failed(error);
      throw error;
    }
  }

  #find(key: string, now: number): LeasedKey | undefined {
    let known = this.#keys.get(key);
    if (known !== undefined || this.#keys.size >= this.#spec.maxKeys) return known;
    known = new LeasedKey(this.#spec, key, now);
    this.#keys.set(key, known);
    this.#rates.due(false);
    return known;
  }

  /** Keys beyond those that are counted share one count while the store is gone. */
  #beyond(now: number): number {
    this.#rest ??= new LeasedKey(this.#spec, "", now);
    return this.#rest.takeAlone(now, this.#rates.members);
  }
  #rest: LeasedKey | undefined;
}

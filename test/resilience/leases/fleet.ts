import { setImmediate } from "node:timers/promises";
import { GuardedRateLimiter } from "../../../src/resilience/guarded-rates.ts";
import type { LeaseStore } from "../../../src/resilience/leases/lease-store.ts";
import { leasedRates } from "../../../src/resilience/leases/leased-rates.ts";
import { MemoryLeases } from "../../../src/resilience/leases/memory-leases.ts";
import type { RateLimiter, RateSpec, RateStoreChange } from "../../../src/resilience/rate-limit.ts";
import { TestClock } from "../../../src/testing/clock.ts";

/** One process of a fleet that shares a rate. */
export interface Member {
  readonly limiter: RateLimiter;
  admitted: number;
  readonly changes: RateStoreChange[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Processes on one virtual clock with one store of leases, which can be gone and can lose what it knows. */
export class Fleet {
  readonly clock = new TestClock();
  readonly spec: RateSpec;
  readonly members: Member[] = [];
  /** When each call was allowed. */
  readonly admitted: number[] = [];
  gone = false;
  questions = 0;
  #leases = new MemoryLeases(this.clock);

  constructor(spec: Partial<RateSpec> = {}) {
    this.spec = { name: "one", ratePerSecond: 200, burst: 20, maxKeys: 100, ...spec };
  }

  /** The store begins again and knows nothing. */
  lose(): void {
    this.#leases = new MemoryLeases(this.clock);
  }

  join(): Member {
    const changes: RateStoreChange[] = [];
    const host = { app: "fleet", clock: this.clock, answerWithinMs: 50, report: (change: RateStoreChange) => void changes.push(change) };
    const rates = leasedRates({ name: "test leases", open: () => this.#store() }).open(host);
    const limiter = new GuardedRateLimiter(rates.limiter(this.spec), { spec: this.spec, host, store: "test leases", policy: "local" });
    const member: Member = {
      limiter,
      admitted: 0,
      changes,
      start: async () => rates.service?.start(),
      stop: async () => rates.service?.stop(),
    };
    this.members.push(member);
    return member;
  }

  /** Offers one call to a member. */
  async offer(member: Member, key = "k"): Promise<number> {
    const waitMs = await member.limiter.take(key, this.clock.monotonic());
    if (waitMs === 0) {
      member.admitted++;
      this.admitted.push(this.clock.monotonic());
    }
    return waitMs;
  }

  /** Offers each member so many calls per second for a while, in steps of 5 ms. */
  async run(ms: number, perSecond: readonly number[]): Promise<void> {
    const owed = perSecond.map(() => 0);
    for (let step = 0; step < ms / 5; step++) {
      this.clock.advance(5);
      await setImmediate();
      for (const [index, rate] of perSecond.entries()) {
        owed[index]! += rate / 200;
        for (; owed[index]! >= 1; owed[index]!--) await this.offer(this.members[index]!);
      }
    }
  }

  /** The most that was allowed in any window of that length. */
  mostWithin(windowMs: number): number {
    let [most, from] = [0, 0];
    for (const [index, at] of this.admitted.entries()) {
      while (this.admitted[from]! <= at - windowMs) from++;
      most = Math.max(most, index - from + 1);
    }
    return most;
  }

  #store(): LeaseStore {
    const ask = async <T>(question: () => Promise<T>): Promise<T> => {
      this.questions++;
      await setImmediate();
      if (this.gone) throw new Error("the store of the test is gone");
      return question();
    };
    return {
      exchange: (member, asks) => ask(() => this.#leases.exchange(member, asks)),
      take: (rate, key) => ask(() => this.#leases.take(rate, key)),
      refund: (rate, key) => ask(() => this.#leases.refund(rate, key)),
    };
  }
}

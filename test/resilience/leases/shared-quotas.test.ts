// Quotas that processes learn together: what the callee counts, under random schedules, with a store that goes and comes.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { leasedRates } from "../../../src/resilience/leases/leased-rates.ts";
import { MemoryLeases } from "../../../src/resilience/leases/memory-leases.ts";
import { settleQuota } from "../../../src/resilience/leases/quota-rules.ts";
import { nothingLearnt } from "../../../src/resilience/policies/quota/learnt.ts";
import type { QuotaStore } from "../../../src/resilience/policies/quota/store.ts";
import { TestClock } from "../../../src/testing/clock.ts";

/** A callee with windows, and processes that call it and share what they learn. */
class Fleet {
  readonly clock = new TestClock();
  readonly stores: QuotaStore[];
  gone = false;
  questions = 0;
  admitted = 0;
  refusedByCallee = 0;
  readonly #limit: number;
  readonly #windowMs: number;
  #used = 0;
  #window = 0;
  #leases = new MemoryLeases(this.clock);

  constructor(processes: number, { limit = 100, windowMs = 10_000 } = {}) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    const ask = async <T>(question: () => Promise<T>): Promise<T> => {
      this.questions++;
      await setImmediate();
      if (this.gone) throw new Error("the store of the test is gone");
      return question();
    };
    this.stores = Array.from({ length: processes }, () => {
      const source = {
        name: "test leases",
        open: () => ({
          exchange: (...[member, asks]: Parameters<MemoryLeases["exchange"]>) => ask(() => this.#leases.exchange(member, asks)),
          take: (...[rate, key]: Parameters<MemoryLeases["take"]>) => ask(() => this.#leases.take(rate, key)),
          refund: (...[rate, key]: Parameters<MemoryLeases["refund"]>) => ask(() => this.#leases.refund(rate, key)),
          quotas: (asks: Parameters<MemoryLeases["quotas"]>[0]) => ask(() => this.#leases.quotas(asks)),
        }),
      };
      const host = { app: "fleet", clock: this.clock, answerWithinMs: 50, report: () => undefined };
      return leasedRates(source, { members: processes }).open(host).quotas!("upstream")!;
    });
  }

  /** The store begins again and knows nothing. */
  lose(): void {
    this.#leases = new MemoryLeases(this.clock);
  }

  /** Lets time pass in steps, and each exchange that is due end. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(Math.min(10, left));
      await setImmediate();
      await setImmediate();
    }
  }

  /** One call of a process. Returns whether it was made; the callee replies at once. */
  call(process: number, key = "k"): boolean {
    const now = this.clock.monotonic();
    const store = this.stores[process]!;
    if (store.take(key, now) > 0) return false;
    const window = Math.floor(now / this.#windowMs);
    if (window !== this.#window) [this.#window, this.#used] = [window, 0];
    const resetMs = (window + 1) * this.#windowMs - now;
    if (this.#used >= this.#limit) {
      this.refusedByCallee++;
      store.teach(key, { retryAfterMs: resetMs }, now);
      return true;
    }
    this.#used++;
    this.admitted++;
    store.teach(key, { limit: this.#limit, windowMs: this.#windowMs, remaining: this.#limit - this.#used, resetMs }, now);
    return true;
  }
}

describe("a quota that processes share", () => {
  it("is the callee's for all of them, who use all of it and exceed it by at most one call each in a window", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 5, max: 200 }),
        fc.array(fc.record({ waitMs: fc.nat(200), by: fc.nat(3), calls: fc.nat(20) }), { minLength: 20, maxLength: 80 }),
        async (processes, limit, steps) => {
          const fleet = new Fleet(processes, { limit, windowMs: 2_000 });
          for (const { waitMs, by, calls } of steps) {
            await fleet.pass(waitMs);
            for (let n = 0; n < calls; n++) fleet.call(by % processes);
          }
          const windows = Math.floor(fleet.clock.monotonic() / 2_000) + 1;
          assert.ok(fleet.refusedByCallee <= processes * windows, `${fleet.refusedByCallee} refused in ${windows} windows`);
        },
      ),
      { numRuns: 25 },
    ));

  it("is used up by the process that needs it: one of four takes nearly all of a window that the others leave", async () => {
    const fleet = new Fleet(4);
    for (let step = 0; step < 300; step++) {
      await fleet.pass(20);
      fleet.call(0);
    }
    assert.ok(fleet.admitted >= 95, `${fleet.admitted} of 100`);
    assert.equal(fleet.refusedByCallee, 0);
  });

  it("needs no round trip for each call, and none while nothing is called", async () => {
    const fleet = new Fleet(2, { limit: 100_000 });
    for (let step = 0; step < 200; step++) {
      await fleet.pass(10);
      for (let n = 0; n < 20; n++) fleet.call(n % 2);
    }
    assert.equal(fleet.admitted, 4_000);
    assert.ok(fleet.questions <= 30, `${fleet.questions} questions in 2 s`);
    await fleet.pass(2_000);
    const before = fleet.questions;
    await fleet.pass(5_000);
    assert.equal(fleet.questions, before);
  });

  it("a refusal that one process got is known to the others that call, after their next renewal", async () => {
    const fleet = new Fleet(2);
    const [one, other] = fleet.stores as [QuotaStore, QuotaStore];
    const now = () => fleet.clock.monotonic();
    assert.deepEqual([one.take("k", now()), other.take("k", now())], [0, 0]);
    one.teach("k", { retryAfterMs: 5_000 }, now());
    for (let step = 0; step < 3; step++) {
      await fleet.pass(100);
      other.take("k", now());
    }
    const waitMs = other.take("k", now());
    assert.ok(waitMs > 4_500 && waitMs < 5_000, `a wait of ${waitMs} ms`);
    assert.deepEqual([other.take("another", now()), other.reading!().phase], [0, "shared"]);
  });

  it("is kept by each process while the store is away, in its part, and taught to a store that has lost it", async () => {
    const fleet = new Fleet(2, { windowMs: 20_000 });
    fleet.call(0);
    fleet.call(1);
    for (let step = 0; step < 4; step++) {
      await fleet.pass(100);
      for (const process of [0, 1]) fleet.call(process);
    }
    fleet.gone = true;
    fleet.lose();
    for (let step = 0; step < 100; step++) {
      await fleet.pass(20);
      for (const process of [0, 1]) for (let n = 0; n < 2; n++) fleet.call(process);
    }
    assert.equal(fleet.stores[0]!.reading!().phase, "alone");
    assert.ok(fleet.refusedByCallee <= 2 && fleet.admitted >= 80, `${fleet.admitted} of 100, ${fleet.refusedByCallee} refused`);
    // The window that begins without the store: its part again.
    await fleet.pass(20_000);
    const [before, refused] = [fleet.admitted, fleet.refusedByCallee];
    for (const process of [0, 1]) for (let n = 0; n < 200; n++) fleet.call(process);
    assert.ok(fleet.admitted >= before + 70, `${fleet.admitted - before} of 100`);
    assert.equal(fleet.refusedByCallee, refused);
    fleet.gone = false;
    await fleet.pass(600);
    fleet.call(0);
    await fleet.pass(600);
    assert.deepEqual([fleet.stores[0]!.reading!(), fleet.refusedByCallee], [{ limit: 100, phase: "shared" }, refused]);
  });
});

it("in one window the grants and debts of a quota never exceed what any lesson left", () => {
  const ask = fc.record({ want: fc.integer({ min: -5, max: 20 }), owed: fc.nat(3), remaining: fc.option(fc.nat(50)) });
  fc.assert(
    fc.property(fc.array(ask, { maxLength: 50 }), (asks) => {
      const learnt = nothingLearnt();
      settleQuota(learnt, { name: "q", key: "k", want: 0, owed: 0, lesson: { limit: 50, remaining: 50, resetMs: 60_000 } }, 0);
      let [held, spent] = [0, 0];
      for (const { want, owed, remaining } of asks) {
        const returned = Math.max(-held, Math.min(0, want));
        const lesson = remaining === null ? {} : { remaining, resetMs: 60_000 };
        const grant = settleQuota(learnt, { name: "q", key: "k", want: want < 0 ? returned : want, owed, lesson }, 0);
        held += returned + grant.credits;
        spent = Math.min(50, spent + owed);
        assert.ok(held <= 50 && grant.left >= 0 && grant.credits <= Math.max(0, want));
        if (remaining !== null) assert.ok(grant.left + grant.credits <= remaining - returned, `${grant.left} left of ${remaining}`);
      }
    }),
  );
});

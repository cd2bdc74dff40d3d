import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LeaseAsk, LeaseGrant } from "../../../src/resilience/leases/lease-store.ts";
import { LeasedKey } from "../../../src/resilience/leases/leased-key.ts";
import { MemoryLeases, memoryLeases } from "../../../src/resilience/leases/memory-leases.ts";
import { grantLease, newState, takeOne } from "../../../src/resilience/leases/rules.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { leaseStoreConformance } from "../../../src/testing/conformance/lease-store.ts";

describe("a store of leases in memory", () => {
  const clock = new TestClock();
  const suite = leaseStoreConformance({
    create: () => memoryLeases(new MemoryLeases(clock)),
    clock,
    pass: (ms) => clock.advance(ms),
  });
  for (const { name, run } of suite) it(name, run);

  it("forgets keys whose bucket is full and of which no member has a lease", async () => {
    const leases = new MemoryLeases(clock);
    const rate = { name: "r", ratePerSecond: 10, burst: 10 };
    for (let i = 0; i < 500; i++) {
      await leases.take(rate, `key${i}`);
      clock.advance(100);
    }
    assert.ok(leases.size <= 20, `${leases.size} keys`);
  });
});

describe("the rules of leases", () => {
  const rate = { name: "r", ratePerSecond: 10, burst: 10 };
  const ask = { rate, key: "k", want: 100, demand: 100, held: false };

  it("lose at most a burst where the server's clock is set back, and gain at most one where it jumps ahead", () => {
    const state = newState(ask, 1e9);
    assert.equal(grantLease(state, { member: "a", ask, now: 1e9 }).credits, 10);
    assert.ok(takeOne(state, rate, 0) <= 1_100);
    assert.ok(grantLease(state, { member: "a", ask, now: 2_000 }).credits > 9);
    assert.equal(grantLease(state, { member: "a", ask, now: 1e12 }).credits, 10);
  });
});

describe("what a process holds of a key", () => {
  const spec = { name: "r", ratePerSecond: 100, burst: 10, maxKeys: 10 };
  const grant: LeaseGrant = { credits: 5, share: 50, members: 2, crowded: false };
  const ask = (key: LeasedKey): LeaseAsk => {
    key.asked = 2;
    return key.ask(0)!;
  };

  it("lapses 500 ms after it was asked for", () => {
    const key = new LeasedKey(spec, "k", 0);
    key.accept(grant, { ask: ask(key), sentAt: 0, now: 10 });
    assert.equal(key.spend(499), 0);
    assert.equal(key.spend(500), undefined);
  });

  it("is nothing of an answer that comes after that", () => {
    const key = new LeasedKey(spec, "k", 0);
    key.accept(grant, { ask: ask(key), sentAt: 0, now: 501 });
    assert.equal(key.spend(502), undefined);
  });

  it("makes who has spent it wait for the next renewal where the rate is asked for as a whole", () => {
    const key = new LeasedKey(spec, "k", 0);
    key.accept({ ...grant, credits: 0, crowded: true }, { ask: ask(key), sentAt: 0, now: 10 });
    assert.equal(key.spend(100), 200);
  });

  it("becomes an equal part of the rate ten seconds after the store was lost", () => {
    const key = new LeasedKey(spec, "k", 0);
    key.accept({ ...grant, credits: 0, share: 80 }, { ask: ask(key), sentAt: 0, now: 0 });
    const count = (from: number, to: number) => {
      let allowed = 0;
      for (let now = from; now < to; now += 5) if (key.takeAlone(now, 4) === 0) allowed++;
      return allowed;
    };
    assert.ok(Math.abs(count(1_000, 6_000) - 400) <= 10);
    assert.ok(Math.abs(count(11_000, 16_000) - 125) <= 10);
  });
});

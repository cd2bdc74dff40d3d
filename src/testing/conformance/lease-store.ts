import assert from "node:assert/strict";
import type { Clock } from "../../core/clock.ts";
import { type LeaseAsk, type LeaseGrant, type LeaseStore, type LeaseStoreSource, leaseMs } from "../../resilience/leases/lease-store.ts";
import { quotaClaims } from "./quotas.ts";
import type { ConformanceCase } from "./rate-store.ts";

/** What the suite needs of a store. */
export interface LeaseStoreSample {
  /** Creates a store that no test has used. */
  create(): LeaseStoreSource;
  readonly clock: Clock;
  /** Lets at least this much time pass by the clock that the store counts by. *Units*: milliseconds. */
  pass(ms: number): Promise<void> | void;
}

/** Shared by members that come again within a lease. */
const slow = { name: "slow", ratePerSecond: 2, burst: 100 };
/** So slow that nothing accrues while a case runs, however slow the store and the machine are. */
const still = { name: "still", ratePerSecond: 0.02, burst: 100 };
const mostTries = 10;

interface Tried {
  readonly store: LeaseStore;
  readonly clock: Clock;
  ask(member: string, change?: Partial<LeaseAsk>): Promise<LeaseGrant>;
  pass(ms: number): Promise<void> | void;
}

function near(actual: number, expected: number, within: number): void {
  assert(Math.abs(actual - expected) <= within, `${actual} is not ${expected} ± ${within}`);
}

/** Members count for a lease: where the asks took longer, what came says nothing, and it is tried again with another key. */
function withinLease(claim: (ask: Tried["ask"]) => Promise<void>): (tried: Tried) => Promise<void> {
  return async ({ ask, clock }) => {
    for (let tries = 1; ; tries++) {
      const since = clock.monotonic();
      try {
        return await claim((member, change) => ask(member, { key: `k${tries}`, ...change }));
      } catch (error) {
        if (clock.monotonic() - since < leaseMs / 2 || tries === mostTries) throw error;
      }
    }
  };
}

const claims: Readonly<Record<string, (tried: Tried) => Promise<void>>> = {
  "takes one by one what the burst allows, and says how long to wait for more": async ({ store }) => {
    const rate = { name: "one", ratePerSecond: 0.1, burst: 2 };
    assert.deepEqual([await store.take(rate, "k"), await store.take(rate, "k")], [0, 0]);
    const waitMs = await store.take(rate, "k");
    assert(waitMs > 0 && waitMs <= 10_000, `a wait of ${waitMs} ms`);
    await store.refund(rate, "k");
    assert.equal(await store.take(rate, "k"), 0);
  },
  "grants no more than is wanted": async ({ ask }) => near((await ask("a", { want: 7 })).credits, 7, 0),
  "grants and takes together no more than there is": async ({ store, ask }) => {
    let all = 0;
    for (let i = 0; i < 60; i++) all += (await ask(i % 2 === 0 ? "a" : "b", { rate: still, want: 40 })).credits;
    while ((await store.take(still, "k")) === 0) all++;
    assert(all >= 98 && all <= 102, `${all} of 100`);
  },
  "takes back what is returned": async ({ store, ask }) => {
    await ask("a", { rate: still, want: 100 });
    assert((await store.take(still, "k")) > 0);
    await ask("a", { rate: still, want: -50, demand: 0 });
    let left = 0;
    while ((await store.take(still, "k")) === 0) left++;
    near(left, 50, 2);
  },
  "shares between those who ask for more than there is, and gives all to one that is alone": withinLease(async (ask) => {
    assert.deepEqual([(await ask("a")).members, (await ask("b")).members], [1, 2]);
    const { share, members, crowded } = await ask("a");
    near(share, 1, 0.01);
    assert.deepEqual([members, crowded], [2, true]);
    await ask("b", { want: 0, demand: 0 });
    const alone = await ask("a");
    near(alone.share, 2, 0.01);
    assert.equal(alone.members, 1);
  }),
  "gives who needs little what it needs": withinLease(async (ask) => {
    await ask("a", { demand: 0.5 });
    near((await ask("b", { demand: 10 })).share, 1.5, 0.01);
    near((await ask("a", { demand: 0.5 })).share, 0.5, 0.01);
    const { crowded } = await ask("b", { demand: 1 });
    assert.equal(crowded, false);
  }),
  "forgets a member that has not renewed for a lease": async ({ ask, pass }) => {
    await ask("a");
    await ask("b");
    await pass(600);
    assert.equal((await ask("b")).members, 1);
  },
  "begins without a burst where it has lost a key of which a lease is held": async ({ ask }) => {
    const { credits } = await ask("a", { held: true, want: 100 });
    near(credits, 0.5, 0.2);
  },
  "answers each of many in its order, and none where nothing is asked": async ({ store }) => {
    const asks = [3, 1, 2].map((want) => ({ rate: slow, key: `k${want}`, want, demand: 10, held: false }));
    assert.deepEqual(
      (await store.exchange("a", asks)).map(({ credits }) => credits),
      [3, 1, 2],
    );
    assert.deepEqual(await store.exchange("a", []), []);
  },
  "keeps rates and keys apart, and takes any text for a key": async ({ store, ask }) => {
    const keys = ["", "tenant\nactor", "a'; drop table rates; --", "\u0000", "ключ", "{a}", "x".repeat(2_001)];
    for (const key of keys) near((await ask("a", { rate: still, key, want: 100 })).credits, 100, 0);
    near((await ask("a", { rate: { ...still, name: "other" }, want: 100 })).credits, 100, 0);
    for (const key of keys) assert((await store.take(still, key)) > 0, JSON.stringify(key.slice(0, 40)));
  },
};

/**
 * Lists what every store of leases must do; a test runs each. Each case throws an assertion where the store does not.
 * @example for (const { name, run } of leaseStoreConformance(sample)) it(name, run);
 */
export function leaseStoreConformance({ create, clock, pass }: LeaseStoreSample): readonly ConformanceCase[] {
  return Object.entries({ ...claims, ...quotaClaims }).map(([name, claim]) => ({
    name,
    run: async () => {
      const store = create().open({ app: "conformance", clock, answerWithinMs: 1_000, report: () => undefined });
      await store.service?.start();
      try {
        const ask = async (member: string, change: Partial<LeaseAsk> = {}) =>
          (await store.exchange(member, [{ rate: slow, key: "k", want: 1, demand: 100, held: false, ...change }]))[0]!;
        await claim({ store, clock, ask, pass });
      } finally {
        await store.service?.stop();
      }
    },
  }));
}

import assert from "node:assert/strict";
import type { LeaseStore } from "../../resilience/leases/lease-store.ts";
import type { QuotaAsk, QuotaGrant } from "../../resilience/leases/quota-rules.ts";

interface Tried {
  readonly store: LeaseStore;
  pass(ms: number): Promise<void> | void;
}

type Change = Partial<QuotaAsk>;

/** Each case has a store of its own, so that one key is enough. A store that keeps no quotas passes. */
function ofQuotas(claim: (ask: (change?: Change) => Promise<QuotaGrant>, tried: Tried) => Promise<void>) {
  return async (tried: Tried): Promise<void> => {
    const { store } = tried;
    if (store.quotas === undefined) return;
    const ask = async (change: Change = {}) =>
      (await store.quotas!([{ name: "q", key: "k", want: 0, owed: 0, lesson: {}, ...change }]))[0]!;
    await claim(ask, tried);
  };
}

const minute = { limit: 100, windowMs: 60_000, remaining: 40, resetMs: 60_000 };

/** What a store of leases that keeps learnt quotas does with them. */
export const quotaClaims: Readonly<Record<string, (tried: Tried) => Promise<void>>> = {
  "knows nothing of a quota before a lesson": ofQuotas(async (ask) => {
    assert.deepEqual(await ask({ want: 5 }), { known: false, credits: 0, left: 0, resetMs: 0, blockedMs: 0, limit: 0, windowMs: 0 });
  }),
  "grants of a quota no more than was wanted, and all together no more than is left": ofQuotas(async (ask) => {
    const { resetMs, ...first } = await ask({ want: 15, lesson: minute });
    assert.deepEqual(first, { known: true, credits: 15, left: 25, blockedMs: 0, limit: 100, windowMs: 60_000 });
    assert(resetMs > 50_000 && resetMs <= 60_000, `a reset in ${resetMs} ms`);
    assert.deepEqual([(await ask({ want: 20 })).credits, (await ask({ want: 20 })).credits, (await ask({ want: 1 })).credits], [20, 5, 0]);
  }),
  "counts what is owed of a quota, and takes back what is returned": ofQuotas(async (ask) => {
    assert.equal((await ask({ lesson: minute, owed: 10 })).left, 30);
    assert.equal((await ask({ want: 20 })).left, 10);
    assert.equal((await ask({ want: -15 })).left, 25);
    assert.equal((await ask({ want: -1_000 })).left, 100);
    assert.equal((await ask({ owed: 1_000 })).left, 0);
  }),
  "lets what is left of a quota only fall in a window": ofQuotas(async (ask) => {
    await ask({ lesson: minute });
    assert.equal((await ask({ lesson: { ...minute, remaining: 60, resetMs: 59_900 } })).left, 40);
    assert.equal((await ask({ lesson: { ...minute, remaining: 7, resetMs: 60_100 } })).left, 7);
  }),
  "begins the next window of a quota with its limit, or without knowing what is left": ofQuotas(async (ask, { pass }) => {
    await ask({ lesson: { ...minute, remaining: 0, resetMs: 20 } });
    await ask({ key: "once", lesson: { remaining: 0, resetMs: 20 } });
    await pass(30);
    const [next, unknown] = [await ask({ want: 1 }), await ask({ key: "once", want: 1 })];
    assert.deepEqual([next.known, next.credits, next.left, unknown.known], [true, 1, 99, false]);
  }),
  "says to all how long not to call, and never less than before": ofQuotas(async (ask) => {
    await ask({ lesson: { retryAfterMs: 60_000 } });
    const { blockedMs, known } = await ask({ lesson: { retryAfterMs: 10 } });
    assert(blockedMs > 50_000 && blockedMs <= 60_000 && !known, `blocked for ${blockedMs} ms`);
  }),
  "keeps quotas apart by owner and key": ofQuotas(async (ask) => {
    for (const key of ["", "a\nb", "'; --", "\u0000", "x".repeat(2_001)]) {
      await ask({ key, lesson: minute });
      assert.deepEqual([(await ask({ key, want: 50 })).credits, (await ask({ key, name: "other", want: 50 })).known], [40, false]);
    }
  }),
};

import assert from "node:assert/strict";
import type { Clock } from "../../core/clock.ts";
import type { RateLimiter, RateStore } from "../../resilience/rate-limit.ts";

/** What {@link rateStoreConformance} needs to test a store. */
export interface RateStoreSample {
  /** Creates a store that no test has used. */
  create(): RateStore;
  /** The clock that the store counts by. */
  readonly clock: Clock;
  /** Lets at least this much time pass by that clock. *Units*: milliseconds. */
  pass(ms: number): Promise<void> | void;
}

/** One claim that every rate store meets. */
export interface ConformanceCase {
  readonly name: string;
  run(): Promise<void>;
}

const burst = 3;
/** Of cases that let time pass. */
const intervalMs = 2_000;
/** Of the others: so long that nothing accrues while one runs, however slow the store and the machine are. */
const longMs = 60_000;

/** A limiter under test, and the time by which it counts. */
interface Tried {
  readonly limiter: RateLimiter;
  take(key: string): Promise<number>;
  /** Takes until it is refused; returns how many were allowed, at most one more than the burst. */
  takeAll(key: string): Promise<number>;
  pass(ms: number): Promise<void> | void;
}

const claims: Readonly<Record<string, (tried: Tried) => Promise<void>>> = {
  "allows the burst of a key that was idle, and no more": async ({ takeAll }) => assert.equal(await takeAll("a"), burst),
  "counts each key for itself": async ({ takeAll }) => {
    await takeAll("a");
    assert.equal(await takeAll("b"), burst);
  },
  "allows no more to many that ask at the same time": async ({ take }) => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => take("a")));
    assert.equal(answers.filter((waitMs) => waitMs === 0).length, burst);
  },
  "returns one that does not count after all": async ({ limiter, take, takeAll }) => {
    await takeAll("a");
    await limiter.refund("a");
    assert.equal(await take("a"), 0);
    assert((await take("a")) > 0);
  },
  "takes any text for a key": async ({ takeAll }) => {
    const keys = ["", "tenant\nactor", "a'; drop table rates; --", "\u0000", "ключ", "{a}", "x".repeat(2_000), "x".repeat(2_001)];
    for (const key of keys) assert.equal(await takeAll(key), burst, JSON.stringify(key.slice(0, 40)));
  },
  "answers a finite number of milliseconds, never below 0": async ({ take }) => {
    for (let i = 0; i < 2 * burst; i++) {
      const waitMs = await take("a");
      assert(Number.isFinite(waitMs) && waitMs >= 0, `a wait of ${waitMs}`);
    }
  },
};

/** Those that let time pass. */
const timedClaims: typeof claims = {
  "says how long to wait, and allows one after it": async ({ take, takeAll, pass }) => {
    await takeAll("a");
    const waitMs = await take("a");
    assert(waitMs > 0 && waitMs <= burst * intervalMs, `a wait of ${waitMs} ms`);
    await pass(waitMs);
    assert.equal(await take("a"), 0);
  },
  "gives the whole burst back to a key that is idle": async ({ takeAll, pass }) => {
    await takeAll("a");
    await pass(burst * intervalMs);
    assert.equal(await takeAll("a"), burst);
  },
  "does not count what it refuses": async ({ take, takeAll, pass }) => {
    await takeAll("a");
    const waitMs = await take("a");
    for (let i = 0; i < 20; i++) await take("a");
    await pass(waitMs);
    assert.equal(await take("a"), 0);
  },
  "gives no key more than its burst, whatever is returned": async ({ limiter, takeAll, pass }) => {
    for (let i = 0; i < 5; i++) await limiter.refund("a");
    assert.equal(await takeAll("a"), burst);
    await pass(burst * intervalMs);
    for (let i = 0; i < 5; i++) await limiter.refund("a");
    assert.equal(await takeAll("a"), burst);
  },
};

/**
 * Returns the test cases that every store of rates must pass. A case throws an assertion if the store does not.
 * @example for (const { name, run } of rateStoreConformance(sample)) it(name, run);
 */
export function rateStoreConformance({ create, clock, pass }: RateStoreSample): readonly ConformanceCase[] {
  const cases = [
    ...Object.entries(claims).map((each) => [...each, longMs] as const),
    ...Object.entries(timedClaims).map((each) => [...each, intervalMs] as const),
  ];
  return cases.map(([name, claim, everyMs]) => ({
    name,
    run: async () => {
      const rates = create().open({ app: "conformance", clock, answerWithinMs: 1_000, report: () => undefined });
      const limiter = rates.limiter({ name: "one", ratePerSecond: 1_000 / everyMs, burst, maxKeys: 1_000 });
      const take = async (key: string) => limiter.take(key, clock.monotonic());
      const takeAll = async (key: string) => {
        for (let allowed = 0; allowed <= burst; allowed++) if ((await take(key)) > 0) return allowed;
        return burst + 1;
      };
      await rates.service?.start();
      try {
        await claim({ limiter, take, takeAll, pass });
      } finally {
        await rates.service?.stop();
      }
    },
  }));
}

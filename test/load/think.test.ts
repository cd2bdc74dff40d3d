// Users who pause between their calls: the rate, the pauses and the seed.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { scenario, scheduleOf } from "../../src/load/scenario.ts";
import { thinkingUsers, usersAt } from "../../src/load/think.ts";

const times = (think: { meanMs: number; variation?: number }, plan: { rate: number; seconds: number; seed: number }) => [
  ...thinkingUsers(think, plan).times(),
];

describe("thinking users", () => {
  it("call in order, within the run, at the rate, and the same for the same seed", () =>
    fc.assert(
      fc.property(
        fc.record({
          rate: fc.double({ min: 5, max: 300, noNaN: true }),
          seed: fc.integer({ min: 1, max: 1_000_000 }),
          meanMs: fc.double({ min: 20, max: 8_000, noNaN: true }),
          variation: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        ({ rate, seed, meanMs, variation }) => {
          const plan = { rate, seconds: 20, seed };
          const all = times({ meanMs, variation }, plan);
          assert.deepEqual(all, times({ meanMs, variation }, plan));
          assert.ok(all.every((at, index) => at >= (all[index - 1] ?? 0) && at < 20_000));
          // Pauses are independent: the count of calls varies no more than by six of its standard deviations.
          const expected = rate * 20;
          const off = 6 * Math.sqrt(expected) + usersAt({ meanMs }, rate) * 0.05 + 2;
          assert.ok(Math.abs(all.length - expected) <= off, `${all.length} of ${expected}`);
        },
      ),
      { numRuns: 60 },
    ));

  it("are under way from the start: the first second has as many calls as the last", () => {
    let [first, last] = [0, 0];
    for (let seed = 1; seed <= 20; seed++) {
      const all = times({ meanMs: 5_000, variation: 1 }, { rate: 100, seconds: 10, seed });
      first += all.filter((at) => at < 1_000).length;
      last += all.filter((at) => at >= 9_000).length;
    }
    assert.ok(Math.abs(first / last - 1) < 0.12, `${first} against ${last}`);
  });

  it("pause as long as they are said to: one user calls at equal gaps without variation", () => {
    const all = times({ meanMs: 500, variation: 0 }, { rate: 2, seconds: 10, seed: 9 });
    assert.equal(usersAt({ meanMs: 500 }, 2), 1);
    for (const [index, at] of all.entries()) if (index > 0) assert.ok(Math.abs(at - all[index - 1]! - 500) < 1e-6);
  });

  it("have pauses whose deviation is the one asked for", () => {
    const all = times({ meanMs: 100, variation: 0.5 }, { rate: 10, seconds: 2_000, seed: 4 });
    const gaps = all.slice(1).map((at, index) => at - all[index]!);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    assert.ok(Math.abs(mean - 100) < 2 && Math.abs(deviation / mean - 0.5) < 0.02, `${mean}, ${deviation}`);
  });

  it("are so many as the rate needs", () => {
    assert.deepEqual([usersAt({ meanMs: 5_000 }, 200), usersAt({ meanMs: 10 }, 20)], [1_000, 1]);
  });

  it("are those of a scenario that has think, and are refused where a pause cannot be", () => {
    const operations = [{ operation: "a", path: "/" }];
    const plan = { rate: 50, seconds: 2, seed: 3 };
    const mix = scenario({ url: "http://127.0.0.1:1", operations, think: { meanMs: 1_000 } });
    assert.deepEqual([...scheduleOf(mix, plan).times()], times({ meanMs: 1_000 }, plan));
    assert.notDeepEqual([...scheduleOf({ ...mix, think: { meanMs: 2_000 } }, plan).times()], times({ meanMs: 1_000 }, plan));
    for (const think of [{ meanMs: 0 }, { meanMs: Number.NaN }, { meanMs: 5, variation: -1 }])
      assert.throws(() => scenario({ url: "http://127.0.0.1:1", operations, think }), /think\.(?:meanMs|variation) is a number/);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type CacheEntry, type EntryMoment, type EntryState, stateOf } from "../../../src/pipeline/cache/entry.ts";

const entry = (times: Partial<CacheEntry>): CacheEntry => ({
  ...{ json: "", head: undefined, tags: [], mark: undefined, quietUntil: 0 },
  ...{ loadedAt: 0, loadMs: 100, expiresAt: 1_000, staleUntil: 3_000 },
  ...times,
});
const moment = (now: number, more: Partial<EntryMoment> = {}): EntryMoment => ({
  ...{ now, random: () => 0, blindMs: 1_000, confirmedAt: Number.POSITIVE_INFINITY },
  ...more,
});

describe("the state of a value", () => {
  it("is early where now - loadMs × ln(rand) is not before its end, and in the second half of its time", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999 }),
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (now, loadMs, random) => {
          const expected = now >= 500 && now - loadMs * Math.log(1 - random) >= 1_000 ? "early" : "fresh";
          assert.equal(stateOf(entry({ loadMs }), moment(now, { random: () => random })), expected);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  const cases: readonly (readonly [string, number, Partial<EntryMoment>, EntryState])[] = [
    ["fresh before its end", 999, {}, "fresh"],
    ["stale from its end on", 1_000, {}, "stale"],
    ["gone when it is not used any more", 3_000, {}, "gone"],
    ["unconfirmed a second after the last word of other processes", 1_601, { confirmedAt: 600 }, "unconfirmed"],
    ["not yet in that second", 1_600, { confirmedAt: 600 }, "stale"],
    ["its own load being such a word", 950, { confirmedAt: Number.NEGATIVE_INFINITY }, "fresh"],
    ["gone rather than unconfirmed", 3_000, { confirmedAt: 0 }, "gone"],
  ];
  for (const [title, now, more, state] of cases) it(`is ${title}`, () => assert.equal(stateOf(entry({}), moment(now, more)), state));
});

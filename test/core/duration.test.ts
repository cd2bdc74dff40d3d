import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Duration, formatMs, parseDuration, toMs } from "../../src/core/duration.ts";

describe("duration", () => {
  const read: readonly [unknown, number | undefined][] = [
    ["250ms", 250],
    ["5s", 5_000],
    ["1.5s", 1_500],
    ["10m", 600_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    ["0ms", 0],
    [0, 0],
    [12.5, 12.5],
    [-1, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    ["", undefined],
    ["5", undefined],
    ["5 s", undefined],
    [" 5s", undefined],
    ["-5s", undefined],
    ["+5s", undefined],
    ["1e3ms", undefined],
    [".5s", undefined],
    ["5.s", undefined],
    ["2 seconds", undefined],
    ["5S", undefined],
    ["5s\n", undefined],
    [undefined, undefined],
    [null, undefined],
    [5n, undefined],
    [["5s"], undefined],
  ];
  for (const [text, ms] of read)
    it(`reads ${typeof text} ${JSON.stringify(String(text))} as ${ms}`, () => assert.equal(parseDuration(text), ms));

  it("reads every whole number of every unit exactly", () => {
    const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
    fc.assert(
      fc.property(fc.nat(100_000), fc.constantFrom(...(Object.keys(unitsMs) as (keyof typeof unitsMs)[])), (count, unit) => {
        assert.equal(toMs(`${count}${unit}`), count * unitsMs[unit]);
      }),
    );
  });

  it("asserts on what is no duration, and says how to write one", () => {
    assert.throws(() => toMs("2 seconds" as Duration), { name: "AssertionError", message: /"2 seconds" is not a duration.*"250ms"/ });
  });

  const written: readonly [number, string][] = [
    [0, "0ms"],
    [0.26, "0.3ms"],
    [250, "250ms"],
    [1_500, "1.5s"],
    [600_000, "10m"],
    [3_600_000, "1h"],
    [90_000_000, "25h"],
  ];
  for (const [ms, text] of written) it(`writes ${ms} ms as ${text}`, () => assert.equal(formatMs(ms), text));
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { constant, exponential, type Jitter } from "../../src/resilience/backoff.ts";

const attempts = fc.integer({ min: 1, max: 1_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const jitter = fc.constantFrom<Jitter>("equal", "full", "none");
const spec = fc
  .record({
    first: fc.integer({ min: 1, max: 60_000 }),
    more: fc.integer({ min: 0, max: 3_600_000 }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
  })
  .map(({ first, more, factor }) => ({ first, max: first + more, factor }));

describe("exponential backoff", () => {
  const waits: readonly [string, readonly number[]][] = [
    ["none", [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]],
    ["equal", [500, 1_000, 2_000, 4_000, 5_000, 5_000]],
    ["full", [0, 0, 0, 0, 0, 0]],
  ];
  for (const [name, least] of waits) {
    it(`waits at least so long with ${name} jitter, and twice as long each time, up to the bound`, () => {
      const backoff = exponential("1s", { max: "10s", jitter: name as Jitter });
      assert.deepEqual(
        [1, 2, 3, 4, 5, 1_000].map((attempt) => backoff.delayMs(attempt, 0)),
        least,
      );
    });
  }

  it("is at most an hour and halved by chance where nothing else is said", () => {
    assert.equal(exponential("1s").delayMs(500, 0), 1_800_000);
    assert.equal(exponential("2h").delayMs(500, 0), 3_600_000, "a first wait above the default bound is the bound");
  });

  it("stays between nothing and its bound, grows with the attempt and with chance", () =>
    fc.assert(
      fc.property(spec, jitter, attempts, random, random, ({ first, max, factor }, kind, attempt, low, high) => {
        const backoff = exponential(first, { max, factor, jitter: kind });
        const delay = backoff.delayMs(attempt, low);
        assert.ok(delay >= 0 && delay <= max, `${delay}`);
        assert.ok(backoff.delayMs(attempt + 1, low) >= delay);
        assert.ok(low > high || backoff.delayMs(attempt, high) >= delay);
      }),
    ));

  it("spreads equal jitter over the upper half, and full jitter over everything", () =>
    fc.assert(
      fc.property(spec, attempts, random, (options, attempt, chance) => {
        const whole = exponential(options.first, { ...options, jitter: "none" }).delayMs(attempt, chance);
        const close = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) <= 1e-6 * whole, `${actual} ${expected}`);
        close(exponential(options.first, { ...options, jitter: "full" }).delayMs(attempt, chance), whole * chance);
        close(exponential(options.first, { ...options, jitter: "equal" }).delayMs(attempt, chance), whole * (0.5 + chance / 2));
      }),
    ));

  const refused: readonly [string, () => unknown, RegExp][] = [
    ["a first wait of nothing", () => exponential(0), /first wait above 0/],
    ["a bound below the first wait", () => exponential("2m", { max: "1m" }), /longer max/],
    ["a factor that shrinks", () => exponential("1s", { factor: 0.5 }), /from 1 to 10/],
    ["a factor that is no number", () => exponential("1s", { factor: Number.NaN }), /from 1 to 10/],
    ["a wait of a year", () => exponential("1s", { max: "365d" }), /Write at most 720h/],
    ["a jitter that does not exist", () => exponential("1s", { jitter: "some" as never }), /"equal", "full" or "none"/],
    ["what is no duration", () => exponential("1 second" as never), /not a duration/],
    ["a constant wait that is too long", () => constant("31d"), /Write at most 720h/],
  ];
  for (const [name, make, fix] of refused) it(`refuses ${name}`, () => assert.throws(make, fix));
});

describe("constant backoff", () => {
  it("waits the same time before each attempt, with chance only where it is asked for", () => {
    assert.deepEqual(
      [1, 2, 100].map((attempt) => constant("30s").delayMs(attempt, 0.9)),
      [30_000, 30_000, 30_000],
    );
    assert.equal(constant("30s", { jitter: "equal" }).delayMs(3, 0.5), 22_500);
    assert.equal(constant(0).delayMs(1, 0.5), 0);
  });
});

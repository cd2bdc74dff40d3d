import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { hold, type Phase, ramp, schedule } from "../../src/load/schedule.ts";

const rates = fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 500, noNaN: true }));
const phases = fc.array(
  fc.record({ seconds: fc.double({ min: 0.1, max: 5, noNaN: true }), from: rates, to: rates }) satisfies fc.Arbitrary<Phase>,
  { minLength: 1, maxLength: 4 },
);

describe("a schedule", () => {
  it("at a constant rate has one arrival in the middle of each gap", () => {
    assert.deepEqual([...schedule([hold(4, 1)]).times()], [125, 375, 625, 875]);
  });

  it("steps from one rate to the next", () => {
    const times = [...schedule([hold(10, 1), hold(50, 1), hold(10, 1)]).times()];
    assert.deepEqual([countIn(times, 0, 1_000), countIn(times, 1_000, 2_000), countIn(times, 2_000, 3_000)], [10, 50, 10]);
  });

  it("ramps: in each second as many as the rate is in its middle", () => {
    const times = [...schedule([ramp(0, 400, 4)]).times()];
    assert.deepEqual(
      [0, 1, 2, 3].map((second) => countIn(times, second * 1_000, (second + 1) * 1_000)),
      [50, 150, 250, 350],
    );
  });

  it("of evenly spaced arrivals has as many as expected, to within one, in order and within its time", () => {
    fc.assert(
      fc.property(phases, (given) => {
        const plan = schedule(given);
        const times = [...plan.times()];
        assert.ok(Math.abs(times.length - plan.expected) <= 1, `${times.length} of ${plan.expected}`);
        assertOrdered(times, plan.seconds);
      }),
    );
  });

  it("of Poisson arrivals repeats for a seed, in order and within its time", () => {
    fc.assert(
      fc.property(phases, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (given, seed) => {
        const plan = schedule(given, { spacing: "poisson", seed });
        const times = [...plan.times()];
        assert.deepEqual([...plan.times()], times);
        assertOrdered(times, plan.seconds);
        // Five standard deviations, and one for small numbers: once in 10^6.
        assert.ok(Math.abs(times.length - plan.expected) <= 6 * Math.sqrt(plan.expected) + 6, `${times.length} of ${plan.expected}`);
      }),
    );
  });

  it("of Poisson arrivals has gaps as far apart from each other as from zero", () => {
    const times = [...schedule([hold(1_000, 20)], { spacing: "poisson", seed: 3 }).times()];
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    assert.ok(Math.abs(mean - 1) < 0.05, `mean ${mean}`);
    assert.ok(Math.abs(deviation / mean - 1) < 0.05, `deviation ${deviation}`);
  });

  it("differs between seeds", () => {
    const [one, other] = [1, 2].map((seed) => [...schedule([hold(100, 1)], { spacing: "poisson", seed }).times()]);
    assert.notDeepEqual(one, other);
  });

  it("refuses phases without time and rates below 0", () => {
    for (const phase of [hold(1, 0), hold(1, Number.POSITIVE_INFINITY)]) assert.throws(() => schedule([phase]), /seconds above 0/);
    for (const phase of [hold(-1, 1), ramp(1, Number.NaN, 1)]) assert.throws(() => schedule([phase]), /from 0 up/);
  });
});

function countIn(times: readonly number[], from: number, to: number): number {
  return times.filter((time) => time >= from && time < to).length;
}

function assertOrdered(times: readonly number[], seconds: number): void {
  for (const [index, time] of times.entries()) {
    assert.ok(time >= (times[index - 1] ?? 0), `arrival ${index} at ${time} comes before the one before it`);
    assert.ok(time <= seconds * 1_000 + 1e-6, `arrival ${index} at ${time} comes after the end`);
  }
}

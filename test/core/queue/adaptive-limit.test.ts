import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AdaptiveLimit } from "../../../src/core/queue/learnt/adaptive-limit.ts";
import { type Callee, drive } from "./callee.ts";

const ceiling = 64;
const exponential = (meanMs: number) => (_: number, random: () => number) => -Math.log(1 - random()) * meanMs;
const uniform = (meanMs: number) => (_: number, random: () => number) => meanMs * (0.5 + random());
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const callees: Readonly<Record<string, Callee>> = {
  "20 places of 50 ms": { places: 20, serviceMs: () => 50 },
  "20 places of 25 to 75 ms": { places: 20, serviceMs: uniform(50) },
  "20 places of any time, 50 ms on average": { places: 20, serviceMs: exponential(50) },
  "4 places of 10 ms": { places: 4, serviceMs: () => 10 },
  "4 places of any time, 10 ms on average": { places: 4, serviceMs: exponential(10) },
  "40 places of any time, 50 ms on average": { places: 40, serviceMs: exponential(50) },
};

describe("AdaptiveLimit", () => {
  for (const [name, callee] of Object.entries(callees))
    it(`finds the knee of ${name} within a fifth, and does not drift in 10 minutes`, () => {
      for (const seed of [1, 2, 3]) {
        const limits = drive(new AdaptiveLimit({ ceiling }), callee, { seconds: 600, seed });
        for (const [from, to] of [
          [120, 300],
          [300, 450],
          [450, 600],
        ] as const) {
          const learnt = mean(limits.slice(from, to)) / callee.places;
          assert.ok(learnt >= 0.8 && learnt <= 1.2, `${learnt} of the knee from ${from} s to ${to} s, seed ${seed}`);
        }
      }
    });

  it("stays where it is as long as places are free", () => {
    const limits = drive(new AdaptiveLimit({ ceiling }), { places: 20, serviceMs: exponential(50) }, { seconds: 120, demand: ceiling - 1 });
    assert.deepEqual([...new Set(limits)], [ceiling]);
  });

  it("stays near its ceiling where calls do not become slower with more", () => {
    const limits = drive(new AdaptiveLimit({ ceiling }), { places: 1_000, serviceMs: exponential(50) }, { seconds: 300 });
    assert.ok(mean(limits.slice(10)) >= ceiling * 0.95, `${mean(limits)}`);
  });

  it("keeps its limit where all calls become ten times slower, whatever their number", () => {
    const serviceMs = (at: number) => (at < 100_000 ? 50 : 500);
    const limits = drive(new AdaptiveLimit({ ceiling }), { places: 20, serviceMs }, { seconds: 600 });
    assert.ok(Math.min(...limits.slice(60)) >= 16, `${Math.min(...limits.slice(60))}`);
  });

  it("learns below a ceiling that was moved, and follows it where nothing is to be learnt", () => {
    const share = new AdaptiveLimit({ ceiling });
    share.bound(24);
    const limits = drive(share, { places: 8, serviceMs: exponential(50) }, { seconds: 300 });
    assert.ok(Math.max(...limits) <= 24);
    const learnt = mean(limits.slice(120)) / 8;
    assert.ok(learnt >= 0.8 && learnt <= 1.25, `${learnt} of the knee`);
    share.bound(48);
    assert.ok(share.current <= 12, `${share.current}: what was learnt stays`);

    const free = new AdaptiveLimit({ ceiling });
    free.bound(10);
    assert.equal(free.current, 10);
    free.bound(40);
    assert.equal(free.current, 40);
    free.bound(0);
    assert.equal(free.current, 1);
  });

  it("never goes below its floor nor above its ceiling, whatever it is given", () => {
    const call = fc.record({
      held: fc.integer({ min: 0, max: 100 }),
      heldMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })),
      outcome: fc.constantFrom("ok", "deadline_exceeded", "internal", "cancelled"),
    });
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 64 }), fc.array(call, { minLength: 1, maxLength: 40 }), (most, calls) => {
        const limit = new AdaptiveLimit({ ceiling: most, floor: 3 });
        for (let n = 0; n < 5_000; n++) {
          const { held, ...how } = calls[n % calls.length]!;
          limit.released(held, how as Parameters<AdaptiveLimit["released"]>[1]);
          assert.ok(Number.isInteger(limit.current) && limit.current >= 3 && limit.current <= most, `${limit.current}`);
        }
      }),
      { numRuns: 50 },
    );
  });
});

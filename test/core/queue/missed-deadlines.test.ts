import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AdaptiveLimit } from "../../../src/core/queue/learnt/adaptive-limit.ts";
import { FixedLimit } from "../../../src/core/queue/limit.ts";
import { driveTimed, type TimedCallee } from "./deadlines.ts";

const ceiling = 64;
const exponential = (meanMs: number, random: () => number) => -Math.log(1 - random()) * meanMs;
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("an adaptive limit whose calls miss their deadlines", () => {
  for (const [name, slowMs, perSecond] of [
    ["half as fast", 20, 200],
    ["a fifth as fast", 50, 80],
  ] as const)
    it(`is right within a second where the callee becomes ${name} than it was, and all places fill at once`, () => {
      for (const seed of [1, 2, 3]) {
        const callee: TimedCallee = {
          ...{ places: 4, deadlineMs: 250 },
          serviceMs: (at, random) => (at < 10_000 ? 10 : slowMs * (0.95 + random() / 10)),
          demand: (at) => (at < 10_000 ? 3 : 1_000),
        };
        const { inTime, limits } = driveTimed(new AdaptiveLimit({ ceiling }), callee, { seconds: 40, seed });
        assert.equal(limits[8], ceiling, "nothing was to be learnt before");
        assert.ok(mean(inTime.slice(12, 15)) >= perSecond * 0.85, `${inTime.slice(10, 16)} in time, seed ${seed}`);
        assert.ok(mean(inTime.slice(15)) >= perSecond * 0.9, `${mean(inTime.slice(15))} in time, seed ${seed}`);
      }
    });

  it("does as much as it did within two seconds of a standstill in which no call ended in time", () => {
    for (const seed of [1, 2, 3]) {
      const callee: TimedCallee = {
        ...{ places: 50, deadlineMs: 250 },
        serviceMs: (at, random) => (at > 5_000 && at < 15_000 ? 10_000 : exponential(50, random)),
        demand: () => 1_000,
      };
      const { inTime } = driveTimed(new AdaptiveLimit({ ceiling }), callee, { seconds: 30, seed });
      assert.ok(mean(inTime.slice(17, 20)) >= inTime[3]! * 0.9, `${inTime.slice(15)} in time, ${inTime[3]} before, seed ${seed}`);
    }
  });

  it("keeps its limit where most calls miss their deadlines whatever their number", () => {
    for (const seed of [1, 2, 3]) {
      const callee: TimedCallee = {
        ...{ places: 1_000, deadlineMs: 250 },
        serviceMs: (_, random) => (random() < 0.65 ? 10_000 : exponential(20, random)),
        demand: () => 64,
      };
      const { inTime } = driveTimed(new AdaptiveLimit({ ceiling }), callee, { seconds: 60, seed });
      const fixed = driveTimed(new FixedLimit(ceiling), callee, { seconds: 60, seed });
      assert.ok(
        mean(inTime) >= mean(fixed.inTime) * 0.9,
        `${mean(inTime)} in time, ${mean(fixed.inTime)} with a fixed limit, seed ${seed}`,
      );
    }
  });

  it("is not halved for deadlines that are missed while places are free", () => {
    const callee: TimedCallee = { places: 1_000, deadlineMs: 250, serviceMs: () => 10_000, demand: () => 20 };
    const { limits } = driveTimed(new AdaptiveLimit({ ceiling }), callee, { seconds: 30 });
    assert.deepEqual([...new Set(limits)], [ceiling]);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { predictLine } from "../../src/capacity/model/line.ts";
import { predict } from "../../src/capacity/model/predict.ts";
import { aloneMs, type OperationDemand, stationsAt } from "../../src/capacity/model/system.ts";
import { erlangC } from "../../src/capacity/queueing/erlang.ts";

const ms = (max: number) => fc.double({ min: 0.05, max, noNaN: true });
const operation = fc.record({
  ...{ loopMs: ms(5), heldLoopMs: ms(1), databaseMs: ms(6), heldMs: ms(10), tax: ms(40) },
  ...{
    slots: fc.integer({ min: 2, max: 40 }),
    queue: fc.integer({ min: 0, max: 60 }),
    variation: fc.double({ min: 0, max: 3, noNaN: true }),
  },
});
const system = fc.record({
  operations: fc.array(operation, { minLength: 1, maxLength: 3 }).map((all) =>
    all.map(
      ({ tax, ...rest }, index): OperationDemand => ({
        ...rest,
        name: `o${index}`,
        share: 1 / all.length,
        upstreams: { tax },
        deadlineMs: 400,
      }),
    ),
  ),
  shape: fc.record({
    replicas: fc.integer({ min: 1, max: 6 }),
    pool: fc.integer({ min: 1, max: 20 }),
    databaseCores: fc.integer({ min: 1, max: 8 }),
    upstreams: fc.record({ tax: fc.integer({ min: 1, max: 20 }) }),
  }),
});

describe("the model", () => {
  it("is as fast as an operation alone without load, and slower with more of it", () =>
    fc.assert(
      fc.property(system, fc.double({ min: 0.05, max: 0.5, noNaN: true }), ({ shape, operations }, share) => {
        const most = stationsAt(shape, operations, 1)[0]!.most;
        const [idle, some, more] = [0.001, share, share * 1.8].map((part) => predict(shape, operations, most * part).operations);
        for (const [index, one] of operations.entries()) {
          assert.ok(Math.abs(idle![index]!.meanMs - aloneMs(one)) <= 0.1 * aloneMs(one));
          assert.ok(some![index]!.meanMs >= idle![index]!.meanMs * (1 - 1e-6));
          assert.ok(more![index]!.meanMs >= some![index]!.meanMs * (1 - 1e-6), `${more![index]!.meanMs} < ${some![index]!.meanMs}`);
        }
      }),
      { numRuns: 40, endOnFailure: true },
    ));

  // Where a pool and the server behind it are as scarce, the approximation may lose a few percent when the pool grows.
  it("has a line that no station is above, and that never falls where something is added", () =>
    fc.assert(
      fc.property(system, ({ shape, operations }) => {
        const line = predictLine(shape, operations);
        assert.ok(line.rate <= line.bottleneck.most * (1 + 1e-9) && line.bottleneck.used <= 1 + 1e-9);
        const more = [
          { ...shape, pool: shape.pool + 4 },
          { ...shape, databaseCores: shape.databaseCores + 2 },
          { ...shape, upstreams: { tax: shape.upstreams.tax + 4 } },
        ];
        for (const larger of more) assert.ok(predictLine(larger, operations).rate >= line.rate * 0.9);
      }),
      { numRuns: 40, endOnFailure: true, seed: 7 },
    ));

  it("is M/M/1 for a loop alone, and M/M/c for slots around a wait", () => {
    const none = {
      name: "o",
      share: 1,
      loopMs: 0,
      heldLoopMs: 0,
      databaseMs: 0,
      heldMs: 0,
      upstreams: {},
      queue: 400,
      deadlineMs: 1_000,
      variation: 1,
    };
    const shape = { replicas: 1, pool: 10, databaseCores: 4, upstreams: {} };
    const loop = predict(shape, [{ ...none, loopMs: 2, slots: 200 }], 400).operations[0]!;
    assert.ok(Math.abs(loop.meanMs - 2 / (1 - 0.8)) < 0.01, `${loop.meanMs}`);
    assert.ok(Math.abs(loop.p99Ms + 10 * Math.log(0.01)) < 1, `${loop.p99Ms}`);
    const slots = predict(shape, [{ ...none, upstreams: { pay: 20 }, slots: 4 }], 160).operations[0]!;
    assert.ok(Math.abs(slots.meanMs - (20 + (erlangC(4, 3.2) * 20) / 0.8)) < 0.01, `${slots.meanMs}`);
  });
});

// The predicted load line against that of a simulated system: calibrated at a quarter of its capacity, with nothing fitted to these systems.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { predictLine, refusedShare } from "../../src/capacity/model/line.ts";
import { aloneMs, type OperationDemand, type StationKind, type SystemShape, stationsAt } from "../../src/capacity/model/system.ts";
import { fitUsl } from "../../src/capacity/queueing/usl.ts";
import { type Configuration, configurations } from "./configurations.ts";
import { type Simulated, simulate } from "./simulator.ts";

/** The bar: so much may a prediction be away from the line. */
const tolerance = 0.15;
const requests = 8_000;
/** Shares of the capacity at which a calibration looks: at most 30%. */
const lowRates = [0.05, 0.1, 0.2, 0.28];

const holds = (system: Simulated, rate: number): boolean => {
  const { p99Share, refused } = simulate(system, { rate, requests, seed: 11 });
  return p99Share <= 1 && refused <= refusedShare;
};

/** The same system with half as much again of one station. */
function enlarged(system: Simulated, station: StationKind): Simulated {
  const { shape, operations } = system;
  const more = (count: number): number => Math.ceil(count * 1.5);
  const grown: Readonly<
    Record<StationKind, { readonly shape?: Partial<SystemShape>; readonly operation?: (one: OperationDemand) => Partial<OperationDemand> }>
  > = {
    loop: { operation: ({ loopMs, heldLoopMs }) => ({ loopMs: loopMs / 1.5, heldLoopMs: heldLoopMs / 1.5 }) },
    pool: { shape: { pool: more(shape.pool) } },
    postgres: { shape: { databaseCores: more(shape.databaseCores) } },
    upstream: { shape: { upstreams: Object.fromEntries(Object.entries(shape.upstreams).map(([name, count]) => [name, more(count)])) } },
    slots: { operation: ({ slots }) => ({ slots: more(slots) }) },
  };
  const { shape: larger, operation } = grown[station];
  return { ...system, shape: { ...shape, ...larger }, operations: operations.map((one) => ({ ...one, ...operation?.(one) })) };
}

/** What simpler laws say of the same low rates: slots by the time of one request, and a curve through the points. */
function simpler(system: Configuration, runs: readonly ReturnType<typeof simulate>[]): { readonly little: number; readonly usl: number } {
  const { operations, shape } = system;
  const little = Math.min(...operations.map((one) => (shape.replicas * one.slots * 1_000) / aloneMs(one) / one.share));
  return { little, usl: fitUsl(runs.map(({ inFlight, rate }) => ({ inFlight, throughput: rate }))).peak };
}

describe("the predicted load line", () => {
  const within = { little: 0, usl: 0 };
  for (const system of configurations)
    it(`is within 15% for ${system.name}, held by ${system.bottleneck}`, (t) => {
      const most = stationsAt(system.shape, system.operations, 1)[0]!.most;
      const runs = lowRates.map((share) => simulate(system, { rate: most * share, requests: 2_000, seed: 7 }));
      const predicted = predictLine(system.shape, runs.at(-1)!.demands);
      assert.equal(predicted.bottleneck.station, system.bottleneck);
      const [below, above] = [predicted.rate / (1 + tolerance), predicted.rate / (1 - tolerance)];
      assert.ok(holds(system, below), `${below} of ${predicted.rate} is too much already`);
      assert.ok(!holds(system, above), `${above} of ${predicted.rate} is not too much yet`);
      assert.ok(holds(enlarged(system, predicted.bottleneck.station), above), `more of ${predicted.bottleneck.station} did not help`);
      const { little, usl } = simpler(system, runs);
      for (const [name, rate] of [
        ["little", little],
        ["usl", usl],
      ] as const)
        if (rate > below && rate < above) within[name]++;
      t.diagnostic(`network ${predicted.rate.toFixed(0)}/s, Little ${little.toFixed(0)}/s, USL ${usl.toFixed(0)}/s`);
    });

  it("is closer than Little's law alone and the universal scalability law on the same points", () => {
    assert.ok(within.little <= configurations.length / 2, `${within.little}`);
    assert.ok(within.usl <= configurations.length / 2, `${within.usl}`);
  });

  it("was tried with each station as the bottleneck at least twice", () => {
    for (const station of ["loop", "pool", "slots", "upstream", "postgres"] satisfies StationKind[])
      assert.ok(configurations.filter(({ bottleneck }) => bottleneck === station).length >= 2, station);
  });
});

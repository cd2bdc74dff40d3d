// The statistic on simulated machines: what it says of two versions that are equal, and of one that takes a tenth more.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/clock.ts";
import { type CompareOptions, compareRounds, type Round } from "../../../src/load/paired/compare.ts";
import { bootstrap, middleOf } from "../../../src/load/paired/interval.ts";
import { measureRound } from "../../../src/load/paired/slices.ts";
import { machines, type Noise, simulated } from "./machines.ts";

interface Case {
  readonly factor: number;
  readonly seed: number;
}

function compare(noise: Noise, { factor, seed }: Case, options: Partial<CompareOptions> = {}) {
  const machine = simulated(noise, seededRandom(seed * 2_654_435_761));
  return compareRounds({ round: () => measureRound(machine.round(factor)), random: seededRandom(seed), ...options });
}

/** How often each machine is simulated. *Default*: 40; `RUNS=300` is the long form. */
const runs = Number(process.env.RUNS ?? 40);

async function verdicts(noise: Noise, factor: number) {
  const counts = { regression: 0, fine: 0, "not shown": 0 };
  for (let seed = 1; seed <= runs; seed++) counts[(await compare(noise, { factor, seed })).figures.cpu!.verdict]++;
  return counts;
}

describe("paired rounds on simulated machines", () => {
  for (const [name, noise] of Object.entries(machines)) {
    it(`give at most one false alarm in 50 for equal versions: ${name}`, async () => {
      const { regression, fine } = await verdicts(noise, 1);
      assert.ok(regression <= runs / 50, `${regression} of ${runs}`);
      assert.ok(fine >= 0.95 * runs, `fine ${fine} of ${runs}`);
    });

    it(`find a tenth more in 19 of 20: ${name}`, async () => {
      const counts = await verdicts(noise, 1.1);
      assert.ok(counts.regression >= 0.95 * runs, JSON.stringify(counts));
    });
  }

  it("say of any noise within those bounds that equal versions are equal, and a quarter more is more", () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          ...{ slice: part(0.05), process: part(0.02), outliers: part(0.04), outlier: part(1.5), memory: part(0.9), lasting: part(0.03) },
          drift: fc.double({ min: -0.003, max: 0.003, noNaN: true }),
        }),
        fc.integer({ min: 1, max: 1_000_000 }),
        async (noise, seed) => {
          assert.notEqual((await compare(noise, { factor: 1, seed })).figures.cpu!.verdict, "regression");
          assert.equal((await compare(noise, { factor: 1.25, seed })).figures.cpu!.verdict, "regression");
        },
      ),
      { numRuns: 20, seed: 5 },
    ));

  it("say that nothing is shown where the intervals stay wide, whether a tenth was added or not", async () => {
    const wild = { ...machines["all of it"]!, process: 0.35, slice: 0.3 };
    for (const factor of [1, 1.1])
      for (let seed = 1; seed <= 20; seed++) {
        const { figures, rounds } = await compare(wild, { factor, seed });
        assert.equal(figures.cpu!.verdict, "not shown");
        assert.ok(rounds >= 40 && figures.cpu!.change.high - figures.cpu!.change.low > 0.05);
      }
  });

  it("take more rounds where there is more noise, and the same ones for the same seed", async () => {
    const [little, much] = [machines["disturbances that last"]!, machines["processes that differ"]!];
    const [one, other] = [await compare(little, { factor: 1, seed: 3 }), await compare(much, { factor: 1, seed: 3 })];
    assert.ok(one.rounds >= 8 && other.rounds > one.rounds, `${one.rounds}, ${other.rounds}`);
    assert.deepEqual(await compare(much, { factor: 1, seed: 3 }), other);
  });
});

describe("what the gate says", () => {
  const of =
    (change: number, same = 0) =>
    (index: number) => ({
      cpu: { change: change + (index % 2 ? 0.002 : -0.002), same: same + (index % 3 ? 0.001 : -0.002) },
    });
  const run = (round: (index: number) => Round) => compareRounds({ round: async (index) => round(index), random: seededRandom(1) });
  const verdictOf = async (round: (index: number) => Round) => (await run(round)).figures.cpu!.verdict;

  it("takes a suspicion for a regression only if new rounds confirm it", async () => {
    assert.equal(await verdictOf(of(0.09)), "regression");
    assert.equal(await verdictOf((index) => of(index < 8 ? 0.09 : 0)(index)), "fine");
  });

  it("leaves alone what is below the threshold, and what is faster", async () => {
    for (const change of [-0.3, -0.05, 0, 0.02]) assert.equal(await verdictOf(of(change)), "fine", `${change}`);
  });

  it("names nothing that the same version shows against itself", async () => {
    assert.equal(await verdictOf(of(0.08, 0.08)), "fine");
    assert.equal(await verdictOf(of(0.2, 0.2)), "not shown");
    assert.equal(await verdictOf(of(0.2, -0.2)), "not shown");
  });

  it("takes what is excluded at the end for excluded, if the interval is not as narrow as was planned", async () => {
    const { figures, rounds } = await run((index) => ({ cpu: { change: index % 2 ? 0.1 : -0.1, same: 0 } }));
    assert.deepEqual([figures.cpu!.verdict, rounds], ["fine", 40]);
    assert.ok(figures.cpu!.change.high < 1.1);
  });

  it("judges each figure by itself", async () => {
    const { figures } = await run((index) => ({ ...of(0)(index), latency: of(0.3)(index).cpu }));
    assert.deepEqual([figures.cpu!.verdict, figures.latency!.verdict], ["fine", "regression"]);
  });
});

describe("the interval", () => {
  it("has the true value in 93 to 98 of 100, for 8 values and for 30", () => {
    for (const size of [8, 30]) {
      const random = seededRandom(11);
      let covered = 0;
      for (let time = 0; time < 400; time++) {
        const values = Array.from({ length: size }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
        const { low, high } = bootstrap(values, random);
        if (low <= 0 && high >= 0) covered++;
      }
      assert.ok(covered >= 372 && covered <= 396, `${covered} of 400 with ${size}`);
    }
  });

  it("has a middle between its ends that one value cannot move far", () =>
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 20 }), (values) => {
        const { low, middle, high } = bootstrap(values, seededRandom(1));
        assert.ok(low <= middle + 1e-9 && middle <= high + 1e-9);
        const disturbed = middleOf([...values.slice(1), 1_000]);
        assert.ok(disturbed <= Math.max(...values) + 1e-9, `${disturbed}`);
      }),
      { numRuns: 50 },
    ));
});

describe("the slices of a round", () => {
  it("cancel any steady drift", () =>
    fc.assert(
      fc.asyncProperty(
        fc.double({ min: -0.05, max: 0.05, noNaN: true }),
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        async (drift, factor) => {
          const none = { slice: 0, process: 0, drift, outliers: 0, outlier: 0, memory: 0, lasting: 0 };
          const { cpu } = await measureRound(simulated(none, seededRandom(1)).round(factor));
          assert.ok(Math.abs(cpu!.change - Math.log(factor)) < 1e-9 && Math.abs(cpu!.same) < 1e-9);
        },
      ),
    ));

  it("measure one side at a time, each once in a pair, with the calls of the pair", async () => {
    const seen: string[] = [];
    let busy = 0;
    await measureRound(async (side, pair) => {
      assert.equal(busy++, 0);
      seen.push(`${pair} ${side}`);
      await Promise.resolve();
      busy--;
      return { cpu: 1 };
    });
    const expected = [0, 1, 2, 3, 4, 5].flatMap((pair) => ["after", "again", "before"].map((side) => `${pair} ${side}`));
    assert.deepEqual(seen.toSorted(), expected);
  });
});

function part(max: number) {
  return fc.double({ min: 0, max, noNaN: true });
}

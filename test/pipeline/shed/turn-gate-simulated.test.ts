import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../../../src/core/clock.ts";
import { type Load, type Outcome, percentile, refusalMs, simulate } from "./simulator.ts";

const lengthMs = 20_000;
const deadlineMs = 250;

function load(perSecond: number, spec: Partial<Load> = {}): Load {
  return { rank: 1, perSecond: () => perSecond, most: perSecond, workMs: 5, deadlineMs, ...spec };
}

const run = (loads: readonly Load[], seed: number) => simulate(loads, { lengthMs, seed }) as [Outcome, ...Outcome[]];
const goodput = ({ ok }: Outcome) => (ok * 1_000) / lengthMs;

/** What is left for work beside the refusals. */
const capacityBeside = (offered: number, workMs: number) => (1_000 - Math.max(0, offered - 1_000 / workMs) * refusalMs) / workMs;

describe("a process under overload, in virtual time", () => {
  for (const times of [2, 5, 10])
    it(`does as much as it can at ${times} times its capacity, and none of it late`, () => {
      // Service times are any, and so are the seeds.
      const random = seededRandom(times);
      for (let n = 0; n < 5; n++) {
        const workMs = 1 + random() * 9;
        const offered = (1_000 / workMs) * times;
        const [outcome] = run([load(offered, { workMs })], n);
        const ratio = goodput(outcome) / capacityBeside(offered, workMs);
        assert.ok(ratio >= 0.95, `${ratio} of the ideal with ${workMs} ms of work, seed ${n}`);
        assert.equal(outcome.late, 0);
        const p99 = percentile(outcome.latencies, 99);
        // Twice the age, a step, and the refusals between.
        assert.ok(p99 <= deadlineMs / 2, `p99 of ${p99} ms`);
      }
    });

  it("refuses next to nothing up to four fifths of its capacity", () => {
    for (const seed of [1, 2, 3]) {
      const [{ refused, ok }] = run([load(160)], seed);
      assert.ok(refused <= ok * 0.005, `${refused} of ${ok}`);
    }
  });

  it("refuses no critical request while these alone are under its capacity, whatever else is offered", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const flood = load(1_000, { rank: 0, perSecond: (at) => (at < 2_000 ? 10 : 1_000) });
      const [critical, sheddable] = run([load(150, { rank: 2 }), flood], seed);
      assert.deepEqual([critical.refused, critical.late], [0, 0], `seed ${seed}`);
      assert.ok(sheddable!.ok > 0, "what critical requests leave is used");
    }
  });

  it("refuses nothing any more within a second of the end of an overload", () => {
    for (const seed of [1, 2, 3]) {
      const [{ refusedAt }] = run([load(1_000, { perSecond: (at) => (at > 5_000 && at < 10_000 ? 1_000 : 140) })], seed);
      assert.ok(refusedAt.some((at) => at < 10_000));
      assert.ok(Math.max(...refusedAt) < 11_000, `${Math.max(...refusedAt)}`);
    }
  });

  it("leaves other tenants what they need beside one that sends many times the capacity", () => {
    for (const [part, times] of [
      [0.4, 2],
      [0.4, 10],
      [0.6, 6],
    ] as const)
      for (const seed of [1, 2]) {
        const quiet = Array.from({ length: 9 }, (_, n) => load((200 * part) / 9, { tenant: `t${n}` }));
        const outcomes = run([...quiet, load(200 * times, { tenant: "noisy" })], seed).slice(0, 9);
        const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
        const kept = sum(({ ok }) => ok) / sum(({ ok, late, refused }) => ok + late + refused);
        assert.ok(kept >= 0.95, `${kept} is left with ${times} times, seed ${seed}`);
      }
  });
});

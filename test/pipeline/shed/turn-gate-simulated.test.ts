import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../../../src/core/clock.ts";
import { type Load, type Outcome, percentile, refusalMs, type Simulated, simulate } from "./simulator.ts";

const lengthMs = 20_000;
const deadlineMs = 250;

function load(perSecond: number, spec: Partial<Load> = {}): Load {
  return { rank: 1, perSecond: () => perSecond, most: perSecond, workMs: 5, deadlineMs, ...spec };
}

const run = (loads: readonly Load[], seed: number, more: Partial<Simulated> = {}) =>
  simulate(loads, { lengthMs, seed, ...more }) as [Outcome, ...Outcome[]];
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

  const besideFlood = (part: number, seed: number) => {
    const flood = load(1_000, { rank: 0, perSecond: (at) => (at < 2_000 ? 10 : 1_000) });
    const [critical, sheddable] = run([load(200 * part, { rank: 2 }), flood], seed);
    assert.ok(sheddable!.ok > 0, "what critical requests leave is used");
    return critical;
  };

  for (const part of [0.75, 0.8, 0.85])
    it(`refuses no critical request beside a flood while these alone need ${part} of its capacity`, () => {
      for (let seed = 1; seed <= 10; seed++) {
        const { refused, late } = besideFlood(part, seed);
        assert.deepEqual([refused, late], [0, 0], `seed ${seed}`);
      }
    });

  it("with 0.9 of its capacity, and the refusals of a flood beside them, refuses fewer critical requests than would be late", () => {
    let sums = { ok: 0, late: 0, refused: 0 };
    for (let seed = 1; seed <= 10; seed++) {
      const { ok, late, refused } = besideFlood(0.9, seed);
      sums = { ok: sums.ok + ok, late: sums.late + late, refused: sums.refused + refused };
    }
    assert.equal(sums.late, 0);
    // Where none is refused, one in 300 of them waits for longer than its deadline: the queue of random arrivals is as long as that now and then.
    assert.ok(sums.refused <= sums.ok / 600, `${sums.refused} of ${sums.ok}`);
  });

  for (const times of [1.2, 2, 5])
    it(`does as much as it can where critical requests alone are ${times} times its capacity, in time`, () => {
      for (const seed of [1, 2, 3]) {
        const [critical] = run([load(200 * times, { rank: 2 })], seed);
        assert.ok(goodput(critical) / capacityBeside(200 * times, 5) >= 0.95, `${goodput(critical)}, seed ${seed}`);
        assert.ok(percentile(critical.latencies, 99) <= deadlineMs, `${percentile(critical.latencies, 99)}, seed ${seed}`);
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

  it("leaves other tenants what they need beside one that is reached first in every turn", () => {
    for (const [part, times] of [
      [0.4, 2],
      [0.6, 6],
      [0.6, 50],
    ] as const)
      for (const seed of [1, 2]) {
        const quiet = Array.from({ length: 9 }, (_, n) => load((200 * part) / 9, { tenant: `t${n}` }));
        const outcomes = run([...quiet, load(200 * times, { tenant: "noisy", first: true })], seed, { refusalMs: 0.02 }).slice(0, 9);
        const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
        const kept = sum(({ ok }) => ok) / sum(({ ok, late, refused }) => ok + late + refused);
        assert.ok(kept >= 0.9, `${kept} is left with ${times} times, seed ${seed}`);
      }
  });

  it("counts the refusals of a tenant as what it has had, where they take a third of the loop", () => {
    for (const seed of [1, 2, 3, 4]) {
      const quiet = Array.from({ length: 9 }, (_, n) => load((200 * 0.6) / 9, { tenant: `t${n}` }));
      const outcomes = run([...quiet, load(1_200, { tenant: "noisy" })], seed, { refusalMs: 0.3 }).slice(0, 9);
      const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
      const kept = sum(({ ok }) => ok) / sum(({ ok, late, refused }) => ok + late + refused);
      assert.ok(kept >= 0.94, `${kept} is left, seed ${seed}`);
    }
  });
});

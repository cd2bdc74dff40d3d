import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Rank, TurnGate } from "../../../src/pipeline/shed/turn-gate.ts";
import { TestTurns } from "./turns.ts";

const deadlineMs = 1_000;

function gateOf(coldRequests = 0) {
  const turns = new TestTurns(coldRequests);
  const gate = new TurnGate({ turns, agesMs: [12, 40, 100], standingMs: 100 });
  return { turns, gate };
}

/** A queue has stood for long enough: turn after turn full of work. */
function strictGate() {
  const { turns, gate } = gateOf();
  for (let turn = 0; turn < 30; turn++) {
    gate.admits(1, deadlineMs);
    turns.work(5);
    turns.next();
  }
  return { turns, gate };
}

describe("TurnGate", () => {
  it("refuses no request for one long step of a process that has no queue", () => {
    const { turns, gate } = gateOf();
    assert.ok(gate.admits(1, deadlineMs));
    turns.work(300);
    for (const rank of [0, 1, 2] as const) assert.ok(gate.admits(rank, deadlineMs), `rank ${rank}`);
  });

  it("refuses what one long step has kept for more than half of its deadline", () => {
    const { turns, gate } = gateOf();
    gate.admits(1, deadlineMs);
    turns.work(300);
    assert.equal(gate.admits(1, 500), false);
    assert.deepEqual([gate.age, gate.bound], [300, 80]);
  });

  it("lets a burst into one turn up to its bound, and no further", () => {
    const { turns, gate } = gateOf();
    let admitted = 0;
    for (; admitted < 100 && gate.admits(1, deadlineMs); admitted++) turns.work(5);
    // 80 ms beside the longest step.
    assert.equal(admitted, 18);
  });

  it("lets the first requests of a process begin up to a quarter of their deadline, but no sheddable one, and then as always", () => {
    const { turns, gate } = gateOf(60);
    // 200 ms of each turn are work: a queue, were it not for code that is not compiled yet.
    for (let turn = 0; turn < 3; turn++) {
      for (let n = 0; n < 20; n++) {
        assert.ok(gate.admits(1, deadlineMs), `request ${n} of turn ${turn}`);
        turns.work(10);
      }
      assert.equal(gate.admits(0, deadlineMs), false);
      if (turn < 2) assert.equal(gate.admits(1, 700), false);
      turns.next();
    }
    let admitted = 0;
    for (let turn = 0; turn < 5; turn++) {
      for (admitted = 0; admitted < 100 && gate.admits(1, deadlineMs); admitted++) turns.work(10);
      turns.next();
    }
    assert.equal(admitted, 6);
  });

  it("is strict once the loop has had work for the whole interval, and each rank has its part of the age", () => {
    const { turns, gate } = strictGate();
    const refusedAt = (rank: Rank) => {
      turns.next();
      let age = 0;
      for (; gate.admits(rank, deadlineMs); age += 1) turns.work(1);
      return age;
    };
    // The step of 1 ms that is the longest does not count.
    assert.deepEqual([refusedAt(0), refusedAt(1), refusedAt(2)], [14, 42, 402]);
  });

  it("lets no critical request begin later than 0.7 of its deadline, and one in a moment of more than they can have than 0.4", () => {
    const { turns, gate } = strictGate();
    const lastBound = () => {
      turns.next();
      while (gate.admits(2, 50)) turns.work(5);
      return gate.bound;
    };
    assert.equal(lastBound(), 35);
    for (let turn = 0; turn < 100; turn++) {
      lastBound();
      for (let n = 0; n < 20; n++) gate.admits(2, 50);
    }
    assert.equal(lastBound(), 20);
  });

  it("lets critical requests wait for longer again once they need less than the loop has", () => {
    const { turns, gate } = strictGate();
    for (let turn = 0; turn < 100; turn++) {
      turns.next();
      for (let n = 0; n < 40; n++) if (gate.admits(2, 50)) turns.work(5);
    }
    assert.equal(gate.bound, 20);
    for (let turn = 0; turn < 100; turn++) {
      turns.next();
      turns.work(15);
      for (let n = 0; n < 3; n++) if (gate.admits(2, 50)) turns.work(5);
    }
    assert.equal(gate.bound, 35);
  });

  it("stops being strict once the loop had time for all that it refused", () => {
    const { turns, gate } = strictGate();
    const refuseOne = () => {
      while (gate.admits(1, deadlineMs)) turns.work(5);
      turns.next(4);
    };
    for (let turn = 0; turn < 20; turn++) refuseOne();
    assert.ok(gate.isStrict, "4 ms of pause for each refusal, and 5 ms of work for each request");
    for (let turn = 0; turn < 10; turn++) {
      turns.next(60);
      gate.admits(1, deadlineMs);
    }
    assert.equal(gate.isStrict, false);
  });

  it("gives sheddable requests less room where they crowd critical ones, and gives it back", () => {
    const { turns, gate } = strictGate();
    const sheddableIn = () => {
      turns.next();
      let count = 0;
      for (; gate.admits(0, deadlineMs); count++) turns.work(5);
      for (let n = 0; n < 6; n++) {
        assert.ok(gate.admits(2, deadlineMs));
        turns.work(5);
      }
      return count;
    };
    assert.equal(sheddableIn(), 4);
    for (let turn = 0; turn < 10; turn++) sheddableIn();
    assert.equal(sheddableIn(), 0);
    for (let turn = 0; turn < 60; turn++) {
      turns.next();
      assert.ok(gate.admits(2, deadlineMs));
    }
    turns.next();
    assert.ok(gate.admits(0, deadlineMs));
  });

  it("does not count the work of a lower rank against a higher one", () => {
    const { turns, gate } = strictGate();
    turns.next();
    for (let n = 0; n < 2; n++) {
      assert.ok(gate.admits(0, deadlineMs));
      turns.work(60);
    }
    // 60 ms beside the longest step, all of them of sheddable requests.
    assert.ok(gate.admits(1, deadlineMs));
    assert.equal(gate.admits(0, deadlineMs), false);
  });

  it("never lets a less important request begin after a more important one was refused in the same turn", () => {
    const step = fc.record({
      rank: fc.constantFrom<Rank>(0, 1, 2),
      deadline: fc.integer({ min: 1, max: 2_000 }),
      work: fc.integer({ min: 0, max: 40 }),
      turn: fc.constantFrom("same", "same", "same", "next", "pause"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { turns, gate } = gateOf();
        let refused = -1;
        for (const { rank, deadline, work, turn } of steps) {
          if (turn !== "same") {
            turns.next(turn === "pause" ? 20 : 0);
            refused = -1;
          }
          if (gate.admits(rank, deadline)) assert.ok(rank > refused, `${rank} was admitted after ${refused} was refused`);
          else refused = Math.max(refused, rank);
          turns.work(work);
        }
      }),
    );
  });

  it("refuses nothing at all where each turn is short, however long the loop has had no pause", () => {
    const { turns, gate } = gateOf();
    for (let turn = 0; turn < 10_000; turn++) {
      for (let n = 0; n < 5; n++) {
        assert.ok(gate.admits((n % 3) as Rank, deadlineMs));
        turns.work(1);
      }
      turns.next();
    }
  });
});

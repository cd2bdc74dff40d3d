import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Candidate, lateMs, leastUtilised } from "../../../src/app/processes/balance.ts";

interface Process extends Candidate {
  open: number;
  underWay: number;
  turn: number;
}

const idle = { open: 0, utilization: 0, underWay: 0, turn: 0, waitingMs: 0 };

describe("the least utilised process", () => {
  it("gets the next connection, so that processes that take theirs differ by a fifth and one at most", () => {
    const utilizations = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(utilizations, fc.integer({ min: 1, max: 200 }), (each, connections) => {
        const processes: Process[] = each.map((utilization) => ({ ...idle, utilization }));
        for (let turn = 1; turn <= connections; turn++) {
          const chosen = leastUtilised(processes)!;
          chosen.open++;
          chosen.turn = turn;
        }
        const open = processes.map((one) => one.open);
        assert.equal(
          open.reduce((sum, one) => sum + one, 0),
          connections,
        );
        assert.ok(Math.max(...open) <= (Math.min(...open) + 1) * 1.2, open.join());
      }),
    );
  });

  it("is one that takes its connections, while there is one", () => {
    const late = { ...idle, waitingMs: lateMs };
    const busy = { ...idle, open: 100, utilization: 1 };
    assert.equal(leastUtilised([late, busy]), busy);
    assert.equal(leastUtilised([late, { ...late, open: 1 }]), late);
  });

  it("is none while the one that is chosen has as many under way as would be lost if it blocked", () => {
    assert.equal(leastUtilised([{ ...idle, underWay: 8 }]), undefined);
    assert.equal(leastUtilised([]), undefined);
  });

  it("is in turns the one that got none for longest, of equals", () => {
    const [one, other] = [
      { ...idle, turn: 2 },
      { ...idle, turn: 1 },
    ];
    assert.equal(leastUtilised([one, other]), other);
  });
});

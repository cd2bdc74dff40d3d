import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Bound } from "../../../src/core/load-line/bound.ts";
import { type LimitMode, limitModes } from "../../../src/core/load-line/load-line.ts";
import { LoadLines } from "../../../src/core/load-line/load-lines.ts";
import { TestClock } from "../../../src/testing/clock.ts";

const schedule = fc.array(fc.record({ comes: fc.nat(200), staysFor: fc.integer({ min: 1, max: 60 }) }), { maxLength: 60, size: "max" });
type Schedule = readonly { readonly comes: number; readonly staysFor: number }[];

/** What a bound lets in, held as its owners do: what is above the limit apart from what counts. */
class Owner {
  readonly clock = new TestClock();
  readonly lines = new LoadLines(this.clock);
  readonly bound: Bound;
  readonly refused: number[] = [];
  held = 0;
  over = 0;
  most = 0;

  constructor(declared: number, mode: LimitMode) {
    const recount = () => {
      this.over = 0;
    };
    this.bound = new Bound({ name: "things", unit: "things", declared, mode, now: () => this.held, recount });
    this.lines.register(this.bound.line);
  }

  run(schedule: Schedule, changes: readonly { readonly at: number; readonly mode: LimitMode }[] = []): this {
    for (const { at, mode } of changes) this.clock.schedule(at, () => void this.lines.setMode("things", mode, "a test"));
    for (const [i, { comes, staysFor }] of schedule.entries()) this.clock.schedule(comes + i / 1_000, () => this.#enter(i, staysFor));
    this.clock.advance(1_000);
    return this;
  }

  #enter(i: number, staysFor: number): void {
    const before = this.bound.line.refusals[0]?.measured;
    const era = this.bound.judge(this.held - this.over);
    if (era === undefined || this.bound.line.refusals[0]?.measured !== before) this.refused.push(i);
    if (era === undefined) return;
    this.held++;
    this.most = Math.max(this.most, this.held);
    if (era > 0) this.over++;
    assert.ok(this.over >= 0 && this.over <= this.held);
    this.clock.schedule(staysFor + i / 1_000_000, () => {
      this.held--;
      if (this.bound.isApart(era)) this.over--;
    });
  }
}

describe("a bound of what is held at once", () => {
  it("reports in measure mode exactly what it would have refused", () => {
    let refused = 0;
    fc.assert(
      fc.property(schedule, fc.integer({ min: 1, max: 5 }), (all, declared) => {
        const [enforced, measured] = [new Owner(declared, "enforce").run(all), new Owner(declared, "measure").run(all)];
        assert.deepEqual(measured.refused, enforced.refused);
        assert.deepEqual(measured.bound.line.refusals[0]?.measured, enforced.bound.line.refusals[0]?.refused);
        assert.ok(enforced.most <= declared);
        refused += enforced.refused.length;
      }),
      { numRuns: 500 },
    );
    assert.ok(refused > 1_000, `the schedules are more than is allowed: ${refused}`);
  });

  it("counts what is held once, whatever the mode becomes meanwhile", () => {
    const changes = fc.array(fc.record({ at: fc.nat(250), mode: fc.constantFrom(...limitModes) }), { maxLength: 10 });
    fc.assert(
      fc.property(schedule, changes, (all, modes) => {
        const owner = new Owner(3, "enforce").run(all, modes);
        assert.deepEqual([owner.held, owner.over], [0, 0]);
      }),
      { numRuns: 500 },
    );
  });
});

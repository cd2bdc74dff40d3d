import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { LoopTurns } from "../../../src/core/turn/loop-turns.ts";
import type { Turn } from "../../../src/core/turn/turn-clock.ts";

/** Works without a pause; nothing else can run meanwhile. */
function block(ms: number): void {
  const until = systemClock.monotonic() + ms;
  while (systemClock.monotonic() < until);
}

const immediate = () => new Promise<void>((resolve) => void setImmediate(resolve));
const after = (ms: number) => new Promise<void>((resolve) => void systemClock.schedule(ms, resolve));
const immediates = () => process.getActiveResourcesInfo().filter((name) => name === "Immediate").length;

describe("LoopTurns", () => {
  it("counts what was done in the turn before the look at it", async () => {
    const turns = new LoopTurns();
    turns.look();
    await immediate();
    block(5);
    const { beganAt, now, ordinal } = turns.look();
    assert.ok(now - beganAt >= 5, `${now - beganAt}`);
    assert.equal(ordinal, 2);
  });

  it("looks at one turn as often as it is asked", () => {
    const turns = new LoopTurns();
    const { beganAt, ordinal } = { ...turns.look() };
    block(2);
    const again = turns.look();
    assert.deepEqual([again.beganAt, again.ordinal], [beganAt, ordinal]);
    assert.ok(again.now - beganAt >= 2);
  });

  it("counts no time in which the loop waited for something to do", async () => {
    const kept = setTimeout(() => undefined, 60_000);
    let seen: Turn;
    // What else the process does may wake the loop in between: then no beginning is known, and nothing is shown.
    do {
      const turns = new LoopTurns();
      turns.look();
      await immediate();
      await after(30);
      seen = { ...turns.look() };
    } while (!Number.isFinite(seen.restedMs));
    clearTimeout(kept);
    assert.ok(seen.restedMs >= 25, `${seen.restedMs}`);
    assert.ok(seen.now - seen.beganAt < 25, `${seen.now - seen.beganAt}`);
  });

  it("knows no beginning where a turn was not looked at, and schedules nothing in it", async () => {
    const turns = new LoopTurns();
    turns.look();
    for (let turn = 0; turn < 3; turn++) {
      await immediate();
      block(5);
    }
    assert.equal(immediates(), 0);
    const { beganAt, now, restedMs } = turns.look();
    assert.deepEqual([now - beganAt, restedMs], [0, Number.POSITIVE_INFINITY]);
  });
});

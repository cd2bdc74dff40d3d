import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SkippingClock } from "../../src/testing/crash/clock.ts";

describe("the clock of the lab", () => {
  const started = (tickMs: number) => {
    const clock = new SkippingClock();
    const ran: string[] = [];
    let left = 1_000;
    const tick = () => {
      ran.push("tick");
      if (left-- > 0) clock.schedule(tickMs, tick);
    };
    clock.schedule(tickMs, tick);
    return { clock, ran };
  };

  it("goes on to what is due next, past what only ticks", () => {
    const { clock, ran } = started(50);
    clock.schedule(1_490, () => ran.push("heartbeat"));
    clock.schedule(1_495, () => ran.push("another"));
    clock.skip(2_000);
    assert.equal(ran.pop(), "heartbeat");
    assert.deepEqual(new Set(ran), new Set(["tick"]));
    assert.ok(ran.length > 1 && ran.length <= 29, `${ran.length} ticks`);
    clock.skip(2_000);
    assert.equal(ran.at(-1), "another");
    clock.stop();
  });

  it("goes on no further than it is asked to, and counts what it passed", () => {
    const { clock, ran } = started(50);
    const before = clock.monotonic();
    clock.schedule(3_000, () => ran.push("too far away"));
    clock.skip(2_000);
    assert.ok(ran.length > 1 && !ran.includes("too far away"), `${ran.length} ticks`);
    // The last tick may fall anywhere into the last 50 ms, or a moment before, for the ticks began earlier.
    const passedMs = clock.monotonic() - before;
    assert.ok(passedMs > 1_900, `${passedMs} ms have passed`);
    clock.stop();
  });

  it("does not go on past what is due again at once (as before)", () => {
    const { clock, ran } = started(0);
    clock.skip(2_000);
    assert.deepEqual(ran, ["tick"]);
    clock.stop();
  });

  it("runs nothing that was cancelled on the way", () => {
    const { clock, ran } = started(50);
    const late = clock.schedule(200, () => ran.push("cancelled"));
    clock.schedule(100, () => {
      late.cancel();
      clock.schedule(100, () => ran.push("in its place"));
    });
    clock.skip(2_000);
    assert.equal(ran.at(-1), "in its place");
    assert.ok(!ran.includes("cancelled"));
    clock.stop();
  });
});

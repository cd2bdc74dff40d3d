import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { sleep } from "../../src/core/clock.ts";
import { TestClock } from "../../src/testing/clock.ts";

describe("TestClock", () => {
  it("runs timers in the order of their time, and shows each its own time", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 20 }), fc.array(fc.nat(30), { maxLength: 5 }), (delays, steps) => {
        const clock = new TestClock();
        const ran: { at: number; index: number }[] = [];
        for (const [index, delay] of delays.entries()) clock.schedule(delay, () => ran.push({ at: clock.monotonic(), index }));
        for (const step of steps) clock.advance(step);
        const passed = steps.reduce((sum, step) => sum + step, 0);
        const expected = delays
          .map((at, index) => ({ at, index }))
          .filter(({ at }) => at <= passed && (at > 0 || steps.length > 0))
          .toSorted((a, b) => a.at - b.at || a.index - b.index);
        assert.deepEqual(ran, expected);
        assert.equal(clock.monotonic(), passed);
        assert.equal(clock.pending, delays.length - ran.length);
      }),
    );
  });

  it("runs a timer that a timer scheduled within the same advance", () => {
    const clock = new TestClock();
    const ran: number[] = [];
    const again = () => {
      ran.push(clock.monotonic());
      clock.schedule(10, again);
    };
    clock.schedule(10, again);
    clock.advance(35);
    assert.deepEqual(ran, [10, 20, 30]);
  });

  it("forgets a cancelled timer, also when a timer of the same instant cancels it", () => {
    const clock = new TestClock();
    const ran: string[] = [];
    clock.schedule(5, () => {
      ran.push("first");
      second.cancel();
    });
    const second = clock.schedule(5, () => ran.push("second"));
    clock.advance(5);
    second.cancel();
    assert.deepEqual(ran, ["first"]);
    assert.equal(clock.pending, 0);
  });

  it("lets promises go on between timers with advanceAsync", async () => {
    const clock = new TestClock();
    const seen: number[] = [];
    const loop = (async () => {
      for (let i = 0; i < 3; i++) {
        await sleep(clock, 10);
        seen.push(clock.monotonic());
      }
    })();
    await clock.advanceAsync(30);
    assert.deepEqual(seen, [10, 20, 30]);
    await loop;
  });

  it("repeats its randomness by seed and differs between seeds", () => {
    const draw = (seed: number) => {
      const clock = new TestClock({ seed });
      return [clock.random(), clock.uuid(), clock.randomBytes(8).toString("hex")];
    };
    assert.deepEqual(draw(7), draw(7));
    assert.notDeepEqual(draw(7), draw(8));
  });

  it("draws numbers in [0, 1), spread evenly enough", () => {
    const clock = new TestClock({ seed: 3 });
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const value = clock.random();
      assert.ok(value >= 0 && value < 1);
      tenths[Math.floor(value * 10)]!++;
    }
    for (const count of tenths) assert.ok(count > 850 && count < 1_150, `a tenth holds ${count} of 10000`);
  });

  it("makes version 7 ids that carry the time and sort by it", () => {
    const clock = new TestClock();
    const first = clock.uuid();
    assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(Number.parseInt(first.replaceAll("-", "").slice(0, 12), 16), clock.now());
    clock.advance(1);
    assert.ok(clock.uuid() > first);
  });

  it("sets the wall time without moving the monotonic one", () => {
    const clock = new TestClock({ now: 1_000 });
    clock.advance(5);
    clock.setNow(50);
    assert.equal(clock.now(), 50);
    assert.equal(clock.monotonic(), 5);
    clock.advance(1);
    assert.equal(clock.now(), 51);
  });

  it("refuses to go back", () => {
    assert.throws(() => new TestClock().advance(-1), /cannot advance by -1 ms/);
  });
});

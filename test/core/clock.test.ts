import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Repeated, sleep, systemClock } from "../../src/core/clock.ts";
import { TestClock } from "../../src/testing/clock.ts";

describe("system clock", () => {
  it("never goes back and knows the wall time", () => {
    const first = systemClock.monotonic();
    assert.ok(systemClock.monotonic() >= first);
    assert.ok(systemClock.now() > Date.UTC(2025, 0, 1));
  });

  it("runs a timer once, and not when it was cancelled", async () => {
    const ran: string[] = [];
    systemClock.schedule(1, () => ran.push("cancelled")).cancel();
    // A timer of the clock does not keep the process alive: the test does that itself.
    const alive = setInterval(() => {}, 1_000);
    await new Promise<void>((resolve) => systemClock.schedule(5, resolve));
    clearInterval(alive);
    assert.deepEqual(ran, []);
  });

  it("makes bytes of the asked size and ids of version 7", () => {
    assert.equal(systemClock.randomBytes(5).length, 5);
    assert.match(systemClock.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const value = systemClock.random();
    assert.ok(value >= 0 && value < 1);
  });
});

describe("sleep", () => {
  it("resolves when the time has passed, and not before", async () => {
    const clock = new TestClock();
    let woke = false;
    const slept = sleep(clock, 100).then(() => {
      woke = true;
    });
    await clock.advanceAsync(99);
    assert.equal(woke, false);
    await clock.advanceAsync(1);
    await slept;
  });

  it("rejects with the reason of the signal and lets its timer go", async () => {
    const clock = new TestClock();
    const abort = new AbortController();
    const slept = sleep(clock, 100, abort.signal);
    const reason = new TypeError("enough");
    abort.abort(reason);
    await assert.rejects(slept, reason);
    assert.equal(clock.pending, 0);
  });

  it("rejects at once when the signal has aborted already", async () => {
    const clock = new TestClock();
    await assert.rejects(sleep(clock, 100, AbortSignal.abort(new TypeError("before"))), /before/);
    assert.equal(clock.pending, 0);
  });
});

describe("repeated work", () => {
  const repeated = () => {
    const clock = new TestClock();
    const failures: unknown[] = [];
    let [began, end] = [0, Promise.withResolvers<void>()];
    const work = new Repeated({
      ...{ clock, everyMs: 100, failed: (error) => failures.push(error) },
      work: () => {
        began++;
        end = Promise.withResolvers();
        return end.promise;
      },
    });
    return { clock, work, failures, began: () => began, end: () => end };
  };

  it("begins after the time, and again that long after it has ended", async () => {
    const { clock, work, began, end } = repeated();
    work.start();
    await clock.advanceAsync(99);
    assert.equal(began(), 0);
    await clock.advanceAsync(1);
    await clock.advanceAsync(1_000);
    assert.equal(began(), 1);
    end().resolve();
    await clock.advanceAsync(0);
    await clock.advanceAsync(100);
    assert.equal(began(), 2);
  });

  it("continues after a failure, and reports it", async () => {
    const { clock, work, began, end, failures } = repeated();
    work.start();
    await clock.advanceAsync(100);
    end().reject(new TypeError("away"));
    await clock.advanceAsync(0);
    await clock.advanceAsync(100);
    assert.deepEqual([began(), failures.map(String)], [2, ["TypeError: away"]]);
  });

  it("stops once the work that is under way has ended, and plans no more", async () => {
    const { clock, work, began, end } = repeated();
    work.start();
    await clock.advanceAsync(100);
    let stopped = false;
    const stopping = work.stop().then(() => {
      stopped = true;
    });
    await clock.advanceAsync(0);
    assert.equal(stopped, false);
    end().resolve();
    await stopping;
    assert.deepEqual([began(), clock.pending], [1, 0]);
  });
});

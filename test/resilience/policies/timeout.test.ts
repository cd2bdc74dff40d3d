import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import fc from "fast-check";
import { timeout } from "../../../src/resilience/policies/timeout.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, Ran, scripted, settled } from "./scripted.ts";

const wheelMs = 16;

const oneCall = fc.record({
  limitMs: fc.integer({ min: 1, max: 500 }),
  tookMs: fc.integer({ min: 0, max: 600 }),
  isDeaf: fc.boolean(),
  startMs: fc.integer({ min: 0, max: 50 }),
});

describe("timeout", () => {
  it("never ends a call early, nor later than 16 ms after its time, and aborts the signal of what it ends", () =>
    fc.assert(
      fc.asyncProperty(fc.array(oneCall, { minLength: 1, maxLength: 20 }), async (calls) => {
        const clock = new TestClock();
        const { signal } = new AbortController();
        const ended = [];
        for (const { limitMs, tookMs, isDeaf, startMs } of calls) {
          await clock.advanceAsync(startMs);
          const at = clock.monotonic();
          const ran = new Ran();
          const work = scripted(clock, ran, () => ({ tookMs, ends: "well", isDeaf }));
          ended.push({ limitMs, tookMs, at, ran, end: settled(clock, timeout(limitMs, { clock }).run(work, { signal })) });
        }
        await clock.advanceAsync(2_000);
        for (const { limitMs, tookMs, at, ran, end } of ended) {
          const one = await end;
          const lastedMs = one.at - at;
          if (endOf(one) === "well") assert.ok(lastedMs === tookMs && tookMs <= limitMs + wheelMs, `${tookMs} ms of ${limitMs} went well`);
          else {
            assert.equal(endOf(one), "call_timeout");
            assert.ok(lastedMs >= limitMs && lastedMs <= limitMs + wheelMs, `ended after ${lastedMs} ms of ${limitMs}`);
            assert.ok(tookMs >= limitMs, `${tookMs} ms of ${limitMs} timed out`);
          }
          assert.equal(ran.running, 0);
        }
        assert.equal(getEventListeners(signal, "abort").length, 0, "listeners are left");
        assert.equal(clock.pending, 0, "timers are left");
      }),
    ));

  it("cancels the work with the fault that the caller gets", async () => {
    const clock = new TestClock();
    const ran = new Ran();
    const policy = timeout("100ms", { clock });
    const facts: number[] = [];
    policy.timedOut.on(({ afterMs }) => facts.push(afterMs));
    const end = settled(clock, policy.run(scripted(clock, ran, () => ({ tookMs: 1_000, ends: "well" }))));
    await clock.advanceAsync(200);
    assert.deepEqual(ran.cancelled, [(await end).thrown]);
    assert.deepEqual(facts, [100]);
  });

  it("does not start what a deadline around it leaves no time for, and gives no more than that one has left", async () => {
    const clock = new TestClock();
    const [outer, inner] = [timeout("50ms", { clock }), timeout("10s", { clock })];
    let inside: Promise<unknown> = Promise.resolve();
    let deadlineAt = 0;
    const end = settled(
      clock,
      outer.run(async (call) => {
        await new Promise<void>((resolve) => void clock.schedule(60, resolve));
        inside = settled(
          clock,
          inner.run(() => assert.fail("it was started"), { within: call }),
        );
        deadlineAt = call.deadlineAt;
      }),
    );
    await clock.advanceAsync(200);
    assert.equal(endOf(await end), "call_timeout");
    assert.equal(endOf((await inside) as { at: number; thrown: unknown }), "call_timeout");
    assert.equal(deadlineAt, 50);
  });

  it("passes on the caller's cancellation with its reason, without reading any signal before", async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const ran = new Ran();
    const work = scripted(clock, ran, () => ({ tookMs: 1_000, ends: "well" }));
    const end = settled(clock, timeout("5s", { clock }).run(work, { signal: controller.signal }));
    await clock.advanceAsync(10);
    controller.abort("enough");
    await clock.advanceAsync(0);
    assert.deepEqual([(await end).thrown, ran.cancelled], ["enough", ["enough"]]);
  });

  it("takes functions that return at once and that throw at once", async () => {
    const clock = new TestClock();
    assert.equal(await timeout("1s", { clock }).run(() => 7), 7);
    await assert.rejects(
      timeout("1s", { clock }).run(() => {
        throw new TypeError("at once");
      }),
      TypeError,
    );
    clock.advance(100);
    assert.equal(clock.pending, 0);
  });

  it("is refused without a time, and with more than ten minutes", () => {
    assert.throws(() => timeout(0), /above 0/);
    assert.throws(() => timeout("11m"), /at most 10m/);
  });
});

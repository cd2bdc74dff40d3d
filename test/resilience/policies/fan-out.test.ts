import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fanOut } from "../../../src/resilience/policies/fan-out.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, Ran, type Script, scripted, settled } from "./scripted.ts";

const script = fc.record({
  tookMs: fc.nat(100),
  ends: fc.constantFrom<Script["ends"]>("well", "well", "well", "well", "internal", "not_found"),
  isDeaf: fc.boolean(),
});

describe("fanOut", () => {
  it("never more than `concurrency` at once; the first failure cancels the siblings, starts no further ones, and nothing runs on behind the result", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(script, { maxLength: 20 }),
        fc.integer({ min: 1, max: 6 }),
        fc.option(fc.nat(200)),
        async (scripts, concurrency, cancelAtMs) => {
          const clock = new TestClock();
          const ran = new Ran();
          const controller = new AbortController();
          const works = scripts.map((one) => scripted(clock, ran, () => one));
          let failedAt = Number.POSITIVE_INFINITY;
          let endedAt = Number.POSITIVE_INFINITY;
          const all = fanOut(works, { concurrency, signal: controller.signal }, async (work, call, index) => {
            assert.ok(clock.monotonic() <= failedAt, "one was started after a failure");
            try {
              await work(call);
              return index;
            } catch (thrown) {
              failedAt = Math.min(failedAt, clock.monotonic());
              throw thrown;
            }
          });
          const end = settled(clock, all).then((one) => {
            endedAt = one.at;
            assert.equal(ran.running, 0, "a sibling runs on behind the result");
            return one;
          });
          if (cancelAtMs !== null) clock.schedule(cancelAtMs, () => controller.abort("enough"));
          await clock.advanceAsync(5_000);
          const one = await end;
          assert.ok(ran.mostAtOnce <= concurrency);
          if (endOf(one) === "well")
            assert.deepEqual(
              one.value,
              scripts.map((_, index) => index),
            );
          else assert.ok(endedAt >= failedAt || one.thrown === "enough");
          if (scripts.every(({ ends }) => ends === "well") && cancelAtMs === null) assert.equal(endOf(one), "well");
          assert.equal(getEventListeners(controller.signal, "abort").length, 0);
        },
      ),
    ));

  it("rejects with the first failure, not with what its siblings throw when they are cancelled", async () => {
    const clock = new TestClock();
    const ran = new Ran();
    const works = [
      scripted(clock, ran, () => ({ tookMs: 500, ends: "well" })),
      scripted(clock, ran, () => ({ tookMs: 10, ends: "not_found" })),
      scripted(clock, ran, () => ({ tookMs: 10, ends: "well" })),
    ];
    const end = settled(
      clock,
      fanOut(works, { concurrency: 2 }, (work, call) => work(call)),
    );
    await clock.advanceAsync(20);
    assert.deepEqual([endOf(await end), (await end).at, ran.started], ["not_found", 10, 2]);
    assert.equal((ran.cancelled[0] as { type: string }).type, "sibling_failed");
  });

  it("starts nothing for a caller that has cancelled", async () => {
    const signal = AbortSignal.abort("enough");
    await assert.rejects(
      fanOut([1], { concurrency: 1, signal }, () => assert.fail("it was started")),
      (thrown) => thrown === "enough",
    );
    assert.deepEqual(await fanOut([], { concurrency: 1 }, () => 1), []);
    await assert.rejects(
      fanOut([1], { concurrency: 0 }, () => 1),
      /concurrency is 0/,
    );
  });
});

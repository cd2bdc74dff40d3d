import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bulkhead } from "../../../src/resilience/policies/bulkhead/bulkhead.ts";
import { compose } from "../../../src/resilience/policies/compose.ts";
import { singleFlight } from "../../../src/resilience/policies/single-flight.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, Ran, scripted, settled } from "./scripted.ts";

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("call" as const), key: fc.constantFrom("a", "b"), tookMs: fc.nat(100), fails: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), pick: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.nat(60) }) },
);

describe("singleFlight", () => {
  it("at most one run of a key at a time, one outcome for all who wait, and a caller that cancels leaves the others theirs", () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new TestClock();
        const flights = singleFlight();
        const ran = { a: new Ran(), b: new Ran() };
        const calls: { readonly end: ReturnType<typeof settled>; readonly controller: AbortController; isCancelled: boolean }[] = [];
        for (const one of steps) {
          if (one.do === "advance") await clock.advanceAsync(one.ms);
          else if (one.do === "cancel") {
            const call = calls[one.pick % Math.max(1, calls.length)];
            if (call) call.isCancelled = true;
            call?.controller.abort("cancelled");
          } else {
            const controller = new AbortController();
            const work = scripted(clock, ran[one.key as "a" | "b"], () => ({ tookMs: one.tookMs, ends: one.fails ? "internal" : "well" }));
            const end = settled(clock, flights.run(work, { key: one.key, signal: controller.signal }));
            calls.push({ controller, end, isCancelled: false });
          }
          await clock.advanceAsync(0);
          assert.ok(ran.a.mostAtOnce <= 1 && ran.b.mostAtOnce <= 1, "two runs of one key");
          assert.equal(flights.running, ran.a.running + ran.b.running);
        }
        await clock.advanceAsync(1_000);
        for (const { end, controller, isCancelled } of calls) {
          const how = endOf(await end);
          assert.ok(isCancelled || how === "well" || how === "internal", how);
          assert.equal(getEventListeners(controller.signal, "abort").length, 0);
        }
        assert.equal(flights.running, 0);
      }),
    ));

  it("1,000 callers at once make one run, and the next one makes another", async () => {
    const clock = new TestClock();
    const flights = singleFlight();
    const ran = new Ran();
    const work = scripted(clock, ran, () => ({ tookMs: 10, ends: "well" }));
    const all = Array.from({ length: 1_000 }, () => flights.run(work));
    await clock.advanceAsync(20);
    assert.deepEqual(new Set(await Promise.all(all)), new Set([0]));
    const next = flights.run(work);
    await clock.advanceAsync(20);
    assert.equal(await next, 1);
  });

  it("the last caller to leave cancels the run, and keeps its place until it has ended", async () => {
    const clock = new TestClock();
    const hold = bulkhead({ concurrency: 2, clock });
    const policy = compose(hold, singleFlight());
    const ran = new Ran();
    const work = scripted(clock, ran, () => ({ tookMs: 100, ends: "well", isDeaf: true }));
    const [first, second] = [new AbortController(), new AbortController()];
    const ends = [first, second].map(({ signal }) => settled(clock, policy.run(work, { signal })));
    await clock.advanceAsync(10);
    first.abort("left");
    await clock.advanceAsync(0);
    assert.equal(hold.running, 1, "the run is that of the other one now");
    second.abort("left too");
    await clock.advanceAsync(0);
    assert.deepEqual((await Promise.all(ends)).map(endOf), ["left", "left too"]);
    assert.equal(hold.running, 1, "the run has not ended");
    const later = settled(clock, policy.run(scripted(clock, ran, () => ({ tookMs: 5, ends: "well" }))));
    await clock.advanceAsync(10);
    assert.equal((await later).value, 1, "one that comes later has joined the cancelled run");
    await clock.advanceAsync(100);
    assert.deepEqual([hold.running, ran.started], [0, 2]);
  });
});

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type BulkheadRefused, bulkhead } from "../../../src/resilience/policies/bulkhead/bulkhead.ts";
import { compose } from "../../../src/resilience/policies/compose.ts";
import { timeout } from "../../../src/resilience/policies/timeout.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, Ran, scripted, settled } from "./scripted.ts";

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("call" as const),
      tookMs: fc.nat(300),
      limitMs: fc.integer({ min: 1, max: 400 }),
      isDeaf: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), pick: fc.nat(1_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.nat(150) }) },
);

describe("bulkhead", () => {
  it("never more than its places run, cancelled work that runs on included, never more than its queue wait, and none waits beside a free place", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.nat(4),
        fc.integer({ min: 20, max: 500 }),
        fc.array(step, { maxLength: 60 }),
        async (concurrency, queue, wait, steps) => {
          const clock = new TestClock();
          const hold = bulkhead({ concurrency, queue, wait, clock });
          const ran = new Ran();
          const calls: { readonly end: ReturnType<typeof settled>; readonly controller: AbortController }[] = [];
          for (const one of steps) {
            if (one.do === "advance") await clock.advanceAsync(one.ms);
            else if (one.do === "cancel") calls[one.pick % Math.max(1, calls.length)]?.controller.abort("cancelled");
            else {
              const controller = new AbortController();
              const work = scripted(clock, ran, () => ({ tookMs: one.tookMs, ends: "well", isDeaf: one.isDeaf }));
              const policy = compose(hold, timeout(one.limitMs, { clock }));
              calls.push({ controller, end: settled(clock, policy.run(work, { signal: controller.signal })) });
            }
            await clock.advanceAsync(0);
            assert.ok(ran.mostAtOnce <= concurrency, `${ran.mostAtOnce} of ${concurrency} ran at once`);
            assert.equal(hold.running, ran.running, "a place is taken by nothing, or returned too early");
            assert.ok(hold.waiting <= queue, `${hold.waiting} of ${queue} wait`);
            assert.ok(hold.waiting === 0 || hold.running === concurrency, "one waits beside a free place");
          }
          await clock.advanceAsync(30_000);
          await Promise.all(calls.map(({ end }) => end));
          assert.deepEqual([hold.running, hold.waiting, clock.pending], [0, 0, 0]);
          for (const { controller } of calls) assert.equal(getEventListeners(controller.signal, "abort").length, 0);
        },
      ),
    ));

  it("lets them in in the order in which they came", async () => {
    const clock = new TestClock();
    const hold = bulkhead({ concurrency: 1, queue: 10, wait: "10s", clock });
    const order: number[] = [];
    const calls = [0, 1, 2, 3].map((n) =>
      hold.run(async () => {
        order.push(n);
        await new Promise<void>((resolve) => void clock.schedule(10, resolve));
      }),
    );
    await clock.advanceAsync(100);
    await Promise.all(calls);
    assert.deepEqual(order, [0, 1, 2, 3]);
  });

  it("says why it refuses: full, or waited in vain", async () => {
    const clock = new TestClock();
    const hold = bulkhead({ concurrency: 1, queue: 1, wait: "100ms", clock });
    const facts: BulkheadRefused[] = [];
    hold.refused.on((fact) => facts.push(fact));
    const ran = new Ran();
    const calls = [0, 1, 2].map(() => settled(clock, hold.run(scripted(clock, ran, () => ({ tookMs: 1_000, ends: "well" })))));
    await clock.advanceAsync(2_000);
    const ended = await Promise.all(calls);
    assert.deepEqual(ended.map(endOf), ["well", "bulkhead_full", "bulkhead_full"]);
    assert.deepEqual(facts, [
      { reason: "full", running: 1, waiting: 1 },
      { reason: "waited", running: 1, waiting: 0 },
    ]);
    assert.ok(ended[1]!.at >= 100 && ended[1]!.at <= 116);
  });

  it("of two around each other, each holds its place until cancelled work has ended", async () => {
    const clock = new TestClock();
    const [outer, inner] = [bulkhead({ concurrency: 5, clock }), bulkhead({ concurrency: 5, clock })];
    const work = scripted(clock, new Ran(), () => ({ tookMs: 500, ends: "well", isDeaf: true }));
    const end = settled(clock, compose(outer, inner, timeout("50ms", { clock })).run(work));
    await clock.advanceAsync(100);
    assert.equal(endOf(await end), "call_timeout");
    assert.deepEqual([outer.running, inner.running], [1, 1]);
    await clock.advanceAsync(500);
    assert.deepEqual([outer.running, inner.running], [0, 0]);
  });

  it("ends the wait of a call as soon as its caller cancels", async () => {
    const clock = new TestClock();
    const hold = bulkhead({ concurrency: 1, queue: 1, wait: "10s", clock });
    const controller = new AbortController();
    const ran = new Ran();
    const work = scripted(clock, ran, () => ({ tookMs: 1_000, ends: "well" }));
    const first = settled(clock, hold.run(work));
    const second = settled(clock, hold.run(work, { signal: controller.signal }));
    await clock.advanceAsync(10);
    controller.abort("enough");
    await clock.advanceAsync(0);
    assert.deepEqual([(await second).thrown, (await second).at, hold.waiting], ["enough", 10, 0]);
    await clock.advanceAsync(5_000);
    await first;
    assert.equal(ran.started, 1);
  });

  it("waits no longer than the deadline around it allows", async () => {
    const clock = new TestClock();
    const hold = bulkhead({ concurrency: 1, queue: 1, wait: "10s", clock });
    const ran = new Ran();
    const work = scripted(clock, ran, () => ({ tookMs: 5_000, ends: "well" }));
    const first = settled(clock, hold.run(work));
    const second = settled(clock, compose(timeout("50ms", { clock }), hold).run(work));
    await clock.advanceAsync(100);
    assert.equal(endOf(await second), "call_timeout");
    assert.deepEqual([hold.waiting, ran.started], [0, 1]);
    await clock.advanceAsync(5_000);
    await first;
  });
});

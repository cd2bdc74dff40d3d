import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import fc from "fast-check";
import { constant } from "../../../src/resilience/backoff.ts";
import { bulkhead } from "../../../src/resilience/policies/bulkhead/bulkhead.ts";
import { compose } from "../../../src/resilience/policies/compose.ts";
import { hedge } from "../../../src/resilience/policies/hedge/hedge.ts";
import { Latencies } from "../../../src/resilience/policies/hedge/latencies.ts";
import { retryBudget } from "../../../src/resilience/policies/retry/budget.ts";
import { retry } from "../../../src/resilience/policies/retry/retry.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, Ran, type Script, scripted, settled } from "./scripted.ts";

const script = fc.record({
  waitMs: fc.nat(50),
  tookMs: fc.oneof(fc.nat(20), fc.nat(400)),
  ends: fc.constantFrom<Script["ends"]>("well", "well", "unavailable", "internal"),
  isDeaf: fc.boolean(),
});

/** Lets a policy learn that calls take so long. */
async function teach(clock: TestClock, policy: ReturnType<typeof hedge>, tookMs: number): Promise<void> {
  for (let n = 0; n < 64; n++) {
    const end = policy.run(scripted(clock, new Ran(), () => ({ tookMs, ends: "well" })));
    await clock.advanceAsync(tookMs);
    await end;
  }
}

describe("hedge", () => {
  it("retries and hedges together never exceed reserve + ratio × calls, the callee sees no more than two calls for one, and nothing is left", () =>
    fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(10),
        fc.array(script, { minLength: 1, maxLength: 60 }),
        async (ratio, reserve, scripts) => {
          const clock = new TestClock();
          const budget = retryBudget({ ratio, reserve });
          const hold = bulkhead({ concurrency: 1_000, clock });
          const policy = compose(
            hold,
            retry({ attempts: 4, backoff: constant("5ms"), budget, clock }),
            hedge({ minimumCalls: 5, budget, clock }),
          );
          const ran = new Ran();
          const work = scripted(clock, ran, (n) => scripts[n % scripts.length]!);
          const { signal } = new AbortController();
          const calls = [];
          for (const [index, { waitMs }] of scripts.entries()) {
            await clock.advanceAsync(waitMs);
            calls.push(settled(clock, policy.run(work, { signal })));
            await clock.advanceAsync(0);
            const extra = ran.started - (index + 1);
            assert.ok(extra <= reserve + ratio * (index + 1) + 1e-6, `${extra} extra attempts of ${index + 1} calls`);
            assert.ok(ran.running <= 2 * hold.running, "more than two for one");
          }
          await clock.advanceAsync(60_000);
          await Promise.all(calls);
          assert.ok(ran.started - scripts.length <= reserve + ratio * scripts.length + 1e-6);
          assert.deepEqual([clock.pending, hold.running, ran.running, getEventListeners(signal, "abort").length], [0, 0, 0, 0]);
        },
      ),
    ));

  it("the percentile lies within what was learnt, and as many lie below it as it says", () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1_000, noNaN: true }), { minLength: 32, maxLength: 256 }),
        fc.constantFrom(0.5, 0.9, 0.99),
        (all, share) => {
          const latencies = new Latencies(share, all.length);
          for (const ms of all) {
            assert.equal(latencies.value, undefined);
            latencies.add(ms);
          }
          const { value } = latencies;
          assert.ok(value !== undefined && all.includes(value));
          assert.ok(all.filter((ms) => ms <= value).length >= share * all.length);
          assert.ok(all.filter((ms) => ms < value).length < share * all.length + 1e-9);
        },
      ),
    ));

  it("the second call starts after the learnt time, its answer wins, and the first is cancelled", async () => {
    const clock = new TestClock();
    const policy = hedge({ clock });
    await teach(clock, policy, 20);
    assert.equal(policy.afterMs, 21);
    const ran = new Ran();
    const startedAt = clock.monotonic();
    const end = settled(clock, policy.run(scripted(clock, ran, (n) => ({ tookMs: n === 0 ? 5_000 : 10, ends: "well" }))));
    await clock.advanceAsync(100);
    assert.deepEqual([(await end).value, (await end).at - startedAt], [1, 31]);
    assert.deepEqual(
      ran.startedAt.map((at) => at - startedAt),
      [0, 21],
    );
    assert.equal((ran.cancelled[0] as { type: string }).type, "hedge_lost");
  });

  it("an upstream that always takes the same time is not hedged", async () => {
    const clock = new TestClock();
    const policy = hedge({ clock });
    let hedges = 0;
    policy.hedged.on(() => hedges++);
    await teach(clock, policy, 20);
    await teach(clock, policy, 20);
    assert.equal(hedges, 0);
  });

  it("makes no second call before it has learnt, none without budget, and none for what its caller cancelled", async () => {
    const clock = new TestClock();
    const slow = () => ({ tookMs: 1_000, ends: "well" }) as const;
    const untaught = new Ran();
    const first = settled(clock, hedge({ clock }).run(scripted(clock, untaught, slow)));
    await clock.advanceAsync(2_000);
    assert.deepEqual([endOf(await first), untaught.started], ["well", 1]);

    const poor = hedge({ budget: retryBudget({ ratio: 0, reserve: 0 }), clock });
    await teach(clock, poor, 10);
    const decisions: string[] = [];
    poor.hedged.on(({ decision }) => decisions.push(decision));
    const alone = new Ran();
    const second = settled(clock, poor.run(scripted(clock, alone, slow)));
    await clock.advanceAsync(2_000);
    assert.deepEqual([endOf(await second), alone.started, decisions], ["well", 1, ["budget"]]);

    const taught = hedge({ clock });
    await teach(clock, taught, 10);
    const controller = new AbortController();
    const deaf = new Ran();
    const work = scripted(clock, deaf, () => ({ ...slow(), isDeaf: true }));
    const third = settled(clock, taught.run(work, { signal: controller.signal }));
    await clock.advanceAsync(5);
    controller.abort("enough");
    await clock.advanceAsync(2_000);
    await third;
    assert.equal(deaf.started, 1);
  });

  it("a failure ends the call at once where no other runs, and waits for the other where one does", async () => {
    const clock = new TestClock();
    const policy = hedge({ clock });
    await teach(clock, policy, 20);
    const early = settled(clock, policy.run(scripted(clock, new Ran(), () => ({ tookMs: 5, ends: "not_found" }))));
    const began = clock.monotonic();
    await clock.advanceAsync(5);
    assert.equal(clock.pending, 0, "the timer of the second call is left");
    assert.deepEqual([endOf(await early), (await early).at - began], ["not_found", 5]);
    const late = settled(
      clock,
      policy.run(scripted(clock, new Ran(), (n) => (n === 0 ? { tookMs: 25, ends: "internal" } : { tookMs: 30, ends: "well" }))),
    );
    await clock.advanceAsync(100);
    assert.equal((await late).value, 1);
  });
});

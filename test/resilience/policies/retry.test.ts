import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Code } from "../../../src/core/code.ts";
import { constant, decorrelated } from "../../../src/resilience/backoff.ts";
import type { Retried } from "../../../src/resilience/policies/call/facts.ts";
import { compose } from "../../../src/resilience/policies/compose.ts";
import { hedge } from "../../../src/resilience/policies/hedge/hedge.ts";
import { idempotent } from "../../../src/resilience/policies/policy.ts";
import { retryBudget } from "../../../src/resilience/policies/retry/budget.ts";
import { retry } from "../../../src/resilience/policies/retry/retry.ts";
import { timeout } from "../../../src/resilience/policies/timeout.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, faultOf, Ran, type Script, scripted, settled } from "./scripted.ts";

const plenty = () => retryBudget({ ratio: 1, reserve: 10_000 });
const ends = fc.constantFrom<Script["ends"]>("well", "unavailable", "internal", "deadline_exceeded", "resource_exhausted", "not_found");

describe("retry", () => {
  it("extra attempts never exceed reserve + ratio × calls, whatever the callee does", () =>
    fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(20),
        fc.array(fc.record({ waitMs: fc.nat(200), tookMs: fc.nat(100), ends }), { minLength: 1, maxLength: 60 }),
        async (ratio, reserve, scripts) => {
          const clock = new TestClock();
          const policy = retry({ attempts: 5, budget: retryBudget({ ratio, reserve }), clock });
          const ran = new Ran();
          const work = scripted(clock, ran, (n) => scripts[n % scripts.length]!);
          const calls = [];
          const { signal } = new AbortController();
          for (const [index, { waitMs }] of scripts.entries()) {
            await clock.advanceAsync(waitMs);
            calls.push(settled(clock, policy.run(work, { signal })));
            const extra = ran.started - (index + 1);
            assert.ok(extra <= reserve + ratio * (index + 1) + 1e-6, `${extra} extra attempts of ${index + 1} calls`);
          }
          await clock.advanceAsync(60_000);
          await Promise.all(calls);
          assert.equal(clock.pending, 0);
          assert.equal(getEventListeners(signal, "abort").length, 0);
        },
      ),
    ));

  it("tries again exactly what the code of the fault allows, and at most as often as it may", () =>
    fc.assert(
      fc.asyncProperty(fc.array(ends, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 6 }), async (codes, attempts) => {
        const clock = new TestClock();
        const ran = new Ran();
        const policy = retry({ attempts, budget: plenty(), backoff: constant("10ms"), clock });
        const end = settled(clock, policy.run(scripted(clock, ran, (n) => ({ tookMs: 5, ends: codes[n % codes.length]! }))));
        await clock.advanceAsync(10_000);
        const passes = (code: Script["ends"]) => code === "well" || code === "not_found";
        const endless = Array.from({ length: attempts }, (_, n) => codes[n % codes.length]!);
        const stop = endless.findIndex(passes);
        const expected = stop === -1 ? attempts : stop + 1;
        assert.equal(ran.started, expected);
        assert.equal(endOf(await end), endless[expected - 1]);
      }),
    ));

  it("multiplies nothing: a retry within a retry makes one attempt, in one policy and across functions", async () => {
    const clock = new TestClock();
    const lower = retry({ attempts: 3, budget: plenty(), backoff: constant(0), clock });
    const higher = retry({ attempts: 3, budget: plenty(), backoff: constant(0), clock });
    const ran = new Ran();
    const failing = scripted(clock, ran, () => ({ tookMs: 0, ends: "unavailable" }));
    const together = settled(clock, compose(higher, lower).run(failing));
    await clock.advanceAsync(1_000);
    assert.equal(endOf(await together), "unavailable");
    assert.equal(ran.started, 3);
    const across = settled(clock, higher.run(idempotent((call) => lower.run(failing, { within: call }))));
    await clock.advanceAsync(1_000);
    await across;
    assert.equal(ran.started, 6);
  });

  it("draws on the budget of the layer above it, and not on its own as well", async () => {
    const clock = new TestClock();
    const above = hedge({ minimumCalls: 1, budget: retryBudget({ ratio: 0, reserve: 1 }), clock });
    const policy = compose(above, retry({ attempts: 5, budget: plenty(), backoff: constant(0), clock }));
    const ran = new Ran();
    const failing = scripted(clock, ran, () => ({ tookMs: 0, ends: "unavailable" }));
    for (let call = 1; call <= 3; call++) {
      const end = settled(clock, policy.run(failing));
      await clock.advanceAsync(1_000);
      assert.equal(endOf(await end), "unavailable");
      assert.equal(ran.started, call + 1, "one extra attempt in all");
    }
  });

  it("waits as long as the callee asks, and not at all where it says never", async () => {
    const clock = new TestClock();
    const policy = retry({ attempts: 3, budget: plenty(), backoff: constant("10ms"), clock });
    const ran = new Ran();
    const later = settled(
      clock,
      policy.run(scripted(clock, ran, (n) => ({ tookMs: 0, ends: n === 0 ? "unavailable" : "well", retryAfterMs: 700 }))),
    );
    await clock.advanceAsync(5_000);
    await later;
    assert.deepEqual(ran.startedAt, [0, 700]);
    for (const retryAfterMs of [-1, Number.POSITIVE_INFINITY]) {
      const once = new Ran();
      const never = settled(clock, policy.run(scripted(clock, once, () => ({ tookMs: 0, ends: "unavailable", retryAfterMs }))));
      await clock.advanceAsync(5_000);
      await never;
      assert.equal(once.started, 1);
    }
  });

  it("gives up at once where the wait passes the deadline, and says so", async () => {
    const clock = new TestClock();
    const again = retry({ attempts: 3, budget: plenty(), backoff: constant("300ms"), clock });
    const facts: Retried[] = [];
    again.retried.on((fact) => facts.push(fact));
    const ran = new Ran();
    const end = settled(
      clock,
      compose(timeout("500ms", { clock }), again).run(scripted(clock, ran, () => ({ tookMs: 50, ends: "unavailable" }))),
    );
    await clock.advanceAsync(1_000);
    assert.deepEqual([endOf(await end), (await end).at, ran.started], ["unavailable", 400, 2]);
    assert.deepEqual(
      facts.map(({ attempt, decision }) => [attempt, decision]),
      [
        [1, "retry"],
        [2, "deadline"],
      ],
    );
  });

  it("ends its wait as soon as the caller cancels, and makes no other attempt", async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const ran = new Ran();
    const policy = retry({ budget: plenty(), backoff: constant("10s"), clock });
    const end = settled(
      clock,
      policy.run(
        scripted(clock, ran, () => ({ tookMs: 0, ends: "unavailable" })),
        { signal: controller.signal },
      ),
    );
    await clock.advanceAsync(100);
    controller.abort("enough");
    await clock.advanceAsync(0);
    assert.deepEqual([(await end).thrown, (await end).at, ran.started, clock.pending], ["enough", 100, 1, 0]);
  });

  it("draws nothing from the budget for an attempt that its caller cancelled", async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const budget = retryBudget({ ratio: 0, reserve: 5 });
    const policy = retry({ budget, backoff: constant("10s"), clock });
    const work = idempotent(() => {
      controller.abort("enough");
      throw faultOf("unavailable");
    });
    assert.equal(endOf(await settled(clock, policy.run(work, { signal: controller.signal }))), "unavailable");
    assert.equal(budget.left, 5);
  });

  it("does not try a bug again, but a network that failed", async () => {
    const clock = new TestClock();
    const policy = retry({ attempts: 2, budget: plenty(), backoff: constant(0), clock });
    const attemptsOf = async (thrown: unknown) => {
      let attempts = 0;
      const end = settled(
        clock,
        policy.run(
          idempotent(() => {
            attempts++;
            throw thrown;
          }),
        ),
      );
      await clock.advanceAsync(10);
      await end;
      return attempts;
    };
    assert.equal(await attemptsOf(new TypeError("x is undefined")), 1);
    assert.equal(await attemptsOf(new TypeError("fetch failed", { cause: new Error("ECONNRESET") })), 2);
    assert.equal(await attemptsOf(Object.assign(new Error("aborted"), { name: "AbortError" })), 1);
    assert.equal(await attemptsOf(faultOf("cancelled" satisfies Code)), 1);
    assert.equal(await attemptsOf("a string"), 2);
  });

  it("decorrelated waits lie between the first and three times the one before, and never above the longest", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (firstMs, times, randoms) => {
          const maxMs = firstMs * times;
          const backoff = decorrelated(firstMs, { max: maxMs });
          let previousMs: number | undefined;
          for (let attempt = 1; attempt < 20; attempt++) {
            const delayMs = backoff.delayMs(attempt, randoms.next().value, previousMs);
            assert.ok(delayMs >= firstMs && delayMs <= Math.min(maxMs, 3 * (previousMs ?? firstMs)) + 1e-9);
            previousMs = delayMs;
          }
        },
      ),
    ));
});

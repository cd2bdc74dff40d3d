// What holds of policies around each other, whatever they are and however deep.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import fc from "fast-check";
import { systemClock } from "../../../src/core/clock.ts";
import { sharedWheel } from "../../../src/core/deadline.ts";
import { constant } from "../../../src/resilience/backoff.ts";
import { breaker } from "../../../src/resilience/policies/breaker/breaker.ts";
import { Bulkhead, bulkhead } from "../../../src/resilience/policies/bulkhead/bulkhead.ts";
import type { Call } from "../../../src/resilience/policies/call/call.ts";
import { compose } from "../../../src/resilience/policies/compose.ts";
import { fallback } from "../../../src/resilience/policies/fallback.ts";
import { hedge } from "../../../src/resilience/policies/hedge/hedge.ts";
import { type AnyPolicy, idempotent, type Policy } from "../../../src/resilience/policies/policy.ts";
import { quota } from "../../../src/resilience/policies/quota/quota.ts";
import { retryBudget } from "../../../src/resilience/policies/retry/budget.ts";
import { retry } from "../../../src/resilience/policies/retry/retry.ts";
import { singleFlight } from "../../../src/resilience/policies/single-flight.ts";
import { throttle } from "../../../src/resilience/policies/throttle.ts";
import { timeout } from "../../../src/resilience/policies/timeout.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { faultOf, settled } from "./scripted.ts";

/** One layer: a policy, and whether it is composed with the one inside it or calls it from its work, as a function that calls another does. */
const layer = fc.record({
  is: fc.constantFrom("retry", "retry", "timeout", "bulkhead", "breaker", "throttle", "fallback", "singleFlight"),
  attempts: fc.integer({ min: 2, max: 4 }),
  isComposed: fc.boolean(),
});
type Layer = typeof layer extends fc.Arbitrary<infer L> ? L : never;

function make({ is, attempts }: Layer, clock: TestClock): AnyPolicy {
  switch (is) {
    case "retry":
      return retry({ attempts, backoff: constant(1), budget: retryBudget({ reserve: 1_000 }), clock });
    case "timeout":
      return timeout("10m", { clock });
    case "bulkhead":
      return bulkhead({ concurrency: 100, clock });
    case "breaker":
      return breaker({ ratio: false, consecutive: false, clock });
    case "throttle":
      return throttle({ minimumCalls: 1_000, clock });
    case "fallback":
      return fallback({ staleFor: "1m", clock });
    default:
      return singleFlight();
  }
}

/** Puts the layers around the work, the first outermost. */
function around(layers: readonly Layer[], clock: TestClock, work: () => never): (within?: Call) => Promise<unknown> {
  const [first, ...rest] = layers;
  if (first === undefined) return async () => work();
  const policy = make(first, clock) as Policy;
  if (first.isComposed && rest.length > 0) {
    const inside = rest.findIndex(({ isComposed }) => !isComposed) + 1 || rest.length;
    const composed = compose(policy, ...rest.slice(0, inside).map((one) => make(one, clock))) as Policy;
    const next = around(rest.slice(inside), clock, work);
    return (within) =>
      composed.run(
        idempotent((call) => next(call)),
        { ...(within && { within }), key: "one" },
      );
  }
  const next = around(rest, clock, work);
  return (within) =>
    policy.run(
      idempotent((call) => next(call)),
      { ...(within && { within }), key: "one" },
    );
}

describe("policies in layers", () => {
  it("no retry in a lower layer when a higher one retries: the attempts of one call are those of the outermost retry", () =>
    fc.assert(
      fc.asyncProperty(fc.array(layer, { minLength: 1, maxLength: 7 }), async (layers) => {
        const clock = new TestClock();
        let attempts = 0;
        const call = around(layers, clock, () => {
          attempts++;
          throw faultOf("unavailable");
        });
        const end = settled(clock, call());
        await clock.advanceAsync(60_000);
        assert.ok((await end).thrown !== undefined);
        assert.equal(attempts, layers.find(({ is }) => is === "retry")?.attempts ?? 1);
        assert.equal(clock.pending, 0);
      }),
    ));

  const budget = retryBudget();
  for (const [what, calls, policy] of [
    ["200,000 calls", 200_000, compose(bulkhead({ concurrency: 64 }), retry({ budget }), breaker(), timeout("10s"))],
    [
      "20,000 calls through all policies",
      20_000,
      compose(
        compose(fallback({ staleFor: "1m" }), singleFlight(), bulkhead({ concurrency: 64 }), retry({ budget }), hedge({ budget })),
        compose(quota(), throttle(), breaker(), timeout("10s")),
      ),
    ],
  ] as const)
    it(`no listener, timer or place is left after ${what}`, async () => {
      const { signal } = new AbortController();
      const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
      const before = timers();
      const work = idempotent(async (call) => call.attempt);
      let made = 0;
      const caller = async () => {
        while (made < calls) await policy.run(work, { signal, key: made++ % 2 === 0 ? "even" : "odd" });
      };
      await Promise.all(Array.from({ length: 16 }, caller));
      assert.equal(getEventListeners(signal, "abort").length, 0, "a listener is left");
      assert.equal(sharedWheel(systemClock).size, 0, "a deadline is left");
      // The wheel keeps its one timer for a tick after its last deadline.
      assert.ok(timers() <= before + 1, `${timers() - before} timers are left`);
      for (const part of policy.parts) if (part instanceof Bulkhead) assert.deepEqual([part.running, part.waiting], [0, 0]);
    });
});

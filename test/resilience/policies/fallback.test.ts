import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Degraded } from "../../../src/resilience/policies/call/facts.ts";
import { fallback } from "../../../src/resilience/policies/fallback.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, faultOf, type Script, settled } from "./scripted.ts";

const step = fc.record({
  waitMs: fc.nat(800),
  key: fc.constantFrom("a", "b"),
  ends: fc.constantFrom<Script["ends"]>("well", "unavailable", "resource_exhausted", "internal", "not_found", "invalid_argument"),
});

describe("fallback", () => {
  it("no value older than `staleFor`, none of another key, never in place of what the callee refused, and each one is seen", () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new TestClock();
        const policy = fallback({ staleFor: "1s", clock });
        const facts: Degraded[] = [];
        policy.degraded.on((fact) => facts.push(fact));
        const good = new Map<string, { readonly value: number; readonly at: number }>();
        for (const [n, { waitMs, key, ends }] of steps.entries()) {
          clock.advance(waitMs);
          const before = facts.length;
          const work = () => {
            if (ends !== "well") throw faultOf(ends);
            return n;
          };
          const one = await settled(clock, policy.run<number>(work, { key }));
          const kept = good.get(key);
          const isFresh = kept !== undefined && clock.monotonic() - kept.at <= 1_000;
          if (ends === "well") good.set(key, { value: n, at: clock.monotonic() });
          const mayStandIn = ends === "unavailable" || ends === "resource_exhausted" || ends === "internal";
          const expected = ends === "well" ? n : isFresh && mayStandIn ? kept.value : undefined;
          assert.equal(one.value, expected);
          if (expected === undefined) assert.equal(endOf(one), ends);
          assert.equal(facts.length - before, ends !== "well" && expected !== undefined ? 1 : 0);
          if (ends === "well") assert.equal(policy.isDegraded, false);
          if (facts.length > before) assert.equal(policy.isDegraded, true);
        }
      }),
    ));

  it("returns the declared answer where there is no stale one, but neither for a bug nor after the caller cancelled", async () => {
    const clock = new TestClock();
    const policy = fallback({ staleFor: "1s", degraded: () => "unknown" as const, clock });
    const failing = () => {
      throw faultOf("unavailable");
    };
    const price: number | "unknown" = await policy.run<number>(failing);
    assert.equal(price, "unknown");
    await assert.rejects(
      policy.run(() => {
        throw new TypeError("x is undefined");
      }),
      TypeError,
    );
    const controller = new AbortController();
    const leaving = () => {
      controller.abort("left");
      throw faultOf("unavailable");
    };
    await assert.rejects(policy.run(leaving, { signal: controller.signal }), /unavailable/);
  });

  it("is refused where it has nothing to return", () => assert.throws(() => fallback({}), /nothing to return/));
});

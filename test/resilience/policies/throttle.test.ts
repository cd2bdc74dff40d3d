import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { throttle } from "../../../src/resilience/policies/throttle.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, faultOf, Ran, type Script, scripted, settled } from "./scripted.ts";

const ends = fc.constantFrom<Script["ends"]>("well", "unavailable", "resource_exhausted", "not_found", "internal");

/** Calls every 5 ms for so long; returns how many were made, and how many refused here. */
async function load(
  clock: TestClock,
  policy: ReturnType<typeof throttle>,
  { forMs, isDown }: { readonly forMs: number; readonly isDown: boolean },
) {
  const counts = { made: 0, throttled: 0 };
  for (let ms = 0; ms < forMs; ms += 5) {
    const work = () => {
      counts.made++;
      if (isDown) throw faultOf("unavailable");
    };
    if (endOf(await settled(clock, policy.run(work))) === "call_throttled") counts.throttled++;
    clock.advance(5);
  }
  return counts;
}

describe("throttle", () => {
  it("the probability is that of the source, from the calls of the window, and never more than the most", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ waitMs: fc.nat(40), ends }), { maxLength: 80 }),
        fc.double({ min: 1.1, max: 4, noNaN: true }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        fc.integer({ min: 1, max: 10 }),
        async (calls, factor, mostRefused, minimumCalls) => {
          const clock = new TestClock();
          const policy = throttle({ factor, mostRefused, minimumCalls, window: "1s", clock });
          const seen: { readonly at: number; readonly isAccepted: boolean }[] = [];
          for (const { waitMs, ends } of calls) {
            clock.advance(waitMs);
            // Ten buckets of 100 ms.
            const inWindow = seen.filter(({ at }) => Math.floor(at / 100) > Math.floor(clock.monotonic() / 100) - 10);
            const accepts = inWindow.filter(({ isAccepted }) => isAccepted).length;
            const source = (inWindow.length - factor * accepts) / (inWindow.length + 1);
            const expected = inWindow.length < minimumCalls ? 0 : Math.min(mostRefused, Math.max(0, source));
            assert.ok(Math.abs(policy.probability - expected) < 1e-9, `${policy.probability}, not ${expected}`);
            const work = () => {
              if (ends !== "well") throw faultOf(ends);
            };
            const end = endOf(await settled(clock, policy.run(work)));
            const isAccepted = end === "well" || end === "not_found" || end === "internal";
            seen.push({ at: clock.monotonic(), isAccepted });
          }
        },
      ),
    ));

  it("a callee that is down gets a tenth of the calls, and all of them within two windows after it is back", async () => {
    const clock = new TestClock();
    const policy = throttle({ clock });
    assert.equal((await load(clock, policy, { forMs: 20_000, isDown: false })).throttled, 0);
    await load(clock, policy, { forMs: 20_000, isDown: true });
    const down = await load(clock, policy, { forMs: 20_000, isDown: true });
    assert.ok(down.made > 300 && down.made < 500, `${down.made} of 4,000 were made`);
    await load(clock, policy, { forMs: 20_000, isDown: false });
    assert.equal((await load(clock, policy, { forMs: 5_000, isDown: false })).throttled, 0);
  });

  it("what its caller cancels counts neither way", async () => {
    const clock = new TestClock();
    const policy = throttle({ minimumCalls: 1, clock });
    for (let n = 0; n < 10; n++) {
      const controller = new AbortController();
      const end = settled(
        clock,
        policy.run(
          scripted(clock, new Ran(), () => ({ tookMs: 100, ends: "well" })),
          { signal: controller.signal },
        ),
      );
      controller.abort(faultOf("unavailable"));
      await clock.advanceAsync(10);
      await end;
    }
    assert.equal(policy.probability, 0);
  });
});

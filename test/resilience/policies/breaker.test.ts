import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type BreakerChanged, breaker } from "../../../src/resilience/policies/breaker/breaker.ts";
import { type BreakerBounds, type BreakerOutcome, BreakerState } from "../../../src/resilience/policies/breaker/state.ts";
import type { Call } from "../../../src/resilience/policies/call/call.ts";
import { compose } from "../../../src/resilience/policies/compose.ts";
import { timeout } from "../../../src/resilience/policies/timeout.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, Ran, scripted, settled } from "./scripted.ts";

const bounds = fc.record({
  ratio: fc.constantFrom(0.2, 0.5, 1, Number.POSITIVE_INFINITY),
  minimumCalls: fc.integer({ min: 1, max: 10 }),
  windowMs: fc.constantFrom(100, 1_000, 10_000),
  consecutive: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
  slowMs: fc.constantFrom(50, Number.POSITIVE_INFINITY),
  slowRatio: fc.constantFrom(0.5, 1),
  openMs: fc.constantFrom(10, 500),
  longestOpenMs: fc.constantFrom(500, 2_000),
  probes: fc.integer({ min: 1, max: 4 }),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("admit" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      pick: fc.nat(1_000),
      outcome: fc.constantFrom<BreakerOutcome>("success", "failure", "failure", "ignored"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.nat(700) }) },
);

interface Admitted {
  readonly generation: number;
  readonly at: number;
  /** How often the state had changed. */
  readonly epoch: number;
}

/** Drives a state by random steps and checks what it guarantees after each. */
function drive(given: BreakerBounds, steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): void {
  const clock = new TestClock();
  let openedAt = 0;
  let probesOfPhase = 0;
  let passed = 0;
  let epoch = 0;
  const state = new BreakerState(given, {
    random: () => clock.random(),
    onChange: (from, to) => {
      assert.ok([`closed open`, `open half-open`, `half-open open`, `half-open closed`].includes(`${from} ${to}`), `${from} to ${to}`);
      if (to === "open") openedAt = clock.monotonic();
      if (to === "half-open") probesOfPhase = 0;
      if (to === "half-open") assert.ok(clock.monotonic() - openedAt >= given.openMs / 2, "probed before half of its time");
      if (to === "closed") assert.equal(passed, given.probes, "closed though not all probes passed");
      passed = 0;
      epoch++;
    },
  });
  const admitted: Admitted[] = [];
  for (const one of steps) {
    const now = clock.monotonic();
    if (one.do === "advance") clock.advance(one.ms);
    else if (one.do === "settle") {
      const [call] = admitted.splice(one.pick % Math.max(1, admitted.length), 1);
      const before = state.phase;
      const isFast = call !== undefined && now - call.at < given.slowMs;
      if (call?.epoch === epoch && before === "half-open" && one.outcome === "success" && isFast) passed++;
      if (call) state.settle(call.generation, one.outcome, { now, tookMs: now - call.at });
      if (call?.epoch === epoch && before === "half-open" && one.outcome === "ignored") probesOfPhase--;
    } else {
      const generation = state.admit(now);
      const { phase } = state;
      if (generation < 0) assert.notEqual(phase, "closed", "a closed breaker refuses nothing");
      if (generation < 0 && phase === "open") assert.ok(now - openedAt < given.longestOpenMs, "open for longer than its longest");
      if (generation >= 0) assert.notEqual(phase, "open", "an open breaker lets nothing through");
      if (generation >= 0 && phase === "half-open")
        assert.ok(++probesOfPhase <= given.probes, `${probesOfPhase} of ${given.probes} probes`);
      if (generation >= 0) admitted.push({ generation, at: now, epoch });
    }
  }
  // Wherever it got to: a callee that is back from now on has all its calls in three of the longest times that it stays open.
  const until = clock.monotonic() + 3 * given.longestOpenMs;
  while (clock.monotonic() < until) {
    const now = clock.monotonic();
    const generation = state.admit(now);
    if (generation >= 0 && state.phase === "half-open") passed++;
    if (generation >= 0) state.settle(generation, "success", { now, tookMs: 0 });
    clock.advance(5);
  }
  assert.equal(state.phase, "closed", "it has not found out that the callee is back");
}

describe("breaker", () => {
  it("never open beyond its longest time, never more probes than it may, and closed again whatever happened before", () =>
    fc.assert(
      fc.property(bounds, fc.array(step, { minLength: 20, maxLength: 150 }), (given, steps) =>
        drive({ ...given, longestOpenMs: Math.max(given.openMs, given.longestOpenMs) }, steps),
      ),
      { numRuns: 1_000 },
    ));

  // Open for at most 1 s, and three probes of callers who come every 100 ms at most; a probe that hangs ends after its timeout of 1 s.
  for (const [outage, backMs] of [
    ["unavailable", 1_500],
    ["hangs", 2_600],
  ] as const)
    it(`after an outage of 60 s full traffic is back within ${backMs} ms of recovery, with the defaults, where the callee ${outage}`, () =>
      fc.assert(
        fc.asyncProperty(fc.nat(), fc.integer({ min: 20, max: 100 }), fc.nat(3_000), async (seed, everyMs, offsetMs) => {
          const clock = new TestClock({ seed });
          const policy = compose(breaker({ clock }), timeout("1s", { clock }));
          const recoveryAt = 10_000 + offsetMs + 60_000;
          const isDown = () => clock.monotonic() >= 10_000 + offsetMs && clock.monotonic() < recoveryAt;
          const ran = new Ran();
          const work = scripted(clock, ran, () =>
            isDown() ? { tookMs: outage === "hangs" ? 90_000 : 3, ends: "unavailable" } : { tookMs: 3, ends: "well" },
          );
          let calledInOutage = 0;
          const later: Promise<string>[] = [];
          while (clock.monotonic() < recoveryAt + 8_000) {
            const end = settled(clock, policy.run(work)).then(endOf);
            if (isDown()) calledInOutage++;
            if (clock.monotonic() >= recoveryAt + backMs) later.push(end);
            await clock.advanceAsync(everyMs);
          }
          const reached = ran.started;
          assert.ok(reached > 0 && calledInOutage > 0);
          assert.deepEqual([...new Set(await Promise.all(later))], ["well"]);
        }),
        { numRuns: 12 },
      ));

  it("opens by failures in a row, by their share and by slow calls, each of which can be switched off", async () => {
    const opens = async (
      options: Parameters<typeof breaker>[0],
      script: (n: number) => { tookMs: number; ends: "well" | "unavailable" },
    ) => {
      const clock = new TestClock();
      const one = breaker({ ...options, clock });
      const facts: BreakerChanged[] = [];
      one.changed.on((fact) => facts.push(fact));
      const work = scripted(clock, new Ran(), script);
      for (let n = 0; n < 40; n++) {
        const end = settled(clock, one.run(work));
        await clock.advanceAsync(200);
        await end;
        if (facts.length > 0) return facts[0]!.reason;
      }
      return undefined;
    };
    const failing = () => ({ tookMs: 1, ends: "unavailable" }) as const;
    const half = (n: number) => ({ tookMs: 1, ends: n % 2 === 0 ? "unavailable" : "well" }) as const;
    const slow = () => ({ tookMs: 150, ends: "well" }) as const;
    assert.equal(await opens({}, failing), "consecutive");
    assert.equal(await opens({}, half), "failures");
    assert.equal(await opens({}, slow), undefined);
    assert.equal(await opens({ slow: { after: "100ms" } }, slow), "slow");
    assert.equal(await opens({ consecutive: false }, failing), "failures");
    assert.equal(await opens({ consecutive: false, ratio: false }, failing), undefined);
  });

  it("what the caller cancels counts neither way, what runs out of time around it counts as failed", async () => {
    const clock = new TestClock();
    const one = breaker({ consecutive: 3, clock });
    const work = scripted(clock, new Ran(), () => ({ tookMs: 1_000, ends: "well" }));
    for (let n = 0; n < 5; n++) {
      const controller = new AbortController();
      const end = settled(clock, one.run(work, { signal: controller.signal }));
      await clock.advanceAsync(10);
      controller.abort(new Error("the user left"));
      await end;
    }
    assert.equal(one.phase, "closed");
    // What was cancelled may throw anything.
    const aborting = async (call: Call) => {
      await settled(clock, Promise.resolve(work(call)));
      throw Object.assign(new Error("aborted"), { name: "AbortError" });
    };
    for (let n = 0; n < 3; n++) {
      const end = settled(clock, compose(timeout("50ms", { clock }), one).run(aborting));
      await clock.advanceAsync(100);
      assert.equal(endOf(await end), "call_timeout");
    }
    assert.equal(one.phase, "open");
    const refused = await settled(clock, one.run(work));
    assert.equal(endOf(refused), "breaker_open");
    const { retryAfterMs } = refused.thrown as { retryAfterMs: number };
    assert.ok(retryAfterMs > 100 && retryAfterMs <= 500, `${retryAfterMs}`);
  });

  it("is not kept open by probes that had less time left than the callee takes, and still by those that had enough", async () => {
    const clock = new TestClock();
    const one = breaker({ consecutive: 3, probes: 2, longestOpenFor: "2s", clock });
    let tookMs = 20;
    let ends: "well" | "unavailable" = "well";
    const work = scripted(clock, new Ran(), () => ({ tookMs, ends }));
    const callWithin = async (ms: number) => {
      const end = settled(clock, compose(timeout(ms, { clock }), one).run(work));
      await clock.advanceAsync(300);
      return endOf(await end);
    };
    for (let n = 0; n < 5; n++) assert.equal(await callWithin(250), "well");
    ends = "unavailable";
    for (let n = 0; n < 3; n++) await callWithin(250);
    assert.equal(one.phase, "open");
    ends = "well";
    await clock.advanceAsync(2_000);
    // Each of them waited for the breaker, and has as good as no time left.
    for (let n = 0; n < 5; n++) assert.equal(await callWithin(10), "call_timeout");
    assert.equal(one.phase, "half-open");
    tookMs = 1_000;
    assert.equal(await callWithin(100), "call_timeout");
    assert.equal(one.phase, "open");
    tookMs = 20;
    await clock.advanceAsync(2_000);
    for (let n = 0; n < 2; n++) assert.equal(await callWithin(250), "well");
    assert.equal(one.phase, "closed");
  });

  it("is refused with a reason where a number is out of its bounds", () => {
    assert.throws(() => breaker({ ratio: 0 }), /ratio is 0/);
    assert.throws(() => breaker({ openFor: "5s", longestOpenFor: "1s" }), /longestOpenFor is 1s/);
    assert.throws(() => breaker({ probes: 1_000 }), /probes is 1000/);
  });
});

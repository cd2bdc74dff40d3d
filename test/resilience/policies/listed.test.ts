// The limits of policies: what each has let in and refused, its phase, and what its modes do.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LoadLines, loadLines } from "../../../src/core/load-line/load-lines.ts";
import { breaker } from "../../../src/resilience/policies/breaker/breaker.ts";
import { bulkhead } from "../../../src/resilience/policies/bulkhead/bulkhead.ts";
import { compose } from "../../../src/resilience/policies/compose.ts";
import { fallback } from "../../../src/resilience/policies/fallback.ts";
import { hedge } from "../../../src/resilience/policies/hedge/hedge.ts";
import { type AnyPolicy, idempotent, type Policy } from "../../../src/resilience/policies/policy.ts";
import { quota } from "../../../src/resilience/policies/quota/quota.ts";
import { retryBudget } from "../../../src/resilience/policies/retry/budget.ts";
import { retry } from "../../../src/resilience/policies/retry/retry.ts";
import { throttle } from "../../../src/resilience/policies/throttle.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { endOf, faultOf, Ran, scripted, settled } from "./scripted.ts";

/** The limits of a policy as an app lists them. */
function listed(policy: AnyPolicy, clock: TestClock): LoadLines {
  const lines = new LoadLines(clock);
  for (const line of (policy as Policy)[loadLines]) lines.register(line);
  return lines;
}

const failing = () => {
  throw faultOf("unavailable");
};
const well = () => 1;
const calls = fc.array(fc.record({ waitMs: fc.nat(700), isWell: fc.boolean() }), { maxLength: 60 });

describe("the limits of a policy", () => {
  it("are those of all its parts, and one that parts share is listed once", () => {
    const clock = new TestClock();
    const budget = retryBudget();
    const policy = compose(
      compose(fallback({ staleFor: "1m" }), bulkhead({ concurrency: 1 }), retry({ budget })),
      compose(hedge({ budget }), quota(), throttle(), breaker()),
    );
    assert.deepEqual(
      listed(policy, clock)
        .list()
        .map(({ name, phase }) => [name, phase]),
      [
        ["breaker", "closed"],
        ["bulkhead concurrency", undefined],
        ["bulkhead queue", undefined],
        ["fallback", "normal"],
        ["quota", undefined],
        ["retry budget", undefined],
        ["throttle", undefined],
      ],
    );
  });

  it("have the name of their owner before their own", () => {
    const clock = new TestClock();
    const policy = breaker({ clock });
    for (const line of policy[loadLines]) line.nameUnder("upstream prices");
    assert.deepEqual(
      listed(policy, clock)
        .list()
        .map(({ name }) => name),
      ["upstream prices breaker"],
    );
  });
});

describe("the limit of a breaker", () => {
  it("in measure mode it refuses nothing and reports exactly what enforce refuses, and it is in the same phase", () =>
    fc.assert(
      fc.asyncProperty(calls, async (script) => {
        // A clock each: both draw the same times at random.
        const clocks = [new TestClock(), new TestClock()] as const;
        const [enforced, measured] = clocks.map((clock) =>
          breaker({ clock, consecutive: 2, openFor: "500ms", longestOpenFor: "1s", probes: 2 }),
        );
        const lines = [listed(enforced!, clocks[0]), listed(measured!, clocks[1])] as const;
        lines[1].setMode("breaker", "measure", "test");
        let made = 0;
        for (const { waitMs, isWell } of script) {
          for (const clock of clocks) clock.advance(waitMs);
          const work = isWell ? well : failing;
          const ends = await Promise.all([settled(clocks[0], enforced!.run(work)), settled(clocks[1], measured!.run(work))]);
          assert.equal(endOf(ends[1]), isWell ? "well" : "unavailable");
          const [one, other] = lines.map((each) => each.list()[0]!);
          assert.deepEqual(
            [other!.wouldRefuse, other!.refused, other!.admitted, other!.phase],
            [one!.refused, { open: 0 }, one!.admitted, one!.phase],
          );
          assert.equal(one!.refused.open! + one!.admitted, ++made);
        }
      }),
    ));

  it("switched off it calls always and learns nothing", async () => {
    const clock = new TestClock();
    const policy = breaker({ clock, consecutive: 1 });
    const lines = listed(policy, clock);
    lines.setMode("breaker", "off", "test");
    for (let i = 0; i < 5; i++) assert.equal(endOf(await settled(clock, policy.run(failing))), "unavailable");
    const [{ phase, refused, wouldRefuse, admitted } = assert.fail()] = lines.list();
    assert.deepEqual(
      { phase, refused, wouldRefuse, admitted },
      { phase: "closed", refused: { open: 0 }, wouldRefuse: { open: 0 }, admitted: 0 },
    );
  });
});

describe("the limits of a bulkhead", () => {
  it("count who runs, who waits and who is refused for which reason", async () => {
    const clock = new TestClock();
    const policy = bulkhead({ concurrency: 1, queue: 1, wait: "100ms", clock });
    const lines = listed(policy, clock);
    const ran = new Ran();
    const work = scripted(clock, ran, () => ({ tookMs: 500, ends: "well" }));
    const ends = [1, 2, 3].map(() => settled(clock, policy.run(work)));
    await clock.advanceAsync(50);
    const during = lines.list().map(({ now, highWater }) => [now, highWater]);
    await clock.advanceAsync(1_000);
    assert.deepEqual((await Promise.all(ends)).map(endOf), ["well", "bulkhead_full", "bulkhead_full"]);
    assert.deepEqual(during, [
      [1, 1],
      [1, 1],
    ]);
    assert.deepEqual(
      lines.list().map(({ name, now, admitted, refused }) => [name, now, admitted, refused]),
      [
        ["bulkhead concurrency", 0, 1, {}],
        ["bulkhead queue", 0, 1, { full: 1, waited: 1 }],
      ],
    );
  });

  it("no change of mode loses or doubles a place: a call that waits runs when it measures, and enforced again no more than its places run", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ mode: fc.constantFrom("enforce", "measure", "off", "stay"), calls: fc.nat(5), ms: fc.nat(60) }), {
          maxLength: 20,
        }),
        async (steps) => {
          const clock = new TestClock();
          const policy = bulkhead({ concurrency: 2, queue: 3, wait: "10s", clock });
          const lines = listed(policy, clock);
          const ran = new Ran();
          const ends: Promise<unknown>[] = [];
          for (const { mode, calls: count, ms } of steps) {
            const before = ran.running;
            if (mode !== "stay") lines.setMode("bulkhead queue", mode, "test");
            for (let i = 0; i < count; i++)
              ends.push(settled(clock, policy.run(scripted(clock, ran, () => ({ tookMs: 50, ends: "well" })))));
            await clock.advanceAsync(0);
            const { mode: now } = lines.list()[0]!;
            assert.equal(policy.running, ran.running);
            if (now === "enforce") assert.ok(ran.running <= Math.max(2, before), `${ran.running} run, ${before} did`);
            else assert.equal(policy.waiting, 0);
            await clock.advanceAsync(ms);
          }
          await clock.advanceAsync(60_000);
          await Promise.all(ends);
          assert.deepEqual([policy.running, policy.waiting, clock.pending], [0, 0, 0]);
        },
      ),
    ));

  it("in measure mode none waits, and those that find all places and the whole queue taken are counted", async () => {
    const clock = new TestClock();
    const policy = bulkhead({ concurrency: 2, queue: 1, clock });
    const lines = listed(policy, clock);
    lines.setMode("bulkhead concurrency", "measure", "test");
    const ran = new Ran();
    const ends = [1, 2, 3, 4, 5].map(() => settled(clock, policy.run(scripted(clock, ran, () => ({ tookMs: 10, ends: "well" })))));
    await clock.advanceAsync(1_000);
    assert.deepEqual((await Promise.all(ends)).map(endOf), ["well", "well", "well", "well", "well"]);
    assert.equal(ran.mostAtOnce, 5);
    assert.deepEqual(lines.list()[1]!.wouldRefuse, { full: 2, waited: 0 });
  });
});

describe("the limit of a retry budget", () => {
  it("in measure mode it allows every attempt and reports exactly those that enforce refuses", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (script) => {
        const clock = new TestClock();
        const [enforced, measured] = [retryBudget({ reserve: 2 }), retryBudget({ reserve: 2 })];
        const policies = [enforced, measured].map((budget) => retry({ attempts: 2, budget, clock, backoff: { delayMs: () => 0 } }));
        const lines = policies.map((policy) => listed(policy, clock));
        lines[1]!.setMode("retry budget", "measure", "test");
        for (const isWell of script) {
          const before = [0, 0];
          const ends = policies.map((policy, at) =>
            settled(
              clock,
              policy.run(
                idempotent(() => {
                  before[at]!++;
                  return isWell ? well() : failing();
                }),
              ),
            ),
          );
          await clock.advanceAsync(1);
          await Promise.all(ends);
          assert.equal(before[1], isWell ? 1 : 2);
        }
        const [one, other] = lines.map((each) => each.list()[0]!);
        assert.deepEqual([other!.wouldRefuse, other!.admitted, other!.now], [one!.refused, one!.admitted, one!.now]);
      }),
    ));
});

describe("the limit of a throttle and that of a quota", () => {
  it("in measure mode refuse nothing and count", async () => {
    const clock = new TestClock();
    const policies = [throttle({ clock, minimumCalls: 1 }), quota({ clock })] as const;
    for (const policy of policies) {
      const [name] = listed(policy, clock).list();
      const lines = listed(policy, clock);
      lines.setMode(name!.name, "measure", "test");
      const busy = () => {
        throw faultOf("resource_exhausted", 60_000);
      };
      for (let i = 0; i < 40; i++) assert.equal(endOf(await settled(clock, policy.run(busy))), "resource_exhausted");
      const { refused, wouldRefuse } = lines.list()[0]!;
      const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, one) => all + one, 0);
      assert.equal(sum(refused), 0);
      assert.ok(sum(wouldRefuse) > 0);
    }
  });
});

describe("the stale values of a fallback", () => {
  const kept = (policy: AnyPolicy, clock: TestClock) => listed(policy, clock).list()[0]!;

  it("never take more than their bytes, whatever the values and keys, and those set longest ago go first", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.nat(8), length: fc.nat(900) }), { maxLength: 60 }),
        fc.integer({ min: 200, max: 4_000 }),
        async (steps, staleBytes) => {
          const clock = new TestClock();
          const policy = fallback({ staleFor: "1h", staleBytes, clock });
          const model = new Map<string, number>();
          const sizeOf = (key: string, length: number) => 128 + 2 * key.length + 16 + 2 * length;
          for (const { key: number, length } of steps) {
            const key = `key ${number}`;
            await policy.run(() => "x".repeat(length), { key });
            model.delete(key);
            if (sizeOf(key, length) <= staleBytes) model.set(key, length);
            const bytes = () => [...model].reduce((sum, [one, size]) => sum + sizeOf(one, size), 0);
            while (bytes() > staleBytes) model.delete(model.keys().next().value!);
            const { now, declared } = kept(policy, clock);
            assert.deepEqual([now, declared], [bytes(), staleBytes]);
          }
          for (let number = 0; number <= 8; number++) {
            const key = `key ${number}`;
            const end = await settled(clock, policy.run<string>(failing, { key }));
            assert.equal(end.value?.length, model.get(key));
          }
        },
      ),
    ));

  it("what is too large or has no size is not kept, and counted; it replaces the one before it", async () => {
    const clock = new TestClock();
    const policy = fallback({ staleFor: "1h", staleBytes: 1_000, clock });
    const sizeless = {
      get body() {
        throw new Error("cannot be read");
      },
    };
    for (const value of ["small", "x".repeat(1_000), sizeless]) await policy.run((): unknown => value, { key: "a" });
    await assert.rejects(policy.run(failing, { key: "a" }), /unavailable/);
    const { now, refused, fixed } = kept(policy, clock);
    assert.deepEqual([now, refused], [0, { too_large: 2, made_room: 0 }]);
    assert.match(fixed ?? "", /staleBytes/);
  });

  it("the phase says whether the latest call got less than it asked for", async () => {
    const clock = new TestClock();
    const policy = fallback({ degraded: () => "less", clock });
    const phases = [kept(policy, clock).phase];
    for (const work of [failing, well]) {
      await policy.run<unknown>(work);
      phases.push(kept(policy, clock).phase);
    }
    assert.deepEqual(phases, ["normal", "degraded", "normal"]);
  });

  for (const staleBytes of [0, 1.5, 2 ** 31])
    it(`of ${staleBytes} bytes are refused`, () => assert.throws(() => fallback({ staleFor: "1m", staleBytes }), /Write a whole number/));
});

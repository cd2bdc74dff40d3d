import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { sleep } from "../../src/core/clock.ts";
import { Fault } from "../../src/core/fault.ts";
import { callTarget } from "../../src/load/call-target.ts";
import type { LoadResult, Target } from "../../src/load/outcome.ts";
import { type LoadOptions, runLoad } from "../../src/load/run.ts";
import { hold, schedule } from "../../src/load/schedule.ts";
import { TestClock } from "../../src/testing/clock.ts";

const oneSecond = schedule([hold(100, 1)]);

describe("a run", () => {
  it("sends at the scheduled times, whether or not earlier calls were answered", async () => {
    const sent: number[] = [];
    const result = await run({
      target: (clock) => async () => {
        sent.push(clock.monotonic());
        await sleep(clock, 5_000);
        return { kind: "ok" };
      },
    });
    assert.deepEqual(sent, [...oneSecond.times()]);
    assert.equal(result.late, 100);
  });

  it("measures from the scheduled time, also if the generator itself was late", async () => {
    const clock = new TestClock();
    const running = runLoad({ schedule: schedule([hold(1, 1)]), target: async () => ({ kind: "ok" }), deadlineMs: 100, clock });
    // The loop was blocked: the timer that was due at 500 ms fires at 650.
    const clockOf = clock.monotonic.bind(clock);
    let skewMs = 0;
    clock.monotonic = () => clockOf() + skewMs;
    await clock.advanceAsync(499);
    skewMs = 150;
    await clock.advanceAsync(1);
    const result = await running;
    assert.deepEqual([result.late, result.ok, result.accepted.max], [1, 0, 150]);
    assert.deepEqual([result.lagged, result.isVoid], [1, true]);
  });

  it("counts an answer as ok up to its deadline, and as late after it", async () => {
    const result = await run({
      deadlineMs: 50,
      target:
        (clock) =>
        async ({ index }) => {
          await sleep(clock, index % 2 === 0 ? 50 : 51);
          return { kind: "ok" };
        },
    });
    assert.deepEqual([result.ok, result.late, result.goodput], [50, 50, 50]);
    assert.deepEqual([result.accepted.size, result.accepted.max], [100, 51]);
  });

  it("misses what does not fit in flight, and is void beyond 1% of the schedule", async () => {
    const stalled = (fits: number) =>
      run({
        inFlight: fits,
        target: (clock) => async () => {
          await sleep(clock, 10_000);
          return { kind: "ok" };
        },
      });
    const [kept, lost] = [await stalled(99), await stalled(98)];
    assert.deepEqual([kept.missed, kept.isVoid], [1, false]);
    assert.deepEqual([lost.missed, lost.isVoid], [2, true]);
  });

  it("tells what was refused from what failed, each by its reason", async () => {
    const result = await run({
      target: () =>
        callTarget(({ index }) => {
          if (index % 4 === 1) throw new Fault({ code: "unavailable", type: "overloaded", message: "Full." });
          if (index % 4 === 2) throw new Fault({ code: "internal", message: "A bug." });
          if (index % 4 === 3) return Promise.reject(new TypeError("no"));
        }),
    });
    assert.deepEqual([result.ok, result.refused, result.failed], [25, 25, 50]);
    assert.deepEqual(Object.fromEntries(result.reasons), { overloaded: 25, internal: 25, TypeError: 25 });
    assert.equal(result.refusals.size, 25);
  });

  it("counts a target that throws before it promises as failed", async () => {
    const result = await run({
      target: () => () => {
        throw new RangeError("at once");
      },
    });
    assert.deepEqual([result.failed, result.reasons.get("RangeError")], [100, 100]);
  });

  it("keeps a bounded number of reasons", async () => {
    const result = await run({
      schedule: schedule([hold(500, 1)]),
      target:
        () =>
        async ({ index }) => ({ kind: "failed", reason: String(index) }),
    });
    assert.deepEqual([result.reasons.size, result.reasons.get("other")], [100, 401]);
  });

  it("sends the warm-up and leaves it out of the figures, but not of the windows", async () => {
    const result = await run({ warmUpMs: 400, windowMs: 200 });
    assert.deepEqual([result.scheduled, result.ok, result.seconds, result.goodput], [60, 60, 0.6, 100]);
    assert.deepEqual(
      result.windows.map(({ fromMs, ok }) => [fromMs, ok]),
      [0, 200, 400, 600, 800].map((fromMs) => [fromMs, 20]),
    );
  });

  it("gives every call of the schedule one outcome, and leaves no timer", async () => {
    const call = fc.record({ tookMs: fc.integer({ min: 0, max: 400 }), kind: fc.constantFrom("ok", "refused", "failed", "throws") });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 100, maxLength: 100 }), fc.integer({ min: 1, max: 30 }), async (calls, inFlight) => {
        const clock = new TestClock();
        let most = 0;
        let now = 0;
        const target: Target = async ({ index }) => {
          most = Math.max(most, ++now);
          const { tookMs, kind } = calls[index]!;
          await sleep(clock, tookMs);
          now--;
          if (kind === "throws") throw new Error("thrown");
          return kind === "ok" ? { kind } : { kind: kind as "refused" | "failed", reason: "r" };
        };
        const running = runLoad({ schedule: oneSecond, target, deadlineMs: 100, inFlight, clock });
        await clock.advanceAsync(2_000);
        const { scheduled, ok, late, refused, failed, missed, accepted, windows } = await running;
        assert.equal(scheduled, 100);
        assert.equal(ok + late + refused + failed + missed, 100);
        assert.equal(accepted.size, ok + late);
        assert.equal(
          windows.reduce((sum, window) => sum + window.ok, 0),
          ok,
        );
        assert.ok(most <= inFlight, `${most} in flight`);
        assert.equal(clock.pending, 0);
      }),
      { numRuns: 25 },
    );
  });

  it("ends early by its signal, when what was sent has settled", async () => {
    const clock = new TestClock();
    const ended = new AbortController();
    let settled = 0;
    const target: Target = async () => {
      await sleep(clock, 300);
      settled++;
      return { kind: "ok" };
    };
    const running = runLoad({ schedule: oneSecond, target, deadlineMs: 100, signal: ended.signal, clock });
    const outcome = running.then(
      () => "resolved",
      (reason) => reason,
    );
    await clock.advanceAsync(500);
    ended.abort("enough");
    await clock.advanceAsync(300);
    assert.deepEqual([await outcome, settled, clock.pending], ["enough", 50, 0]);
  });

  it("refuses a warm-up that leaves nothing, and bounds that are none", () => {
    const target: Target = async () => ({ kind: "ok" });
    const spec = { schedule: oneSecond, target, deadlineMs: 100 };
    assert.throws(() => runLoad({ ...spec, warmUpMs: 1_000 }), /leaves nothing/);
    assert.throws(() => runLoad({ ...spec, inFlight: 0 }), /whole number above 0/);
    assert.throws(() => runLoad({ ...spec, deadlineMs: 0 }), /deadline/);
  });
});

type RunSpec = Partial<Omit<LoadOptions, "target">> & { readonly target?: (clock: TestClock) => Target };

async function run({ target = () => async () => ({ kind: "ok" }), ...options }: RunSpec): Promise<LoadResult> {
  const clock = new TestClock();
  const running = runLoad({ schedule: oneSecond, deadlineMs: 1_000, ...options, target: target(clock), clock });
  await clock.advanceAsync(60_000);
  return running;
}

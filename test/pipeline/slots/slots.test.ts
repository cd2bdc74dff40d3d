import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LoadLines } from "../../../src/core/load-line/load-lines.ts";
import type { Refusal } from "../../../src/operation/execution.ts";
import { Slots, type SlotsOptions, type Waiter } from "../../../src/pipeline/slots.ts";
import { TestClock } from "../../../src/testing/clock.ts";

class Caller implements Waiter {
  queuedAt = 0;
  state: "new" | "waits" | "runs" | "refused" | "done" = "new";
  refusal: Refusal | undefined = undefined;
  readonly caller: string;
  readonly rank: number;
  readonly deadlineAt: number;

  constructor({ caller = "a\nx", rank = 1, deadlineAt = Number.POSITIVE_INFINITY } = {}) {
    this.caller = caller;
    this.rank = rank;
    this.deadlineAt = deadlineAt;
  }

  granted(): void {
    assert.equal(this.state, "waits");
    this.state = "runs";
  }

  displaced(refusal: Refusal): void {
    assert.equal(this.state, "waits");
    this.state = "refused";
    this.refusal = refusal;
  }
}

function slotsOf(spec: Partial<SlotsOptions> = {}) {
  const clock = new TestClock();
  const slots = new Slots({ name: "t.work", concurrency: 1, queue: 100, mode: "enforce", deadlineMs: 1_000, ...spec });
  slots.listOn(new LoadLines(clock), clock);
  const ask = (caller: Caller) => {
    if (slots.tryEnter(caller)) caller.state = "runs";
    else {
      caller.state = "waits";
      const refusal = slots.wait(caller);
      if (refusal !== undefined) Object.assign(caller, { state: "refused", refusal });
    }
    return caller;
  };
  const leave = (caller: Caller, heldMs = 10) => {
    caller.state = "done";
    slots.leave({ outcome: "ok", heldMs });
  };
  return { clock, slots, ask, leave };
}

/** One caller after the other runs for 50 ms, and three arrive meanwhile. */
function overloaded(turns: number) {
  const { clock, slots, ask, leave } = slotsOf();
  const all = [ask(new Caller())];
  for (let turn = 0; turn < turns; turn++) {
    for (let n = 0; n < 3; n++) {
      clock.advance(50 / 3);
      all.push(ask(new Caller()));
    }
    leave(all.find(({ state }) => state === "runs")!, 50);
  }
  return { clock, slots, ask, leave, all };
}

describe("Slots", () => {
  it("lets a burst of a queue that drains run in order, and refuses none of it", () => {
    const { clock, ask, leave } = slotsOf();
    const callers = Array.from({ length: 6 }, () => ask(new Caller()));
    for (const caller of callers) {
      assert.equal(caller.state, "runs");
      clock.advance(50);
      leave(caller, 50);
    }
  });

  it("refuses those who wait in vain where a queue stands, keeps the slot in use, and lets the newest in first", () => {
    const { all, slots } = overloaded(60);
    const refused = all.filter(({ state }) => state === "refused");
    assert.ok(refused.length > 80, `${refused.length}`);
    for (const { refusal } of refused) assert.equal(refusal?.limit, "t.work queue");
    assert.equal(slots.running, 1);
    assert.equal(all.filter(({ state }) => state === "done").length, 60);
    assert.ok(slots.waiting <= 12, `${slots.waiting} wait, of 200 ms of arrivals`);
    const running = all.findIndex(({ state }) => state === "runs");
    assert.ok(running >= all.length - 3, "the newest runs");
  });

  it("is as before once there is no queue", () => {
    const { all, slots, ask, leave } = overloaded(60);
    while (slots.running > 0) leave(all.find(({ state }) => state === "runs")!, 50);
    const [first, second, third] = [ask(new Caller()), ask(new Caller()), ask(new Caller())];
    leave(first!);
    assert.deepEqual([second!.state, third!.state], ["runs", "waits"]);
  });

  it("refuses before it begins what can no longer finish within its deadline", () => {
    const { clock, slots, ask, leave } = slotsOf();
    for (let n = 0; n < 30; n++) leave(ask(new Caller()), 100);
    const running = ask(new Caller());
    const now = clock.monotonic();
    assert.equal(ask(new Caller({ deadlineAt: now + 90 })).state, "refused");
    const waits = ask(new Caller({ deadlineAt: now + 150 }));
    const later = ask(new Caller({ deadlineAt: now + 500 }));
    clock.advance(60);
    leave(running, 60);
    assert.deepEqual([waits.state, later.state], ["refused", "runs"]);
    assert.equal(slots.queueLine.reason("hopeless").refused, 2);
  });

  it("lets critical callers in first, and sheddable ones make room", () => {
    const { ask, leave } = slotsOf({ queue: 2 });
    const running = ask(new Caller());
    const [spare, plain] = [ask(new Caller({ rank: 0 })), ask(new Caller({ rank: 1 }))];
    const vital = ask(new Caller({ rank: 2 }));
    assert.deepEqual([spare.state, plain.state, vital.state], ["refused", "waits", "waits"]);
    leave(running);
    assert.deepEqual([plain.state, vital.state], ["waits", "runs"]);
  });

  it("never leaks a slot, never lets more run than the limit nor more wait than the queue, whatever happens", () => {
    const step = fc.oneof(
      {
        arbitrary: fc.record({
          caller: fc.constantFrom("a\nx", "a\ny", "b\nx"),
          rank: fc.constantFrom(0, 1, 2),
          left: fc.integer({ min: 1, max: 400 }),
        }),
        weight: 5,
      },
      { arbitrary: fc.nat(10).map((leave) => ({ leave })), weight: 4 },
      { arbitrary: fc.nat(10).map((forget) => ({ forget })), weight: 1 },
      { arbitrary: fc.integer({ min: 1, max: 120 }).map((advance) => ({ advance })), weight: 3 },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 300 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 6 }),
        (steps, concurrency, queue) => {
          const { clock, slots, ask, leave } = slotsOf({ concurrency, queue });
          const all: Caller[] = [];
          const of = (state: Caller["state"]) => all.filter((caller) => caller.state === state);
          for (const how of steps) {
            if ("advance" in how) clock.advance(how.advance);
            else if ("leave" in how) {
              const runs = of("runs");
              if (runs.length > 0) leave(runs[how.leave % runs.length]!, 20 + how.leave);
            } else if ("forget" in how) {
              const waits = of("waits");
              const one = waits[how.forget % waits.length];
              if (one !== undefined) {
                assert.ok(slots.forget(one));
                one.state = "done";
              }
            } else all.push(ask(new Caller({ ...how, deadlineAt: clock.monotonic() + how.left })));
            assert.deepEqual([slots.running, slots.waiting], [of("runs").length, of("waits").length]);
            assert.ok(slots.running <= concurrency && slots.waiting <= queue);
            assert.ok(slots.running === concurrency || slots.waiting === 0, "one waits while a slot is free");
          }
          for (const caller of of("waits")) slots.forget(caller);
          for (let left = slots.running; left > 0; left--) slots.leave();
          assert.equal(slots.running, 0);
        },
      ),
    );
  });
});

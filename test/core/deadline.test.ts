import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DeadlineWheel, type Expiring } from "../../src/core/deadline.ts";
import { TestClock } from "../../src/testing/clock.ts";

const twoTicksMs = 16;

class Entry implements Expiring {
  readonly deadlineAt: number;
  readonly addedAt: number;
  readonly #onExpire: (entry: Entry) => void;
  wheelNext: Expiring | undefined;
  wheelPrevious: Expiring | undefined;
  wheelSlot = -1;

  constructor(clock: TestClock, afterMs: number, onExpire: (entry: Entry) => void) {
    this.addedAt = clock.monotonic();
    this.deadlineAt = this.addedAt + afterMs;
    this.#onExpire = onExpire;
  }

  expire(): void {
    this.#onExpire(this);
  }

  /** The last moment at which a wheel may still hold it. */
  get latestAt(): number {
    return Math.max(this.deadlineAt, this.addedAt) + twoTicksMs;
  }
}

/** A wheel, and beside it the naive model: a set. */
class Modelled {
  readonly clock = new TestClock();
  readonly wheel = new DeadlineWheel(this.clock);
  readonly held = new Set<Entry>();
  readonly made: Entry[] = [];

  add(afterMs: number, whenExpired?: () => void): Entry {
    const entry = new Entry(this.clock, afterMs, () => {
      const now = this.clock.monotonic();
      assert.ok(this.held.delete(entry), "expired though it was removed, or twice");
      assert.ok(now >= entry.deadlineAt, `early: due at ${entry.deadlineAt}, expired at ${now}`);
      assert.ok(now <= entry.latestAt, `late: due at ${entry.deadlineAt}, expired at ${now}`);
      whenExpired?.();
    });
    this.made.push(entry);
    this.held.add(entry);
    this.wheel.add(entry);
    return entry;
  }

  remove(entry: Entry): void {
    this.held.delete(entry);
    this.wheel.remove(entry);
  }

  check(): void {
    assert.equal(this.wheel.size, this.held.size);
    for (const entry of this.held) assert.ok(this.clock.monotonic() <= entry.latestAt, `forgotten: due at ${entry.deadlineAt}`);
  }

  /** Lets everything fall due and checks that nothing is left, neither an entry nor a timer. */
  drain(): void {
    this.clock.advance(40_000);
    this.check();
    assert.equal(this.wheel.size, 0);
    assert.equal(this.clock.pending, 0, "an empty wheel keeps no timer");
  }
}

type Step =
  | { readonly do: "add"; readonly afterMs: number; readonly onExpire: "nothing" | "remove" | "add"; readonly pick: number }
  | { readonly do: "remove"; readonly pick: number }
  | { readonly do: "advance"; readonly ms: number };

const afterMs = fc.oneof(
  fc.double({ min: 0, max: 60, noNaN: true }),
  fc.integer({ min: -20, max: 40 }),
  fc.integer({ min: 0, max: 20_000 }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("add" as const), afterMs, onExpire: fc.constantFrom("nothing", "remove", "add"), pick: fc.nat(1_000) }),
  fc.record({ do: fc.constant("remove" as const), pick: fc.nat(1_000) }),
  fc.record({ do: fc.constant("advance" as const), ms: fc.oneof(fc.double({ min: 0, max: 30, noNaN: true }), fc.nat(12_000)) }),
);

function run(modelled: Modelled, steps: readonly Step[], addedFromExpireMs: (pick: number) => number): void {
  const removePicked = (pick: number) => {
    const entry = modelled.made[pick % Math.max(1, modelled.made.length)];
    if (entry) modelled.remove(entry);
  };
  for (const step of steps) {
    if (step.do === "advance") modelled.clock.advance(step.ms);
    else if (step.do === "remove") removePicked(step.pick);
    else {
      const { onExpire, pick } = step;
      modelled.add(step.afterMs, () => {
        if (onExpire === "remove") removePicked(pick);
        else if (onExpire === "add") modelled.add(addedFromExpireMs(pick));
      });
    }
    modelled.check();
  }
  modelled.drain();
}

describe("deadline wheel", () => {
  it("does as a naive set does, never early and at most two ticks late", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => run(new Modelled(), steps, (pick) => 1 + pick)),
      { numRuns: 150 },
    );
  });

  it("does so also when an expiring entry adds one whose deadline has passed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => run(new Modelled(), steps, (pick) => (pick % 20) - 10)),
      { numRuns: 150 },
    );
  });

  it("removes an entry of the same instant from within expire", () => {
    const modelled = new Modelled();
    const both: Entry[] = [];
    let expired = 0;
    const removeBoth = () => {
      expired++;
      for (const entry of both) modelled.remove(entry);
    };
    both.push(modelled.add(10, removeBoth), modelled.add(10, removeBoth));
    modelled.drain();
    assert.equal(expired, 1);
  });

  it("tells apart deadlines that share a slot of different turns", () => {
    const modelled = new Modelled();
    for (const turn of [0, 1, 2]) modelled.add(80 + turn * 8 * 1_024);
    modelled.clock.advance(100);
    assert.equal(modelled.wheel.size, 2);
    modelled.clock.advance(8 * 1_024);
    assert.equal(modelled.wheel.size, 1);
    modelled.drain();
  });

  it("expires everything that fell due while the loop was blocked", () => {
    let blockedMs = 0;
    const clock = new TestClock();
    const blockable = Object.assign(Object.create(clock) as TestClock, {
      monotonic: () => clock.monotonic() + blockedMs,
      schedule: clock.schedule.bind(clock),
    });
    const wheel = new DeadlineWheel(blockable);
    const expired: number[] = [];
    for (const ms of [5, 100, 9_000, 29_000, 31_000]) wheel.add(new Entry(clock, ms, () => expired.push(ms)));
    blockedMs = 30_000;
    clock.advance(8);
    assert.deepEqual(
      expired.toSorted((a, b) => a - b),
      [5, 100, 9_000, 29_000],
    );
    clock.advance(1_100);
    assert.equal(wheel.size, 0);
  });

  it("holds one timer for any number of deadlines", () => {
    const modelled = new Modelled();
    for (let i = 0; i < 1_000; i++) modelled.add(50 + i);
    assert.equal(modelled.clock.pending, 1);
    modelled.drain();
  });

  it("asserts on an entry that it holds already, and ignores the removal of one that it does not hold", () => {
    const modelled = new Modelled();
    const entry = modelled.add(10);
    assert.throws(() => modelled.wheel.add(entry), { name: "AssertionError" });
    modelled.remove(entry);
    modelled.remove(entry);
    assert.equal(modelled.wheel.size, 0);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Slots, type Waiter } from "../../../src/pipeline/slots.ts";

// Slots beside the simplest thing that does the same: a list of who runs and a list of who waits.

class Caller implements Waiter {
  queuedAt = 0;
  readonly name: number;
  #slots: Slots;
  #running: Caller[];
  constructor(name: number, slots: Slots, running: Caller[]) {
    this.name = name;
    this.#slots = slots;
    this.#running = running;
  }
  granted(): void {
    this.#running.push(this);
    assert.ok(this.#slots.running <= this.#slots.options.concurrency, "granted over the limit");
  }
  displaced(): void {
    assert.fail("displaced by itself");
  }
}

interface Model {
  readonly running: number[];
  readonly waiting: number[];
  next: number;
}
interface Real {
  readonly slots: Slots;
  readonly running: Caller[];
  readonly waiting: Caller[];
}

type Step = "arrive" | { readonly leave: number } | { readonly forget: number };

function step(how: Step, model: Model, real: Real): void {
  const { concurrency, queue, mode, name } = real.slots.options;
  if (how === "arrive") {
    const caller = new Caller(model.next++, real.slots, real.running);
    const over = model.running.length - concurrency;
    const entered = real.slots.tryEnter();
    assert.equal(entered, over < 0 && model.waiting.length === 0);
    if (entered) {
      model.running.push(caller.name);
      real.running.push(caller);
      return;
    }
    const refusal = real.slots.wait(caller);
    if (model.waiting.length < queue) {
      assert.equal(refusal, undefined);
      model.waiting.push(caller.name);
      real.waiting.push(caller);
      return;
    }
    assert.deepEqual(
      refusal,
      queue === 0
        ? { limit: `${name} concurrency`, value: concurrency, load: model.running.length, mode }
        : { limit: `${name} queue`, value: queue, load: model.waiting.length, mode },
    );
  } else if ("leave" in how) {
    if (model.running.length === 0) return;
    const at = how.leave % model.running.length;
    model.running.splice(at, 1);
    const first = model.waiting.shift();
    if (first !== undefined) model.running.push(first);
    const index = real.running.findIndex(({ name: one }) => !model.running.includes(one));
    real.running.splice(index, 1);
    real.slots.leave();
    if (first !== undefined) real.waiting.shift();
  } else {
    if (model.waiting.length === 0) return;
    const at = how.forget % model.waiting.length;
    model.waiting.splice(at, 1);
    const [caller] = real.waiting.splice(at, 1);
    assert.equal(real.slots.forget(caller as Caller), true);
    assert.equal(real.slots.forget(caller as Caller), false, "a place is given up once");
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant("arrive" as const) },
    { weight: 2, arbitrary: fc.nat(50).map((leave) => ({ leave })) },
    { weight: 1, arbitrary: fc.nat(50).map((forget) => ({ forget })) },
  ),
  { maxLength: 80 },
);

describe("slots", () => {
  it("do what the model does, first come first served, and none leaks", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 4 }), steps, (concurrency, queue, sequence) => {
        const model: Model = { running: [], waiting: [], next: 0 };
        const real: Real = { slots: new Slots({ name: "t.op", concurrency, queue, mode: "enforce" }), running: [], waiting: [] };
        for (const how of sequence) {
          step(how, model, real);
          assert.equal(real.slots.running, model.running.length);
          assert.equal(real.slots.waiting, model.waiting.length);
          assert.deepEqual(
            real.running.map(({ name }) => name).toSorted((a, b) => a - b),
            model.running.toSorted((a, b) => a - b),
          );
          assert.ok(real.slots.running <= concurrency && real.slots.waiting <= queue);
        }
        while (model.running.length > 0) step({ leave: 0 }, model, real);
        assert.deepEqual([real.slots.running, real.slots.waiting], [0, 0]);
      }),
      { numRuns: 500 },
    );
  });
});

const callers = ["a", "b", "c"];

type Outcome = "running" | "waiting" | "done" | "refused" | "displaced" | "forgotten";

/** One of several callers; its outcome is written down. */
class Turn implements Waiter {
  queuedAt = 0;
  readonly caller: string;
  outcome: Outcome = "waiting";
  /** How many who waited had been given a slot when it came. */
  readonly cameAt: number;
  /** Nothing of its caller waited when it came, but something of so many others. */
  readonly alone: boolean;
  readonly others: number;
  constructor(caller: string, crowd: Crowd) {
    this.caller = caller;
    this.cameAt = crowd.granted;
    this.alone = waitingOf(crowd, caller).length === 0;
    this.others = callers.filter((other) => waitingOf(crowd, other).length > 0).length;
  }
  granted(): void {
    assert.equal(this.outcome, "waiting", "a slot is granted once, to one who waits");
    this.outcome = "running";
  }
  displaced(): void {
    assert.equal(this.outcome, "waiting", "only one who waits is displaced, once");
    this.outcome = "displaced";
  }
}

interface Crowd {
  readonly turns: Turn[];
  granted: number;
}

const waitingOf = ({ turns }: Crowd, caller: string) => turns.filter((turn) => turn.outcome === "waiting" && turn.caller === caller);

function arrive(slots: Slots, crowd: Crowd, caller: string): void {
  const turn = new Turn(caller, crowd);
  const own = waitingOf(crowd, caller).length;
  const full = slots.waiting >= slots.options.queue;
  const most = Math.max(0, ...callers.map((other) => waitingOf(crowd, other).length));
  const heaviest = callers.filter((other) => waitingOf(crowd, other).length === most);
  const displacedBefore = crowd.turns.filter(({ outcome }) => outcome === "displaced");
  if (slots.tryEnter()) turn.outcome = "running";
  else if (slots.wait(turn) !== undefined) turn.outcome = "refused";
  const displaced = crowd.turns.filter((other) => other.outcome === "displaced" && !displacedBefore.includes(other));
  crowd.turns.push(turn);
  if (turn.outcome === "running") return;
  const makesRoom = full && most > own + 1;
  assert.equal(turn.outcome, full && !makesRoom ? "refused" : "waiting", `${own} of its own wait, of another ${most}`);
  assert.equal(displaced.length, makesRoom ? 1 : 0);
  for (const other of displaced) {
    assert.ok(heaviest.includes(other.caller), "the place is one of the caller with the most");
    assert.ok(
      waitingOf(crowd, other.caller).every((one) => crowd.turns.indexOf(one) < crowd.turns.indexOf(other)),
      "the last that came of it goes",
    );
  }
}

function leave(slots: Slots, crowd: Crowd, which: number): void {
  const running = crowd.turns.filter(({ outcome }) => outcome === "running");
  const turn = running[which % Math.max(1, running.length)];
  if (turn === undefined) return;
  turn.outcome = "done";
  slots.leave();
  const next = crowd.turns.find((other) => other.outcome === "running" && !running.includes(other));
  if (next === undefined) return assert.equal(slots.waiting, 0, "no caller waits for a slot that is free");
  assert.ok(
    waitingOf(crowd, next.caller).every((other) => crowd.turns.indexOf(other) > crowd.turns.indexOf(next)),
    "of one caller, first come first served",
  );
  if (next.alone) assert.ok(crowd.granted - next.cameAt <= next.others, "waits for one slot of each other caller at most");
  crowd.granted++;
}

const crowdSteps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("a", "a", "a", "b", "c").map((caller) => ({ caller })) },
    { weight: 2, arbitrary: fc.nat(50).map((leaves) => ({ leaves })) },
    { weight: 1, arbitrary: fc.nat(50).map((forgets) => ({ forgets })) },
  ),
  { maxLength: 80 },
);

describe("slots among several callers", () => {
  it("are taken in turns, and the caller with the most makes room for one with fewer", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 8 }), crowdSteps, (concurrency, queue, sequence) => {
        const slots = new Slots({ name: "t.op", concurrency, queue, mode: "enforce" });
        const crowd: Crowd = { turns: [], granted: 0 };
        for (const how of sequence) {
          if ("caller" in how) arrive(slots, crowd, how.caller);
          else if ("leaves" in how) leave(slots, crowd, how.leaves);
          else {
            const waiting = crowd.turns.filter(({ outcome }) => outcome === "waiting");
            const turn = waiting[how.forgets % Math.max(1, waiting.length)];
            if (turn === undefined) continue;
            assert.equal(slots.forget(turn), true);
            turn.outcome = "forgotten";
            assert.equal(slots.forget(turn), false, "a place is given up once");
          }
          const count = (outcome: Outcome) => crowd.turns.filter((turn) => turn.outcome === outcome).length;
          assert.deepEqual([slots.running, slots.waiting], [count("running"), count("waiting")]);
          assert.ok(slots.running <= concurrency && slots.waiting <= queue);
        }
        while (slots.running > 0) leave(slots, crowd, 0);
        assert.equal(slots.waiting, 0);
      }),
      { numRuns: 1_000 },
    );
  });

  it("let one who comes among many of another wait for one of them", () => {
    const slots = new Slots({ name: "t.op", concurrency: 1, queue: 100, mode: "enforce" });
    const order: string[] = [];
    const turn = (caller: string): Waiter => ({
      caller,
      queuedAt: 0,
      granted: () => order.push(caller),
      displaced: () => order.push(`not ${caller}`),
    });
    assert.ok(slots.tryEnter());
    for (let i = 0; i < 100; i++) assert.equal(slots.wait(turn("many")), undefined, "one alone may have all places");
    assert.equal(slots.wait(turn("many"))?.limit, "t.op queue");
    slots.wait(turn("few"));
    for (let i = 0; i < 3; i++) slots.leave();
    assert.deepEqual(order, ["not many", "many", "few", "many"]);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Slots, type Waiter } from "../../../src/pipeline/admission.ts";

// Slots beside the simplest thing that does the same: a list of who runs and a list of who waits.

class Caller implements Waiter {
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
    if (mode === "measure") {
      const entered = real.slots.tryEnter();
      const refusal = entered ? undefined : real.slots.wait(caller);
      assert.equal(refusal !== undefined, over >= queue, "reports exactly what would have been refused");
      assert.ok(entered || refusal?.mode === "measure", "nobody waits");
      model.running.push(caller.name);
      real.running.push(caller);
      return;
    }
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
  for (const mode of ["enforce", "measure"] as const) {
    it(`do what the model does, first come first served, and none leaks (${mode})`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 4 }), steps, (concurrency, queue, sequence) => {
          const model: Model = { running: [], waiting: [], next: 0 };
          const real: Real = { slots: new Slots({ name: "t.op", concurrency, queue, mode }), running: [], waiting: [] };
          for (const how of sequence) {
            step(how, model, real);
            assert.equal(real.slots.running, model.running.length);
            assert.equal(real.slots.waiting, model.waiting.length);
            assert.deepEqual(
              real.running.map(({ name }) => name).toSorted((a, b) => a - b),
              model.running.toSorted((a, b) => a - b),
            );
            if (mode === "enforce") assert.ok(real.slots.running <= concurrency && real.slots.waiting <= queue);
          }
          while (model.running.length > 0) step({ leave: 0 }, model, real);
          assert.deepEqual([real.slots.running, real.slots.waiting], [0, 0]);
        }),
        { numRuns: 500 },
      );
    });
  }
});

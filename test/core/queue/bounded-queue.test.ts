import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BoundedQueue } from "../../../src/core/queue/bounded-queue.ts";
import { enter } from "../../../src/core/queue/enter.ts";
import { FixedLimit, type Held, type Limit } from "../../../src/core/queue/limit.ts";
import { Stock } from "../../../src/core/queue/stock.ts";
import { CallersInTurn, InOrder, type Turns } from "../../../src/core/queue/turns.ts";
import { TestClock } from "../../../src/testing/clock.ts";

/** A limit that rises by one with each success and halves with each failure: what a learnt one does, in its simplest form. */
class Aimd implements Limit {
  current: number;
  held = 0;
  constructor(current: number) {
    this.current = current;
  }
  acquired(held: number): void {
    assert.equal(held, ++this.held, "hears of every place that is taken");
  }
  released(held: number, how: Held | undefined): void {
    assert.equal(held, this.held--, "hears of every place that is returned");
    if (how !== undefined) this.current = how.outcome === "ok" ? Math.min(20, this.current + 1) : Math.ceil(this.current / 2);
  }
}

class Caller {
  readonly caller: string;
  readonly number: number;
  state: "new" | "running" | "waiting" | "gone" = "new";
  onGranted: (() => void) | undefined;
  constructor(caller: string, number: number) {
    this.caller = caller;
    this.number = number;
  }
  granted(): void {
    assert.equal(this.state, "waiting", "granted once, and only while it waits");
    this.state = "running";
    this.onGranted?.();
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant("arrive" as const), caller: fc.constantFrom("a", "b", "c"), leavesAtOnce: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant("leave" as const), at: fc.nat(), outcome: fc.constantFrom("ok", "internal", undefined) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("cancel" as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("limit" as const), to: fc.integer({ min: 1, max: 20 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A queue, and the list of everyone who ever came: what holds is asked of the list. */
class World {
  readonly all: Caller[] = [];
  readonly limit: Aimd;
  readonly queue: BoundedQueue<Caller>;
  readonly #most: number;

  constructor(limit: number, most: number, turns: Turns<Caller>) {
    this.limit = new Aimd(limit);
    this.#most = most;
    this.queue = new BoundedQueue({ limit: this.limit, queue: most, turns });
  }

  in(state: Caller["state"]): Caller[] {
    return this.all.filter((caller) => caller.state === state);
  }

  run(how: Step): void {
    if (how.what === "arrive") this.#arrive(new Caller(how.caller, this.all.length), how.leavesAtOnce);
    else if (how.what === "limit") {
      this.limit.current = how.to;
      this.queue.refill();
    } else this.#go(how);
    assert.deepEqual(
      [this.queue.running, this.queue.waiting],
      [this.in("running").length, this.in("waiting").length],
      "counts what there is",
    );
    assert.equal(this.limit.held, this.queue.running);
    assert.ok(this.queue.waiting <= this.#most, "never more than may wait");
    assert.ok(this.queue.waiting === 0 || this.queue.running >= this.limit.current, "none waits while a place is free");
  }

  #arrive(caller: Caller, leavesAtOnce: boolean): void {
    this.all.push(caller);
    caller.onGranted = () => {
      assert.ok(this.queue.running <= this.limit.current, "granted over the limit");
      const earlier = this.in("waiting").filter((other) => other.caller === caller.caller && other.number < caller.number);
      assert.deepEqual(earlier, [], "in order within a caller");
      if (!leavesAtOnce) return;
      caller.state = "gone";
      this.queue.leave();
    };
    const free = this.queue.running < this.limit.current && this.queue.waiting === 0;
    assert.equal(this.queue.tryEnter(), free);
    if (free) caller.state = "running";
    else this.#wait(caller);
  }

  #wait(caller: Caller): void {
    caller.state = "waiting";
    if (this.queue.add(caller)) return;
    const displaced = this.queue.displace(caller);
    if (displaced === undefined) caller.state = "gone";
    else {
      assert.equal(displaced.state, "waiting", "only one that waits makes room");
      displaced.state = "gone";
    }
  }

  #go(how: Exclude<Step, { what: "arrive" } | { what: "limit" }>): void {
    const some = this.in(how.what === "leave" ? "running" : "waiting");
    const caller = some[how.at % Math.max(1, some.length)];
    if (caller === undefined) return;
    caller.state = "gone";
    if (how.what === "cancel") {
      assert.equal(this.queue.forget(caller), true);
      assert.equal(this.queue.forget(caller), false);
    } else this.queue.leave(how.outcome && { outcome: how.outcome as "ok", heldMs: 1 });
  }

  /** Everyone leaves: nothing is left, and none is forgotten. */
  end(): void {
    for (let running = this.in("running"); running.length > 0; running = this.in("running")) {
      running[0]!.state = "gone";
      this.queue.leave();
    }
    assert.deepEqual([this.queue.running, this.queue.waiting, this.limit.held, this.in("waiting").length], [0, 0, 0, 0]);
  }
}

describe("BoundedQueue", () => {
  for (const [name, turns] of [
    ["in order", () => new InOrder<Caller>()],
    ["with callers in turn", () => new CallersInTurn<Caller>()],
  ] as const) {
    it(`${name}: holds its bounds, grants each waiter once and in order, and forgets none, whatever the limit does`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(6), fc.array(step, { maxLength: 120 }), (limit, most, steps) => {
          const world = new World(limit, most, turns());
          for (const each of steps) world.run(each);
          world.end();
        }),
        { numRuns: 300 },
      );
    });
  }

  it("takes no place away where the limit falls, and grants none until enough are returned", () => {
    const world = new World(3, 10, new InOrder());
    for (let i = 0; i < 4; i++) world.run({ what: "arrive", caller: "a", leavesAtOnce: false });
    world.run({ what: "limit", to: 1 });
    assert.deepEqual([world.queue.running, world.queue.waiting], [3, 1]);
    for (let i = 0; i < 2; i++) world.run({ what: "leave", at: 0, outcome: undefined });
    assert.deepEqual([world.queue.running, world.queue.waiting], [1, 1]);
    world.run({ what: "leave", at: 0, outcome: undefined });
    assert.deepEqual([world.queue.running, world.queue.waiting], [1, 0]);
  });

  it("takes out all who wait in their turns, and grants none of them a place afterwards", () => {
    const world = new World(1, 10, new CallersInTurn());
    for (const caller of ["a", "b", "b", "c"] as const) world.run({ what: "arrive", caller, leavesAtOnce: false });
    const out = world.queue.takeOut();
    assert.deepEqual(
      out.map(({ number }) => number),
      [1, 3, 2],
    );
    for (const caller of out) caller.state = "gone";
    world.end();
  });
});

describe("Stock", () => {
  /** A store of keys: who is granted a place takes one at once. */
  const counter = (keys: readonly string[]) => {
    const stock = new Stock<string>();
    for (const key of keys) stock.put(key);
    const queue = new BoundedQueue({ limit: stock, queue: 9, turns: new InOrder<{ granted(): void }>() });
    const got: string[] = [];
    const come = () => {
      const granted = () => void got.push(stock.take());
      if (queue.tryEnter()) granted();
      else queue.add({ granted });
    };
    return { stock, queue, got, come };
  };

  it("grants as many places as there are things, and each thing to one", () => {
    const { queue, stock, got, come } = counter(["x", "y"]);
    for (let i = 0; i < 4; i++) come();
    assert.deepEqual([got, queue.running, queue.waiting], [["y", "x"], 2, 2]);
    stock.put("y");
    queue.leave();
    assert.deepEqual([got, queue.running, queue.waiting], [["y", "x", "y"], 2, 1]);
  });

  it("grants a new thing to the one that waits, and nothing for one that is not put back", () => {
    const { queue, stock, got, come } = counter(["x"]);
    for (let i = 0; i < 3; i++) come();
    queue.leave();
    assert.deepEqual([got, queue.running, queue.waiting], [["x"], 0, 2]);
    stock.put("z");
    queue.refill();
    assert.deepEqual([got, queue.running, queue.waiting], [["x", "z"], 1, 1]);
  });

  it("grants nothing that was removed from it", () => {
    const { queue, stock, got, come } = counter(["x", "y"]);
    assert.equal(stock.remove("x"), true);
    assert.equal(stock.remove("x"), false);
    assert.deepEqual([...stock], ["y"]);
    stock.clear();
    come();
    assert.deepEqual([got, queue.running, queue.waiting], [[], 0, 1]);
  });
});

describe("enter", () => {
  const full = (queue = 10) => {
    const places = new BoundedQueue({ limit: new FixedLimit(1), queue, turns: new InOrder<{ granted(): void }>() });
    assert.equal(enter(places), undefined, "a free place needs no promise");
    return places;
  };

  it("waits until a place is free, and leaves no timer behind", async () => {
    const [places, clock] = [full(), new TestClock()];
    const entry = enter(places, { waitMs: 50, clock });
    places.leave();
    assert.equal(await entry, "entered");
    assert.deepEqual([clock.pending, places.running, places.waiting], [0, 1, 0]);
  });

  it("gives up after its time, and takes no place then", async () => {
    const [places, clock] = [full(), new TestClock()];
    const entry = enter(places, { waitMs: 50, clock });
    clock.advance(50);
    assert.equal(await entry, "late");
    places.leave();
    assert.deepEqual([places.running, places.waiting], [0, 0]);
    assert.equal(await enter(full(), { waitMs: 0, clock }), "late");
  });

  it("gives up when its signal aborts, before and while it waits", async () => {
    const [places, controller, clock] = [full(), new AbortController(), new TestClock()];
    const entry = enter(places, { signal: controller.signal, waitMs: 50, clock });
    controller.abort();
    assert.equal(await entry, "aborted");
    assert.equal(await enter(places, { signal: controller.signal }), "aborted");
    assert.deepEqual([clock.pending, places.waiting], [0, 0]);
  });

  it("says that the queue is full", async () => assert.equal(await enter(full(0)), "full"));

  it("settles every wait once and leaks nothing, whatever ends it first", async () => {
    const end = fc.constantFrom("leave", "abort", "late");
    await fc.assert(
      fc.asyncProperty(fc.array(end, { minLength: 1, maxLength: 20 }), async (ends) => {
        const [places, clock] = [full(100), new TestClock()];
        const controllers = ends.map(() => new AbortController());
        const waits = ends.map((_, at) => enter(places, { waitMs: 1_000 + at, clock, signal: controllers[at]!.signal }));
        for (const [at, how] of ends.entries()) {
          if (how === "leave") places.leave();
          else if (how === "abort") controllers[at]!.abort();
          else clock.advance(1);
          while (places.running === 0 && places.waiting > 0) assert.fail("one waits while the place is free");
          if (places.running === 0) places.tryEnter();
        }
        clock.advance(5_000);
        const entries = await Promise.all(waits);
        assert.equal(entries.length, ends.length);
        assert.deepEqual([clock.pending, places.waiting, places.running], [0, 0, 1]);
      }),
      { numRuns: 200 },
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { limits } from "../../../src/core/limits.ts";
import { everything } from "../../../src/operation/cache/port.ts";
import { type CacheUse, type CacheWaiter, Load, type LoadFailure } from "../../../src/pipeline/cache/load.ts";
import { CacheMemory } from "../../../src/pipeline/cache/memory.ts";
import { type FoundValue, ValueCache } from "../../../src/pipeline/cache/value-cache.ts";
import { TestClock } from "../../../src/testing/clock.ts";

const ttlMs = 1_000;
const staleMs = 2_000;
const bytes = 4_000;
const tags = ["a", "b", "c"];
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What the database holds: how often each tag was changed by a commit. */
type Versions = Readonly<Record<string, number>>;

interface Read {
  readonly key: string;
  /** What was committed when the caller asked. */
  readonly seen: Versions;
  readonly at: number;
  outcome: { readonly value: Versions; readonly loadedAt: number; readonly use: CacheUse } | "loads" | "waits" | "failed" | "left";
}

/** What a load failed with, and what was committed when it looked. */
class LoadFailed extends Error {
  readonly value: Versions;
  constructor(value: Versions) {
    super("the load failed");
    this.value = value;
  }
}

/** A process with callers, a database whose loads take as long as the schedule says, and the rules that must hold after each step. */
class World {
  readonly clock: TestClock;
  readonly memory = new CacheMemory({ bytes, entryBytes: 2_000 });
  readonly cache: ValueCache;
  truth: Versions = { a: 0, b: 0, c: 0 };
  confirmedAt = 0;
  /** What other processes have committed, and this one does not know. */
  readonly foreign: { readonly tag: string; readonly at: number; readonly version: number }[] = [];
  #arriving: string[] = [];
  readonly reads: Read[] = [];
  readonly loads: { readonly load: Load; readonly read: Read; value: Versions }[] = [];
  /** Padding that makes values of other sizes. */
  pad = 0;

  constructor(seed: number) {
    this.clock = new TestClock({ seed });
    this.cache = new ValueCache({ clock: this.clock, memory: this.memory, confirmedAt: () => this.confirmedAt });
  }

  read(key: string): void {
    const read: Read = { key, seen: this.truth, at: this.clock.monotonic(), outcome: "waits" };
    this.reads.push(read);
    const found = this.cache.look(key, this.#waiter(read));
    if (found instanceof Load) this.#leads(read, found);
    else if (typeof found === "object") this.#serve(read, found);
    else assert.equal(found, "waits");
  }

  /** The oldest or the newest load reads what is committed by now: a snapshot is taken some time after the load began. */
  snapshot(index: number): void {
    const taken = this.loads[index % Math.max(1, this.loads.length)];
    if (taken !== undefined) taken.value = this.truth;
  }

  end(index: number, failure?: LoadFailure): void {
    const taken = this.loads.splice(index % Math.max(1, this.loads.length), 1)[0];
    if (taken === undefined) return;
    const { load, read, value } = taken;
    if (failure !== undefined) {
      const found = this.cache.failed(load, new LoadFailed(value), failure);
      if (found !== undefined) return this.#serve(read, found);
      read.outcome = "failed";
      return;
    }
    // The tags follow from the output: which of two they are changes with each commit.
    const chosen = [read.key, tags[(value[read.key] ?? 0) % 3] ?? "a"];
    this.cache.loaded(
      load,
      { json: JSON.stringify(value) + " ".repeat(this.pad), head: undefined, tags: [...new Set(chosen)] },
      { ttlMs, staleMs },
    );
    read.outcome = { value, loadedAt: load.startedAt, use: "load" };
  }

  commit(changed: readonly string[], invalidated: readonly string[] = changed): void {
    this.truth = { ...this.truth, ...Object.fromEntries(changed.map((tag) => [tag, (this.truth[tag] ?? 0) + 1])) };
    this.cache.invalidate(invalidated);
  }

  /** Another process commits; this one learns of it when that {@link arrives}. */
  commitElsewhere(tag: string): void {
    const version = (this.truth[tag] ?? 0) + 1;
    this.truth = { ...this.truth, [tag]: version };
    this.foreign.push({ tag, at: this.clock.monotonic(), version });
    this.#arriving.push(tag);
  }

  /** All that other processes have committed arrives. */
  arrives(): void {
    if (this.#arriving.length > 0) this.cache.invalidate(this.#arriving);
    this.#arriving = [];
    this.confirmedAt = this.clock.monotonic();
  }

  leave(index: number): void {
    const waiting = this.reads.filter(({ outcome }) => outcome === "waits");
    const read = waiting[index % Math.max(1, waiting.length)];
    if (read !== undefined) read.outcome = "left";
  }

  check(): void {
    assert.ok(this.memory.bytes <= bytes, "the bound in bytes");
    const loading = this.loads.map(({ load }) => load.key);
    for (const { outcome, key } of this.reads)
      if (outcome === "waits") assert.ok(loading.includes(key), "who waits is waiting for a load that is under way");
  }

  #waiter(read: Read): CacheWaiter {
    return {
      get settled() {
        return read.outcome !== "waits";
      },
      serve: (entry, use) => this.#serve(read, { entry, use }),
      lead: (load) => this.#leads(read, load),
      fail: (thrown) => {
        assert.ok(thrown instanceof LoadFailed);
        for (const tag of tags)
          assert.ok((thrown.value[tag] ?? 0) >= (read.seen[tag] ?? 0) - this.#unknown(read, tag), "a fault from before an invalidation");
        read.outcome = "failed";
      },
    };
  }

  /** How many commits of other processes a caller need not see. */
  #unknown({ at }: Read, tag: string, use?: CacheUse): number {
    return this.foreign.filter((commit) => commit.tag === tag && (use === "stale" || commit.at >= at - limits.cacheBlindMs)).length;
  }

  #leads(read: Read, load: Load): void {
    read.outcome = "loads";
    const now = this.clock.monotonic();
    // Another load may run only where it began too long ago, and nothing arrives from other processes.
    for (const other of this.loads)
      if (other.load.key === load.key)
        assert.ok(now - Math.max(other.load.startedAt, this.confirmedAt) > limits.cacheBlindMs, "one load of a key");
    this.loads.push({ load, read, value: this.truth });
  }

  #serve(read: Read, { entry, use }: FoundValue): void {
    const value = JSON.parse(entry.json) as Versions;
    const now = this.clock.monotonic();
    // A value has the newest state of its key and of the tags that it was kept with; the others are no matter of it. Of other processes it may miss the last second.
    for (const tag of entry.tags)
      assert.ok(
        (value[tag] ?? 0) >= (read.seen[tag] ?? 0) - this.#unknown(read, tag, use),
        `asked at ${JSON.stringify(read.seen)} and got ${entry.json} as ${use}`,
      );
    // A load may take longer than its value is used: who waited gets it all the same.
    if (use !== "joined") assert.ok(now < entry.staleUntil, "nothing is given after its end");
    if (use === "hit") assert.ok(now < entry.expiresAt, "a hit has not expired");
    read.outcome = { value, loadedAt: entry.loadedAt, use };
  }
}

const key = fc.constantFrom(...tags);
const index = fc.nat(5);
const step = fc.oneof(
  { weight: 6, arbitrary: key.map((it) => ({ title: `read ${it}`, run: (world: World) => world.read(it) })) },
  { weight: 2, arbitrary: index.map((it) => ({ title: `snapshot ${it}`, run: (world: World) => world.snapshot(it) })) },
  { weight: 4, arbitrary: index.map((it) => ({ title: `loaded ${it}`, run: (world: World) => world.end(it) })) },
  {
    weight: 2,
    arbitrary: fc
      .record({ at: index, end: fc.constantFrom("response", "failure", "alone"), quiet: fc.boolean() })
      .map(({ at, ...failure }) => ({ title: `fails ${at} ${failure.end}`, run: (world: World) => world.end(at, failure as LoadFailure) })),
  },
  {
    weight: 3,
    arbitrary: fc.subarray(tags, { minLength: 1 }).map((it) => ({ title: `commit ${it}`, run: (world: World) => world.commit(it) })),
  },
  { weight: 1, arbitrary: key.map((it) => ({ title: `commit ${it}, all`, run: (world: World) => world.commit([it], [everything]) })) },
  { weight: 2, arbitrary: key.map((it) => ({ title: `commit ${it} elsewhere`, run: (world: World) => world.commitElsewhere(it) })) },
  { weight: 6, arbitrary: fc.constant({ title: "arrives", run: (world: World) => world.arrives() }) },
  { weight: 1, arbitrary: index.map((it) => ({ title: `leave ${it}`, run: (world: World) => world.leave(it) })) },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 1_500 }).map((it) => ({ title: `${it} ms`, run: (world: World) => world.clock.advance(it) })),
  },
  {
    weight: 1,
    arbitrary: fc.nat(700).map((it) => ({
      title: `pad ${it}`,
      run: (world: World) => {
        world.pad = it;
      },
    })),
  },
);

describe("the values of one process", () => {
  it("over any schedule: no value from before an invalidation, one load of a key, no caller forgotten, the bound in bytes, no second from other processes missed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(), async (steps, seed) => {
        const world = new World(seed);
        for (const { run } of steps) {
          run(world);
          await settled();
          world.check();
        }
        while (world.loads.length > 0) {
          world.end(0);
          await settled();
          world.check();
        }
        assert.equal(world.cache.waiting, 0);
        assert.deepEqual(
          world.reads.filter(({ outcome }) => outcome === "waits" || outcome === "loads"),
          [],
        );
      }),
      { numRuns: 400 },
    );
  });

  it("lets no caller join a load of more than a second while nothing arrives from other processes", async () => {
    const world = new World(1);
    world.read("a");
    world.commitElsewhere("a");
    world.clock.advance(1_001);
    world.read("a");
    assert.equal(world.loads.length, 2);
    // The later one ends first, and what the earlier one read does not replace it.
    world.end(1);
    world.end(0);
    world.read("a");
    await settled();
    const { outcome } = world.reads[2] ?? assert.fail();
    assert.ok(typeof outcome === "object" && outcome.use === "hit" && outcome.value.a === 1);
  });
});

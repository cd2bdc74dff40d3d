import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Signal } from "../../../src/core/signals.ts";
import { type CacheHost, type CacheStore, type CacheStoreChange, everything, type StoredRead } from "../../../src/operation/cache/port.ts";
import { SharedStore } from "../../../src/pipeline/cache/shared-store.ts";
import { TestClock } from "../../../src/testing/clock.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A store whose responses a test gives. */
function opened() {
  const clock = new TestClock();
  const changed = new Signal<CacheStoreChange>("changed");
  const changes: string[] = [];
  changed.on(({ state }) => changes.push(state));
  const asked: { readonly what: string; respond(value?: StoredRead): void; fail(): void }[] = [];
  const ask = <T>(what: string) =>
    new Promise<T>((resolve, reject) => {
      asked.push({ what, respond: (value) => resolve(value as T), fail: () => reject(new TypeError("away")) });
    });
  let host: CacheHost | undefined;
  const state = { ready: true };
  const store: CacheStore = {
    service: { name: "store", start: async () => undefined, stop: async () => undefined },
    get ready() {
      return state.ready;
    },
    read: (key) => ask(`read ${key}`),
    write: (key) => ask(`write ${key}`),
    invalidate: (tags, publish) => ask(`invalidate ${tags.includes(everything) ? "everything" : tags.join()}${publish ? ", publish" : ""}`),
  };
  const instead: string[] = [];
  const nothing = () => undefined;
  const shared = new SharedStore({
    source: {
      name: "store",
      open: (given) => {
        host = given;
        return store;
      },
    },
    host: { app: "a", clock, invalidated: nothing, confirmed: nothing, missed: nothing },
    changed,
    instead: (tags) => instead.push(...tags),
  });
  const next = (what: string) => {
    const found = asked.shift();
    assert.equal(found?.what, what);
    return found ?? assert.fail();
  };
  return { clock, shared, asked, next, changes, instead, state, confirm: () => host?.confirmed(clock.monotonic()) };
}

const read: StoredRead = { mark: "1", value: undefined };

describe("a store that processes share", () => {
  it("is waited for 50 ms, is left out for a second then, and is used again when it responds", async () => {
    const { clock, shared, next, changes } = opened();
    const slow = shared.read("a");
    clock.advance(49);
    await settled();
    assert.deepEqual(changes, []);
    clock.advance(1);
    assert.equal(await slow, undefined);
    assert.deepEqual([shared.read("a"), shared.carries, changes], [undefined, false, ["gone"]]);
    next("read a").respond(read);
    clock.advance(1_000);
    const again = shared.read("a");
    next("read a").respond(read);
    assert.deepEqual([await again, changes, shared.failures], [read, ["gone", "back"], 1]);
  });

  it("is not read while an invalidation is on its way to it", async () => {
    const { shared, next } = opened();
    shared.invalidate(["x"], false);
    assert.equal(shared.read("a"), undefined);
    next("invalidate x, publish").respond();
    await settled();
    void shared.read("a");
    next("read a").respond(read);
  });

  it("is not read after an invalidation that did not reach it, until everything in it is invalidated; others are notified otherwise", async () => {
    const { clock, shared, next, asked, instead, confirm } = opened();
    shared.invalidate(["x"], false);
    next("invalidate x, publish").fail();
    await settled();
    assert.deepEqual(instead, ["x"]);
    clock.advance(5_000);
    assert.equal(shared.read("a"), undefined, "also when it may be asked again");
    confirm();
    const pays = next("invalidate everything");
    shared.invalidate(["y"], true);
    next("invalidate y").fail();
    await settled();
    pays.respond();
    await settled();
    clock.advance(5_000);
    assert.equal(shared.read("a"), undefined, "the second one came after");
    confirm();
    next("invalidate everything").respond();
    await settled();
    void shared.read("a");
    next("read a");
    assert.deepEqual([asked, instead], [[], ["x"]]);
  });

  it("carries nothing where it is not connected", async () => {
    const { shared, state, instead, changes } = opened();
    state.ready = false;
    assert.deepEqual([shared.carries, shared.read("a")], [false, undefined]);
    shared.invalidate(["x"], true);
    await settled();
    assert.deepEqual([instead, changes], [[], ["gone"]], "the transaction has notified");
  });
});

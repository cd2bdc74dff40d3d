import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { type CacheHost, type CacheStore, type CacheStoreSource, everything, type StoredValue } from "../../operation/cache/port.ts";
import type { ConformanceCase } from "./rate-store.ts";

/** What the suite needs of a store of values. */
export interface CacheStoreSample {
  /** Creates a store that no test has used; what it opens are processes of one app. */
  create(): CacheStoreSource;
  readonly clock: Clock;
  /** Lets at least this much time pass by the clock that the store counts by. *Units*: milliseconds. */
  pass(ms: number): Promise<void> | void;
}

/** What a process was notified of. */
export interface Notified {
  readonly host: CacheHost;
  /** All tags, in the order in which they came. */
  readonly tags: string[];
  /** The latest moment up to which all has come. *Units*: monotonic milliseconds. */
  confirmedAt: number;
  missed: number;
}

interface Process extends Notified {
  readonly store: CacheStore;
}

interface Tried {
  readonly one: Process;
  readonly other: Process;
  readonly clock: Clock;
  pass(ms: number): Promise<void> | void;
}

/** How often it is looked whether something has come, and how long between. */
const [looks, lookMs] = [400, 10];

/** A process that notes what it is notified of. */
export function notifiedProcess(clock: Clock): Notified {
  const notified: Notified = {
    tags: [],
    confirmedAt: Number.NEGATIVE_INFINITY,
    missed: 0,
    host: {
      app: `conformance-${randomUUID()}`,
      clock,
      invalidated: (tags) => void notified.tags.push(...tags),
      confirmed: (at) => {
        notified.confirmedAt = Math.max(notified.confirmedAt, at);
      },
      missed: () => {
        notified.missed++;
      },
    },
  };
  return notified;
}

/** Waits until something holds. */
export async function until(holds: () => boolean, what: string, pass: (ms: number) => Promise<void> | void): Promise<void> {
  for (let look = 0; look < looks; look++) {
    if (holds()) return;
    await pass(lookMs);
  }
  assert.fail(`It did not happen in time: ${what}.`);
}

const value = (mark: string, tags: readonly string[] = ["x", "y"]): StoredValue => ({ json: '{"a":1}', head: "", tags, loadMs: 3, mark });

async function write(store: CacheStore, key: string, tags?: readonly string[]): Promise<StoredValue> {
  const written = value((await store.read(key)).mark, tags);
  await store.write(key, written, 60_000);
  return written;
}

const claims: Readonly<Record<string, (tried: Tried) => Promise<void>>> = {
  "reads in every process what one wrote, with its age, and nothing of another key": async ({ one, other, pass }) => {
    const written = await write(one.store, "k");
    await pass(20);
    const { ageMs, ...found } = (await other.store.read("k")).value ?? assert.fail("The value is not there.");
    assert.deepEqual(found, written);
    assert(ageMs >= 19 && ageMs < 60_000, `an age of ${ageMs} ms`);
    assert.equal((await other.store.read("l")).value, undefined);
  },
  "takes any text for a key, a value, what is beside it, and a tag": async ({ one, other }) => {
    for (const text of ["", "a:b*{c}", "a'; drop table x; --", "ключ 🔑", "\u0000", "x".repeat(5_000)]) {
      const { mark } = await one.store.read(text);
      // A tag has no line break, and is not empty.
      const written = { ...value(mark, [`t${text}`]), json: JSON.stringify(text), head: JSON.stringify({ text }) };
      await one.store.write(text, written, 60_000);
      const { ageMs: _, ...found } = (await other.store.read(text)).value ?? assert.fail(JSON.stringify(text.slice(0, 20)));
      assert.deepEqual(found, written);
      await other.store.invalidate([`t${text}`], false);
      assert.equal((await one.store.read(text)).value, undefined);
    }
  },
  "ends a value with one of its tags, or with everything, and with no other tag": async ({ one, other }) => {
    for (const tags of [["x"], ["z", "y"], [everything]]) {
      await write(one.store, "k");
      await other.store.invalidate(["z"], false);
      assert.notEqual((await one.store.read("k")).value, undefined);
      await other.store.invalidate(tags, false);
      assert.equal((await one.store.read("k")).value, undefined, JSON.stringify(tags));
    }
  },
  "never reads a value whose load began before an invalidation": async ({ one, other }) => {
    for (const tags of [["x"], [everything]]) {
      const { mark } = await one.store.read("k");
      await other.store.invalidate(tags, false);
      await one.store.write("k", value(mark), 60_000);
      assert.equal((await one.store.read("k")).value, undefined, JSON.stringify(tags));
    }
    const written = await write(one.store, "k");
    assert.equal((await one.store.read("k")).value?.mark, written.mark, "one that began after it counts");
  },
  "keeps the value of the load that began last": async ({ one, other }) => {
    const { mark: earlier } = await one.store.read("k");
    const { mark: later } = await other.store.read("k");
    assert.notEqual(later, undefined);
    await other.store.write("k", { ...value(later), json: "2" }, 60_000);
    await one.store.write("k", { ...value(earlier), json: "1" }, 60_000);
    const { value: kept } = await one.store.read("k");
    assert(kept?.mark === later, "a later load was replaced by an earlier one");
  },
  "keeps a value no longer than it was to": async ({ one, pass }) => {
    const { mark } = await one.store.read("k");
    await one.store.write("k", value(mark), 50);
    await pass(80);
    assert.equal((await one.store.read("k")).value, undefined);
  },
  "notifies the other processes where it is to, and not otherwise": async ({ one, other, pass }) => {
    await one.store.invalidate(["quiet"], false);
    await one.store.invalidate(["x", "ü\u2028"], true);
    await until(() => other.tags.includes("ü\u2028"), "the other process is notified", pass);
    assert.deepEqual(other.tags, ["x", "ü\u2028"]);
    await one.store.invalidate([everything], true);
    await until(() => other.tags.includes(everything), "the other process is notified of everything", pass);
  },
  "confirms a moment when all that came before has been passed on": async ({ one, other, clock, pass }) => {
    for (let round = 0; round < 3; round++) {
      await one.store.invalidate([`r${round}`], true);
      // So that no earlier confirmation is of this moment.
      await pass(1);
      const at = clock.monotonic();
      await until(() => other.confirmedAt >= at, "a moment after the invalidation is confirmed", pass);
      assert(other.tags.includes(`r${round}`), "it was confirmed before what came earlier");
    }
  },
};

/**
 * Lists what every store of cached values must do; a test runs each. Each case throws an assertion where the store does not.
 * @example for (const { name, run } of cacheStoreConformance(sample)) it(name, run);
 */
export function cacheStoreConformance({ create, clock, pass }: CacheStoreSample): readonly ConformanceCase[] {
  return Object.entries(claims).map(([name, claim]) => ({
    name,
    run: async () => {
      const source = create();
      const app = `conformance-${randomUUID()}`;
      const open = (): Process => {
        const notified = notifiedProcess(clock);
        const store = source.open({ ...notified.host, app });
        return Object.assign(notified, { store });
      };
      const [one, other] = [open(), open()];
      try {
        for (const { store } of [one, other]) await store.service.start();
        await until(() => one.store.ready && other.store.ready, "both processes can ask the store", pass);
        await until(() => other.confirmedAt > Number.NEGATIVE_INFINITY, "a moment is confirmed", pass);
        await claim({ one, other, clock, pass });
      } finally {
        for (const { store } of [one, other]) await store.service.stop();
      }
    },
  }));
}

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { cacheStoreConformance } from "plimsoll/testing";
import { createClient } from "redis";
import { systemClock } from "../../src/core/clock.ts";
import type { CacheStore, StoredValue } from "../../src/operation/cache/port.ts";
import { redisCache } from "../../src/redis/cache.ts";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { msUntil } from "../integration/cache/shelf.ts";
import { ShelfProcesses } from "../integration/cache/shelf-processes.ts";
import { redisSkip, redisUrl } from "./server.ts";

describe("values in Redis", { skip: redisSkip }, () => {
  const value = (mark: string): StoredValue => ({ json: '{"a":1}', head: "", tags: ["x", "y"], loadMs: 3, mark });
  async function opened(prefix = `test:${randomUUID()}`): Promise<CacheStore & AsyncDisposable> {
    const nothing = () => undefined;
    const host = { app: "a", clock: systemClock, invalidated: nothing, confirmed: nothing, missed: nothing };
    const store = redisCache({ url: redisUrl, prefix }).open(host);
    await store.service.start();
    return Object.assign(store, { [Symbol.asyncDispose]: () => store.service.stop() });
  }

  const create = () => redisCache({ url: redisUrl, prefix: `test:${randomUUID()}` });
  for (const { name, run } of cacheStoreConformance({ create, clock: systemClock, pass: (ms) => pause(ms) })) it(name, run);

  it("are not read where Redis has dropped what it knew of a tag", async () => {
    const prefix = `test:${randomUUID()}`;
    await using store = await opened(prefix);
    const client = createClient({ url: redisUrl });
    await client.connect();
    try {
      const { mark } = await store.read("k");
      await store.write("k", value(mark), 60_000);
      await store.invalidate(["x"], false);
      await client.del(`${prefix}:{a}:cache:tag:x`);
      assert.equal((await store.read("k")).value, undefined);
      await store.write("k", value(mark), 60_000);
      assert.equal((await store.read("k")).value, undefined, "loaded before");
      const keys = await client.keys(`${prefix}:*`);
      for (const key of keys) assert.ok((await client.pTTL(key)) > 0, `${key} expires`);
    } finally {
      client.destroy();
    }
  });
});

describe("processes with a Redis", { skip: redisSkip }, () => {
  let processes: ShelfProcesses;
  before(async () => {
    processes = await ShelfProcesses.open();
  });
  after(() => processes.close());

  const process = (prefix: string, url = redisUrl) => processes.start({ cache: { store: redisCache({ url, prefix }) } });

  /** Resolves when Redis has a value: no caller waits for that. */
  async function kept(prefix: string): Promise<void> {
    const client = createClient({ url: redisUrl });
    await client.connect();
    try {
      while ((await client.keys(`${prefix}:*:value:*`)).length === 0);
    } finally {
      client.destroy();
    }
  }

  async function proxied(): Promise<{ readonly proxy: FaultProxy; readonly url: string } & AsyncDisposable> {
    const { hostname, port } = new URL(redisUrl);
    const proxy = new FaultProxy({ host: hostname, port: Number(port) || 6379 });
    const own = await proxy.start();
    const url = new URL(redisUrl);
    url.host = `127.0.0.1:${own}`;
    return { proxy, url: url.href, [Symbol.asyncDispose]: () => proxy.stop() };
  }

  it("load a value once together, and end it together", async () => {
    const prefix = `test:${randomUUID()}`;
    await using one = await process(prefix);
    await using other = await process(prefix);
    await one.app.call(one.shelf.read, { key: "a" });
    await kept(prefix);
    const stored = other.app.signals.executed.next(({ operation }) => operation === "shelf.read");
    await other.app.call(other.shelf.read, { key: "a" });
    assert.equal((await stored).cache, "stored");
    assert.equal(other.shelf.loads.size, 0);
    for (let version = 1; version <= 3; version++) {
      await one.app.call(one.shelf.change, { key: "a" });
      assert.equal((await one.app.call(one.shelf.read, { key: "a" })).version, version, "at once in the same process");
      assert.ok((await msUntil(other.app, other.shelf, { key: "a", version })) < 1_000);
    }
  });

  it("work without it: no request waits for more than 50 ms, values end within a second, and it is used again when it responds", async () => {
    const prefix = `test:${randomUUID()}`;
    await using network = await proxied();
    await using one = await process(prefix, network.url);
    await using other = await process(prefix, network.url);
    await one.app.call(one.shelf.read, { key: "b" });
    await other.app.call(other.shelf.read, { key: "b" });
    const gone = one.app.signals.cacheStore.next(({ state }) => state === "gone");
    network.proxy.set({ toClient: { silent: true } });
    await one.app.call(one.shelf.read, { key: "b2" });
    const { store, reason } = await gone;
    assert.deepEqual([store, reason], ["redis", "It did not respond within 50 ms."], "given up before Redis itself gives up");
    await one.app.call(one.shelf.change, { key: "b" });
    assert.equal((await one.app.call(one.shelf.read, { key: "b" })).version, 1);
    assert.ok((await msUntil(other.app, other.shelf, { key: "b", version: 1 })) < 1_100);
    network.proxy.set({ toClient: {} });
    network.proxy.reset();
    const back = one.app.signals.cacheStore.next(({ state }) => state === "back");
    let isBack = false;
    void back.then(() => {
      isBack = true;
    });
    // Each asks for what is not in memory, and so for what Redis has, once it may be asked again.
    for (let n = 3; !isBack; n++) await one.app.call(one.shelf.read, { key: `b${n}` });
    assert.equal((await other.app.call(other.shelf.read, { key: "b" })).version, 1);
  });

  it("get what one of them changes that cannot reach it, and none reads the old value from it", async () => {
    const prefix = `test:${randomUUID()}`;
    await using network = await proxied();
    await using cut = await process(prefix, network.url);
    await using one = await process(prefix);
    await one.app.call(one.shelf.read, { key: "c" });
    const gone = cut.app.signals.cacheStore.next(({ state }) => state === "gone");
    network.proxy.set({ connections: "reset" });
    network.proxy.reset();
    await cut.app.call(cut.shelf.read, { key: "other" });
    await gone;
    await cut.app.call(cut.shelf.change, { key: "c" });
    assert.ok((await msUntil(one.app, one.shelf, { key: "c", version: 1 })) < 1_000);
    await using late = await process(prefix);
    assert.equal((await late.app.call(late.shelf.read, { key: "c" })).version, 1);
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type App, createApp } from "plimsoll";
import { postgres } from "../../../src/postgres/database.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";
import { silentProxy } from "../connections/silent-proxy.ts";
import type { ScratchModule } from "../scratch.ts";
import { testServers } from "../servers.ts";
import { msUntil, type Shelf, shelf, shelfMigrations } from "./shelf.ts";

interface Process extends AsyncDisposable {
  readonly app: App;
  readonly shelf: Shelf;
}

describe("values of two processes", async () => {
  const servers = await testServers();
  let migrations: ScratchModule;
  let database: TestDatabase;
  before(async () => {
    migrations = shelfMigrations();
    database = await testDatabase({ modules: shelf(migrations).modules, server: servers[0]! });
  });
  after(async () => {
    await database.drop();
    migrations[Symbol.dispose]();
    for (const server of servers) await server.stop();
  });

  async function process(directUrl = database.url): Promise<Process> {
    const own = shelf(migrations);
    const app = createApp({ modules: own.modules, database: postgres({ url: database.url, directUrl }), rateLimit: { perSecond: 0 } });
    await app.start();
    return { app, shelf: own, [Symbol.asyncDispose]: () => app.stop() };
  }

  it("end within a second of a commit in the other, and at once in the same", async () => {
    await using one = await process();
    await using other = await process();
    for (let version = 1; version <= 5; version++) {
      await other.app.call(other.shelf.read, { key: "a" });
      await one.app.call(one.shelf.read, { key: "a" });
      await one.app.call(one.shelf.change, { key: "a" });
      assert.equal((await one.app.call(one.shelf.read, { key: "a" })).version, version);
      const tookMs = await msUntil(other.app, other.shelf, { key: "a", version });
      assert.ok(tookMs < 1_000, `${tookMs} ms`);
    }
  });

  it("stay where the command was rolled back, and where it names other tags, or named them in a part that was undone", async () => {
    await using one = await process();
    await using other = await process();
    await other.app.call(other.shelf.read, { key: "b" });
    await one.app.call(one.shelf.read, { key: "b" });
    await assert.rejects(one.app.call(one.shelf.change, { key: "b", fails: true }));
    await one.app.call(one.shelf.change, { key: "c", undone: "b" });
    // What was sent before it has arrived with it.
    await msUntil(other.app, other.shelf, { key: "c", version: 1 });
    await other.app.call(other.shelf.read, { key: "b" });
    await one.app.call(one.shelf.read, { key: "b" });
    assert.deepEqual([other.shelf.loads.get("b"), one.shelf.loads.get("b")], [1, 1]);
  });

  it("end also where a transaction names more tags than notifications hold", async () => {
    await using one = await process();
    await using other = await process();
    const tags = Array.from({ length: 900 }, (_, n) => `${n}`.padEnd(190, "äöü"));
    await other.app.call(other.shelf.read, { key: "d" });
    await one.app.call(one.shelf.change, { key: "d", tags });
    assert.ok((await msUntil(other.app, other.shelf, { key: "d", version: 1 })) < 1_000);
  });

  it("end within a second also where the session to the database is silent, and are kept again when there is another", async () => {
    await using network = await silentProxy(database.url);
    await using one = await process();
    await using cut = await process(network.through(database.url));
    await cut.app.call(cut.shelf.read, { key: "e" });
    network.forget();
    await one.app.call(one.shelf.change, { key: "e" });
    const tookMs = await msUntil(cut.app, cut.shelf, { key: "e", version: 1 });
    assert.ok(tookMs < 1_100, `${tookMs} ms`);
    for (let version = 2; ; version++) {
      const loads = cut.shelf.loads.get("e") ?? 0;
      await one.app.call(one.shelf.change, { key: "e" });
      await msUntil(cut.app, cut.shelf, { key: "e", version });
      for (let n = 0; n < 20; n++) await cut.app.call(cut.shelf.read, { key: "e" });
      if ((cut.shelf.loads.get("e") ?? 0) === loads + 1) break;
      assert.ok(version < 20, "the session was opened again");
    }
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { App } from "plimsoll";
import { invalidationChannelConformance } from "plimsoll/testing";
import { runtimeOf } from "../../../src/app/app.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { PostgresDatabase, postgres } from "../../../src/postgres/database.ts";
import { borrowed } from "../../../src/postgres/lender.ts";
import { silentProxy } from "../connections/silent-proxy.ts";
import { msUntil } from "./shelf.ts";
import { ShelfProcesses } from "./shelf-processes.ts";

describe("invalidations of PostgreSQL", () => {
  let processes: ShelfProcesses;
  let app: App;
  before(async () => {
    processes = await ShelfProcesses.open();
    app = (await processes.start()).app;
  });
  after(async () => {
    await app.stop();
    await processes.close();
  });

  const opened = () => {
    const { database } = runtimeOf(app);
    assert(database instanceof PostgresDatabase);
    return database;
  };
  const cases = invalidationChannelConformance({
    ...{ create: () => opened().invalidations, clock: systemClock, pass: (ms: number) => pause(ms) },
    run: (statement, how) =>
      borrowed(opened(), 5_000, async (connection) => {
        await connection.sendCommand("begin");
        await connection.send(statement);
        await connection.sendCommand(how === "commit" ? "commit" : "rollback");
      }),
  });
  for (const { name, run } of cases) it(name, run);
});

describe("values of two processes", () => {
  let processes: ShelfProcesses;
  before(async () => {
    processes = await ShelfProcesses.open();
  });
  after(() => processes.close());

  const process = (directUrl = processes.database.url) =>
    processes.start({ database: postgres({ url: processes.database.url, directUrl }) });

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
    await using network = await silentProxy(processes.database.url);
    await using one = await process();
    await using cut = await process(network.through(processes.database.url));
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

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { postgres } from "plimsoll/postgres";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { seen } from "../integration/scratch.ts";
import { bodies, emptyEvents, note, noted, readerApp, readerDatabase } from "./shelf/reader.ts";
import { add } from "./shelf/shelf.ts";

describe("a subscription whose connections are lost", () => {
  let database: TestDatabase;
  let server: TestApp;
  before(async () => {
    database = await readerDatabase();
    server = await readerApp(database, { roles: ["serve"] });
  });
  afterEach(async () => {
    bodies.clear();
    await emptyEvents(database);
  });
  after(async () => {
    await server.stop();
    await database.drop();
  });

  const cuts = [
    { containing: "commit", effect: "cut-before" },
    { containing: "commit", effect: "cut-after" },
    { containing: "complete_event", effect: "cut-before" },
    { containing: "complete_event", effect: "cut-after" },
    { containing: "read_subscribed_events", effect: "cut-after" },
    { containing: "event_heartbeat", effect: "cut-after" },
    // The same connection has sent it before.
    { containing: "event_heartbeat", effect: "cut-after", connections: 1 },
  ] as const;
  for (const { containing, effect, ...pool } of cuts)
    it(`does each event once with commit: ${[containing, effect, ...Object.keys(pool)].join(", ")}`, async () => {
      const { hostname, port } = new URL(database.url);
      await using proxy = new FaultProxy({ host: hostname, port: Number(port) });
      await proxy.start();
      let attempts = 0;
      bodies.set("reader.reads", async ({ name }, { event, commit }) => {
        attempts++;
        await commit(({ call }) => call(note, { event: event.id, key: event.key, note: name }));
      });
      const source = postgres({ url: proxy.through(database.url), directUrl: database.url, ...pool });
      const proxied = { ...database, ...source } as TestDatabase;
      const worker = await readerApp(proxied, { roles: ["worker"] });
      try {
        const faulted = proxy.faulted.next();
        proxy.next({ containing, effect });
        await server.call(add, { names: ["a", "a/2", "b"] });
        await faulted;
        await seen(database.adminUrl, "select from shelf.seen having count(*) >= 3");
        // Whatever is attempted again is attempted by now, or finds it done.
        await seen(database.adminUrl, "select where not exists (select from plimsoll.parked_events)");
        await worker.app.events.lookNow();
        assert.deepEqual((await noted(database)).map((row) => row.note).toSorted(), ["a", "a/2", "b"]);
        assert.ok(attempts >= 3);
        assert.deepEqual(await worker.app.events.deadLetters(), []);
      } finally {
        await worker.stop();
      }
    });
});

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import pg from "pg";
import type { SubscriptionScope } from "plimsoll";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { seen } from "../integration/scratch.ts";
import { bodies, emptyEvents, note, noted, readerApp, readerDatabase } from "./shelf/reader.ts";
import { add } from "./shelf/shelf.ts";

describe("the leases of subscriptions", () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  const start = async (spec: Parameters<typeof readerApp>[1] = {}) => {
    const app = await readerApp(database, spec);
    apps.push(app);
    return app;
  };
  before(async () => {
    database = await readerDatabase();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.app.stop({ withinMs: 100 })));
    bodies.clear();
    await emptyEvents(database);
  });
  after(() => database.drop());
  const write = ({ name }: { name: string }, { event, commit }: SubscriptionScope) =>
    commit(({ call }) => call(note, { event: event.id, key: event.key, note: name }));
  const untilNoted = (count: number) => seen(database.adminUrl, `select from shelf.seen having count(*) >= ${count}`);

  it("share the partitions among processes, and give them to those that are left", async () => {
    bodies.set("reader.reads", write);
    const one = await start();
    await start();
    await one.app.events.lookNow();
    await seen(database.adminUrl, "select from plimsoll.subscription_partitions having count(distinct owner) = 2 and count(owner) = 16");
    const [counts] = await database.admin<{ least: number }>(
      "select min(n)::integer as least from (select count(*) as n from plimsoll.subscription_partitions group by owner) c",
    );
    assert.equal(counts!.least, 8);
    await apps.pop()?.stop();
    await seen(database.adminUrl, "select from plimsoll.subscription_partitions having count(distinct owner) = 1 and count(owner) = 16");
    await one.call(add, { names: Array.from({ length: 20 }, (_, n) => `k${n}`) });
    await untilNoted(20);
  });

  it("refuse what a process commits once another has the partition, which then does it", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const refusals: string[] = [];
    let attempts = 0;
    bodies.set("reader.reads", async (data, scope) => {
      if (++attempts > 1) return write(data, scope);
      begin();
      await gate;
      await write(data, scope).catch((error: { type: string }) => {
        refusals.push(error.type);
        throw error;
      });
    });
    const first = await start();
    await first.call(add, { names: ["a"] });
    await begun;
    // As when the process stood still for longer than its lease, and another came.
    await database.admin("update plimsoll.subscription_partitions set owner = null, fence = fence + 1");
    open();
    await untilNoted(1);
    assert.deepEqual(await noted(database), [{ key: "a", note: "a" }]);
    assert.deepEqual(refusals, ["lease_lost"]);
  });

  it("end a lease after the process was lost, and others take what it had", async () => {
    bodies.set("reader.reads", write);
    const app = await start({ roles: ["serve"] });
    // A worker that has all partitions, and never comes again.
    await app.call(add, { names: ["a", "b", "c"] });
    await database.admin("select plimsoll.declare_subscription('reader.reads', 16, true)");
    const [worker] = await database.admin<{ token: number }>(
      "select plimsoll.join_event_workers('lost', 60000, '{reader.reads}')::integer as token",
    );
    await database.admin("select from plimsoll.event_heartbeat($1, 60000, '{reader.reads}')", [worker!.token]);
    const other = await start({ roles: ["worker"] });
    await other.app.events.lookNow();
    assert.deepEqual(await noted(database), []);
    await database.admin("update plimsoll.event_workers set expires_at = plimsoll.now() where token = $1", [worker!.token]);
    await untilNoted(3);
  });

  it("lose no event, and keep the order of each key, whatever commits late and whichever process stops", async () => {
    bodies.set("reader.reads", write);
    const sessions = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const client = new pg.Client(database.adminUrl);
        await client.connect();
        return client;
      }),
    );
    await start();
    let seed = 11;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    const written: string[] = [];
    const turns = async (client: pg.Client, of: number) => {
      for (let n = 0; n < 50; n++) {
        const name = `${of}-${n % 3}/${String(n).padStart(3, "0")}`;
        await client.query("begin");
        await client.query(
          `select plimsoll.append_events(array[gen_random_uuid()], '{shelf.book-added}', '{1}', '{${name.split("/")[0]}}', array['{"name":"${name}"}'], null, null, null, null, null)`,
        );
        for (let pauses = Math.floor(random() * 6); pauses > 0; pauses--) await client.query("select 1");
        await client.query("commit");
        written.push(name);
      }
    };
    const writing = Promise.all(sessions.map(turns));
    await untilNoted(20);
    await start();
    await untilNoted(60);
    await apps.shift()?.stop();
    await writing;
    await untilNoted(written.length);
    const rows = await noted(database);
    assert.deepEqual(rows.map((row) => row.note).toSorted(), written.toSorted(), "each once");
    for (const key of new Set(rows.map((row) => row.key))) {
      const own = rows.filter((row) => row.key === key).map((row) => row.note);
      assert.deepEqual(own, own.toSorted());
    }
    await Promise.all(sessions.map((client) => client.end()));
  });
});

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import pg from "pg";
import { type TestApp, type TestDatabase, testApp } from "plimsoll/testing";
import { runtimeOf } from "../../src/app/app.ts";
import type { EventLogStore } from "../../src/events/ports/log-store.ts";
import { comparePositions, type Position } from "../../src/events/position.ts";
import { PostgresDatabase } from "../../src/postgres/database.ts";
import { ann, lose, shelf, shelfDatabase } from "./shelf/shelf.ts";

const begin: Position = { epoch: 0, xid: "0", seq: 0 };
const bounds = { scan: 50, bytes: 1_000_000 };
const name = "shelf.book-lost";

describe("the log of events", () => {
  let database: TestDatabase;
  let app: TestApp;
  let log: EventLogStore;
  before(async () => {
    database = await shelfDatabase();
    app = await testApp({ modules: [shelf], database, actor: ann, roles: ["serve"] });
    const kept = runtimeOf(app.app).database;
    assert.ok(kept instanceof PostgresDatabase);
    log = kept.events.log;
  });
  afterEach(() => database.admin("delete from plimsoll.events; delete from plimsoll.subscriptions; select plimsoll.set_clock_offset('0')"));
  after(async () => {
    await app.stop();
    await database.drop();
  });
  /** Transactions of other tests on the same server hold readers back, so it reads until so many events are there. */
  const readBehind = async (position: Position, count: number, names = [name]) => {
    for (;;) {
      const read = await log.read(names, position, bounds);
      if (read.through !== undefined && read.events.length >= count) return read;
    }
  };
  const keysBehind = async (position: Position, count: number) => (await readBehind(position, count)).events.map(({ key }) => key);
  const emit = (key: string) => app.call(lose, { name: key });
  const session = async () => {
    const client = new pg.Client(database.adminUrl);
    await client.connect();
    return client;
  };
  const appending = (key: string) =>
    `select plimsoll.append_events(array[gen_random_uuid()], '{${name}}', '{2}', '{${key}}', '{"{}"}', null, null, null, null, null)`;

  it("is read in the order of transactions, behind a position, and up to its end", async () => {
    for (const key of ["a", "b", "c"]) await emit(key);
    const all = await readBehind(begin, 3);
    assert.deepEqual(
      all.events.map(({ key }) => key),
      ["a", "b", "c"],
    );
    assert.deepEqual(await keysBehind(all.events[0]!, 2), ["b", "c"]);
    assert.equal(comparePositions(all.through!, (await log.head())!), 0);
    assert.equal((await log.read([name], all.through!, bounds)).through, undefined);
  });

  it("says how far it was read where the names are others", async () => {
    await emit("a");
    const { events, through } = await readBehind(begin, 0, ["other.name"]);
    assert.deepEqual([events, comparePositions(through!, (await log.head())!)], [[], 0]);
  });

  it("stops a read at its bounds, and gives one event at least", async () => {
    for (const key of ["a", "b", "c"]) await emit(key);
    await readBehind(begin, 3);
    const scanned = await log.read([name], begin, { scan: 2, bytes: 1_000_000 });
    const sized = await log.read([name], begin, { scan: 50, bytes: 1 });
    assert.deepEqual([scanned.events.length, sized.events.length], [2, 1]);
  });

  it("shows nothing behind a transaction that is under way, and then all", async () => {
    const other = await session();
    await other.query("begin");
    await other.query(appending("early"));
    await emit("late");
    assert.deepEqual((await log.read([name], begin, bounds)).events, []);
    await other.query("commit");
    assert.deepEqual(await keysBehind(begin, 2), ["early", "late"]);
    await other.end();
  });

  it("skips no event, whatever is held open and commits out of order", async () => {
    const sessions = await Promise.all(Array.from({ length: 6 }, session));
    const written: string[] = [];
    // A small generator, so that a run can be repeated.
    let seed = 20_261_129;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    const turns = async (client: pg.Client, of: number) => {
      for (let n = 0; n < 60; n++) {
        await client.query("begin");
        for (let more = 0; more <= Math.floor(random() * 3); more++) {
          const key = `${of}-${n}-${more}`;
          await client.query(appending(key));
          written.push(key);
        }
        // Others commit meanwhile, or not.
        for (let pauses = Math.floor(random() * 5); pauses > 0; pauses--) await client.query("select 1");
        const undone = random() < 0.1;
        await client.query(undone ? "rollback" : "commit");
        if (undone) for (let at = written.length - 1; at >= 0; at--) if (written[at]!.startsWith(`${of}-${n}-`)) written.splice(at, 1);
      }
    };
    const read: string[] = [];
    const reads = async () => {
      for (let position = begin; read.at(-1) !== "last"; ) {
        const { events, through = position } = await log.read([name], position, bounds);
        read.push(...events.map(({ key }) => key));
        position = through;
      }
    };
    const reader = reads();
    await Promise.all(sessions.map(turns));
    // It has the highest transaction id, so all others come before it.
    await emit("last");
    written.push("last");
    await reader;
    assert.ok(written.length > 300);
    assert.deepEqual(read.toSorted(), written.toSorted(), "each once");
    for (let of = 0; of < sessions.length; of++) {
      const own = (keys: readonly string[]) => keys.filter((key) => key.startsWith(`${of}-`));
      assert.deepEqual(own(read), own(written), "what one session wrote comes in its order");
    }
    await Promise.all(sessions.map((client) => client.end()));
  });

  for (const [what, change] of [
    ["of another cluster", "update plimsoll.event_epoch set cluster = 'another/00000001'"],
    ["whose transaction ids were higher", "update plimsoll.event_epoch set floor = '4000000000000'"],
  ] as const)
    it(`goes on behind events ${what}`, async () => {
      await emit("old");
      // As a dump of another cluster brings it.
      await database.admin(`update plimsoll.events set xid = '4000000000000'; ${change}`);
      const [before] = await database.admin<{ epoch: number }>("select epoch from plimsoll.event_epoch");
      await Promise.all([emit("new"), emit("new"), emit("new")]);
      assert.deepEqual(await keysBehind(begin, 4), ["old", "new", "new", "new"]);
      const [after] = await database.admin<{ epoch: number }>("select epoch from plimsoll.event_epoch");
      assert.equal(after!.epoch, before!.epoch + 1, "it rises once");
    });

  it("cannot be read or changed by the application's role but through functions", async () => {
    const client = new pg.Client(database.url);
    await client.connect();
    for (const table of ["events", "events_rest", "event_epoch", "subscription_partitions", "parked_events", "event_dead_letters"])
      for (const text of [`select from plimsoll.${table}`, `delete from plimsoll.${table}`])
        await assert.rejects(client.query(text), { code: "42501" }, text);
    await assert.rejects(client.query("select plimsoll.drop_event_partition('events_rest')"), { code: "42501" });
    await client.end();
  });

  const days = async () =>
    (
      await database.admin<{ part: string }>(
        "select inhrelid::regclass::text as part from pg_inherits where inhparent = 'plimsoll.events'::regclass",
      )
    )
      .map(({ part }) => part.replace("plimsoll.", ""))
      .toSorted();

  it("has its partitions ahead, and drops those that are old once they are read", async () => {
    await emit("a");
    const atFirst = await days();
    await database.admin("select plimsoll.set_clock_offset('9 days')");
    const keep = () => log.keep({ retentionMs: 7 * 86_400_000, deadLetterMs: 86_400_000 });
    // A subscription has it to read.
    await database.admin("select plimsoll.declare_subscription('shelf.reads', 2, true)");
    await keep();
    const [today] = atFirst;
    assert.ok((await days()).includes(today!), "what a subscription has to read stays");
    const ahead = (await days()).filter((part) => !atFirst.includes(part));
    assert.equal(ahead.length, 4, "today and three days");
    await database.admin("update plimsoll.subscription_partitions set (epoch, xid, seq) = (select epoch, xid, seq from plimsoll.events)");
    await keep();
    assert.ok(!(await days()).includes(today!));
    await emit("b");
    assert.deepEqual(await keysBehind(begin, 1), ["b"]);
    assert.deepEqual(await database.admin("select from plimsoll.events_rest"), []);
  });

  it("keeps in the rest what no partition takes, and empties it later", async () => {
    await database.admin("select plimsoll.set_clock_offset('400 days')");
    await emit("a");
    assert.equal((await database.admin("select from plimsoll.events_rest")).length, 1);
    await log.keep({ retentionMs: 86_400_000, deadLetterMs: 86_400_000 });
    assert.deepEqual(await keysBehind(begin, 1), ["a"]);
    await database.admin("select plimsoll.set_clock_offset('402 days')");
    await log.keep({ retentionMs: 86_400_000, deadLetterMs: 86_400_000 });
    assert.deepEqual(await database.admin("select from plimsoll.events"), []);
  });

  it("names the transaction that keeps readers back", async () => {
    const other = await session();
    await other.query("set application_name = 'a long report'; begin");
    await other.query(appending("early"));
    const { rows } = await other.query("select pg_backend_pid() as pid");
    // Older ones of other tests are named first.
    let held = await log.readersHeld();
    while (held?.pid !== rows[0].pid) held = await log.readersHeld();
    assert.deepEqual([held?.application, held?.statement], ["a long report", "select pg_backend_pid() as pid"]);
    await other.query("rollback");
    await other.end();
  });
});

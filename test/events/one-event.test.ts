import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import pg from "pg";
import type { TestDatabase } from "plimsoll/testing";
import { shelfDatabase } from "./shelf/shelf.ts";

const id = "0198a000-0000-7000-8000-000000000001";
const origin = "'acme', 'ann', 'trace', 'cause', 'root'";
const one = `select plimsoll.record_event('${id}', 'shelf.book-lost', 2, 'a', '{}', ${origin}) as position`;
const several = `select plimsoll.record_events('{${id}}', '{shelf.book-lost}', '{2}', '{a}', '{"{}"}', null, null, null, ${origin}) as position`;

describe("one event, which a shorter function appends", () => {
  let database: TestDatabase;
  let session: pg.Client;
  const opened = async () => {
    const client = new pg.Client(database.url);
    await client.connect();
    return client;
  };
  before(async () => {
    database = await shelfDatabase();
  });
  beforeEach(() => database.admin("truncate plimsoll.events"));
  after(() => database.drop());
  /** A session that has appended, and so takes the short way from now on. */
  const joined = async () => {
    session = await opened();
    await session.query(one);
    const { rows } = await session.query("select current_setting('plimsoll.event_joined') as joined");
    assert.match(rows[0].joined, /^\d+\/\d{8}$/);
  };

  it("is written as several are", async () => {
    await joined();
    const { rows: short } = await session.query(one);
    const { rows: long } = await session.query(several);
    const written = await database.admin(
      "select epoch || '/' || xid || '/' || seq as position, to_jsonb(e) - 'xid' - 'seq' - 'recorded_at' as row, recorded_at > now() - interval '1 hour' as recent from plimsoll.events e order by seq",
    );
    assert.equal(written.length, 3);
    const [, byShort, byLong] = written;
    assert.deepEqual([byShort?.position, byLong?.position], [short[0].position, long[0].position]);
    assert.deepEqual([byShort?.row, byShort?.recent], [byLong?.row, true]);
    await session.end();
  });

  it("is noted where a live projection has it that the transaction does not know", async () => {
    await joined();
    await database.admin(`insert into plimsoll.subscriptions (name, partitions) values ('shelf.losses', 1);
      insert into plimsoll.inline_projections (name, events, state) values ('shelf.losses', '{shelf.book-lost}', 'live')`);
    const state = async () =>
      (await database.admin<{ state: string }>("select state from plimsoll.inline_projections where name = 'shelf.losses'"))[0]?.state;
    await session.query("begin; select set_config('plimsoll.inline_known', 'shelf.losses', true)");
    await session.query(one);
    await session.query("commit");
    assert.equal(await state(), "live", "who knows it keeps it");
    await session.query(one);
    assert.equal(await state(), "stale");
    await database.admin("delete from plimsoll.subscriptions where name = 'shelf.losses'");
    await session.end();
  });

  it("is refused with a snapshot of before a projection went live", async () => {
    await joined();
    await session.query("begin isolation level repeatable read; select 1 from plimsoll.event_horizon()");
    await database.admin("update plimsoll.inline_changes set changes = changes + 1");
    await assert.rejects(session.query(one), { code: "40001" });
    await session.end();
  });
});

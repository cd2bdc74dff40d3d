import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import pg from "pg";
import { command, module, query, type ReadScope } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { type Pair, startPair } from "./standby.ts";

const stalenessMs = 1_500;
const Found = z.object({ standby: z.boolean(), notes: z.int() });
const common = { access: "public", budget: "5s", input: z.object({}), output: Found } as const;
const lookAt = (_: object, { sql }: ReadScope) =>
  sql(Found)`select pg_is_in_recovery() as standby, (select count(*)::int from notes.notes) as notes`.one();
const look = query("notes.look", { ...common, staleness: stalenessMs, run: lookAt });
const lookNow = query("notes.look-now", { ...common, run: lookAt });
const add = command("notes.add", {
  ...{ access: "public", budget: "5s", idempotent: "no", input: z.object({ text: z.string() }), output: z.object({}) },
  async run({ text }, { sql }) {
    await sql`insert into notes.notes (text) values (${text})`.run();
    return {};
  },
});
const notes = module("notes", { schema: "notes", migrations: new URL("./notes/", import.meta.url), operations: [look, lookNow, add] });

describe("a query with staleness, and a standby", () => {
  let pair: Pair;
  let database: TestDatabase;
  let app: TestApp;
  let standby: pg.Client;
  before(async () => {
    pair = await startPair();
    database = await testDatabase({ modules: [notes], server: { name: "pair", adminUrl: pair.primaryUrl, stop: async () => undefined } });
    const replica = new URL(database.url);
    replica.port = new URL(pair.standbyUrl).port;
    standby = new pg.Client({ connectionString: pair.standbyUrl });
    await standby.connect();
    app = await testApp({
      modules: [notes],
      database: postgres({ url: database.url, adminUrl: database.adminUrl, replicas: [replica.href] }),
    });
  });
  after(async () => {
    await standby?.end();
    await app?.stop();
    await pair?.stop();
  });
  const read = () => app.call(look, {});
  /** Each reply is the signal for the next. */
  async function until(isSo: (found: z.infer<typeof Found>) => boolean) {
    for (;;) {
      const one = await read();
      if (isSo(one)) return one;
    }
  }

  it("reads the standby while it is behind by less, and others read the primary", async () => {
    await app.call(add, { text: "one" });
    const one = await until(({ standby, notes }) => standby && notes === 1);
    assert.deepEqual(one, { standby: true, notes: 1 });
    assert.deepEqual(await app.call(lookNow, {}), { standby: false, notes: 1 });
  });

  it("reads the primary as soon as the standby may be behind by more, and the standby again after that", async () => {
    await standby.query("select pg_wal_replay_pause()");
    await app.call(add, { text: "two" });
    const writtenAt = performance.now();
    let onStandby = 0;
    for (;;) {
      const askedAt = performance.now();
      const one = await read();
      if (!one.standby) {
        assert.equal(one.notes, 2);
        break;
      }
      onStandby++;
      // What it shows is no older than the query accepts.
      assert.ok(askedAt - writtenAt < stalenessMs, `it read the standby ${askedAt - writtenAt} ms after what it does not show`);
    }
    assert.ok(onStandby > 0, "the standby was read for as long as it could be");
    assert.deepEqual(await read(), { standby: false, notes: 2 });
    await standby.query("select pg_wal_replay_resume()");
    await until(({ standby, notes }) => standby && notes === 2);
  });

  it("reads the primary when the standby ends its sessions, and no caller notices", async () => {
    await until(({ standby }) => standby);
    await standby.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'",
    );
    for (let n = 0; n < 20; n++) assert.equal((await read()).notes, 2);
    await until(({ standby }) => standby);
  });
});

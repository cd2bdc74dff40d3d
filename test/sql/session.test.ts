import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command, module, query, signedIn } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { probe, read, writeOnce } from "../integration/bank/probe.ts";
import { testServers } from "../integration/servers.ts";

const alice = testActor({ id: "alice", tenant: "acme" });

const Times = z.object({ at: z.iso.datetime(), day: z.iso.date(), local: z.iso.datetime({ local: true }) });
const readTimes = query("t.times", {
  input: z.object({}),
  output: Times,
  access: signedIn(),
  budget: "5s",
  run: (_, { sql }) =>
    sql(Times)`select '2026-01-01T00:30:00Z'::timestamptz as at, '2026-01-01T00:30:00Z'::timestamptz::date as day,
      '2026-01-01T00:30:00Z'::timestamptz::timestamp as local`.one(),
});
const serializable = command("t.serializable", {
  input: z.object({}),
  output: z.object({ isolation: z.string() }),
  access: signedIn(),
  budget: "5s",
  idempotent: "no",
  isolation: "serializable",
  run: (_, { sql }) => sql<{ isolation: string }>`select current_setting('transaction_isolation') as isolation`.one(),
});
const times = module("t", { operations: [readTimes, serializable] });

/** What a server, a database or a role may be set to, a statement of which it changes the meaning, and what that means here. */
const settings: readonly (readonly [name: string, value: string, text: string, expected: Record<string, unknown>])[] = [
  ["TimeZone", "America/New_York", "select '2026-01-01T00:00:00Z'::timestamptz as v", { v: "2026-01-01T00:00:00Z" }],
  ["TimeZone", "Asia/Kathmandu", "select '2026-01-01 00:00'::timestamptz as v", { v: "2026-01-01T00:00:00Z" }],
  ["TimeZone", "America/Chicago", "select '1800-06-01T00:00:00Z'::timestamptz::date as v", { v: "1800-06-01" }],
  ["DateStyle", "German, DMY", "select '2026-02-01T10:00:00Z'::timestamptz as v", { v: "2026-02-01T10:00:00Z" }],
  ["DateStyle", "SQL, DMY", "select array['2026-02-01'::date] as v", { v: ["2026-02-01"] }],
  ["DateStyle", "Postgres, MDY", "select '2026-02-01 10:00'::timestamp as v", { v: "2026-02-01T10:00:00" }],
  ["DateStyle", "ISO, DMY", "select '02/01/2026'::date as v", { v: "2026-02-01" }],
  ["IntervalStyle", "sql_standard", "select ('-1 2:03:04'::interval)::text as v", { v: "-1 days +02:03:04" }],
  ["IntervalStyle", "iso_8601", "select ('1 day 02:03:04'::interval)::text as v", { v: "1 day 02:03:04" }],
  ["extra_float_digits", "-15", "select (0.1::float8 + 0.2::float8) as v", { v: 0.1 + 0.2 }],
  ["extra_float_digits", "0", "select array[1.0000000000000002::float8] as v", { v: [1.0000000000000002] }],
  ["bytea_output", "escape", "select '\\x00ff5c'::bytea::text as v", { v: "\\x00ff5c" }],
  ["array_nulls", "off", "select ('{a,NULL}'::text[])[2] is null as v", { v: true }],
  ["transform_null_equals", "on", "select (1 = null) is null as v", { v: true }],
  ["standard_conforming_strings", "off", "select length('a\\nb') as v", { v: 4 }],
  ["row_security", "off", "select current_setting('row_security') as v", { v: "on" }],
  ["synchronous_commit", "off", "select current_setting('synchronous_commit') as v", { v: "on" }],
  ["default_transaction_isolation", "serializable", "select current_setting('transaction_isolation') as v", { v: "read committed" }],
  ["default_transaction_isolation", "repeatable read", "select current_setting('transaction_isolation') as v", { v: "read committed" }],
];
const ofOperators = [
  "synchronous_commit",
  "remote_write",
  "select current_setting('synchronous_commit') as v",
  { v: "remote_write" },
] as const;

for (const server of await testServers()) {
  describe(`what a session is set to, on ${server.name}`, () => {
    let database: TestDatabase;
    const name = () => new URL(database.url).pathname.slice(1);
    const start = (): Promise<TestApp> =>
      testApp({ modules: [probe, times], actor: alice, database: postgres({ url: database.url, connections: 1 }) });

    before(async () => {
      database = await testDatabase({ modules: [probe, times], server });
    });
    after(async () => {
      await database.drop();
      await server.stop();
    });

    /** An app whose database is set to something. */
    const withSetting = async (setting: string, value: string, work: (app: TestApp) => Promise<void>) => {
      await database.admin(`alter database ${name()} set ${setting} to '${value}'`);
      try {
        await using app = await start();
        await work(app);
      } finally {
        await database.admin(`begin read write; alter database ${name()} reset ${setting}; commit`);
      }
    };

    for (const [setting, value, text, expected] of settings) {
      it(`does not matter: ${setting} = ${value}, ${text}`, () =>
        withSetting(setting, value, async (app) => {
          assert.deepEqual((await app.call(read, { text })).rows, [expected]);
          assert.deepEqual((await app.call(writeOnce, { texts: [text] })).rows, [expected]);
        }));
    }

    it("is the operator's choice where nothing is lost by it (as before)", () => {
      const [setting, value, text, expected] = ofOperators;
      return withSetting(setting, value, async (app) => assert.deepEqual((await app.call(read, { text })).rows, [expected]));
    });

    it("is no matter of a schema: times are the ISO 8601 that Zod reads, wherever the server stands", () =>
      withSetting("TimeZone", "America/New_York", async (app) => {
        const read = await app.call(readTimes, {}).catch((error: unknown) => String(error));
        assert.deepEqual(read, { at: "2026-01-01T00:30:00Z", day: "2026-01-01", local: "2026-01-01T00:30:00" });
      }));

    // A transaction pooler gives each transaction another session, which another client may have left as it likes.
    for (const [setting, value, text, expected] of settings.filter(([name]) => !name.startsWith("default_")))
      it(`is set in each transaction where the session has lost it, as behind a pooler: ${setting} = ${value}, ${text}`, () =>
        withSetting(setting, value, async (app) => {
          await app.call(writeOnce, { texts: [`reset ${setting}`] });
          assert.deepEqual((await app.call(read, { text })).rows, [expected]);
          assert.deepEqual((await app.call(writeOnce, { texts: [text] })).rows, [expected]);
        }));

    it("holds also for what is set while the app runs", async () => {
      await using app = await start();
      await app.call(writeOnce, { texts: ["set timezone to 'Asia/Tokyo'"] });
      const { rows } = await app.call(read, { text: "select '2026-01-01T00:00:00Z'::timestamptz as v" });
      assert.deepEqual(rows, [{ v: "2026-01-01T00:00:00Z" }]);
    });

    it("leaves the isolation that a command declares (as before)", () =>
      withSetting("default_transaction_isolation", "read committed", async (app) =>
        assert.deepEqual(await app.call(serializable, {}), { isolation: "serializable" }),
      ));

    it("can still be a database that takes no writes (as before)", () =>
      withSetting("default_transaction_read_only", "on", async (app) => {
        await assert.rejects(app.call(writeOnce, { texts: ["create temp table x (a int)", "create table y (a int)"] }), {
          code: "unavailable",
          type: "database_read_only",
        });
      }));
  });
}

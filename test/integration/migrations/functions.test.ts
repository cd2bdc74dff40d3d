import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { isLaterRelease, release } from "../../../src/postgres/migrate/release.ts";
import { migrate } from "../../../src/postgres/migrate.ts";
import { readMigrations } from "../../../src/postgres/migration-files.ts";
import { type Scratch, scratch, session } from "../scratch.ts";
import { testServers } from "../servers.ts";

const files = readMigrations([])[0]!.files;
const versioned = files.filter(({ repeatable }) => !repeatable).map(({ name }) => `plimsoll/${name}`);
const functions = files.filter(({ repeatable }) => repeatable);

/** `select plimsoll.flush()` of some other release, and how the ledger remembers it. */
const flushOf = (other: string) => `
  create or replace function plimsoll.flush() returns void language plpgsql volatile security definer set search_path = ''
    as $$ begin raise exception 'flushed by ${other}'; end $$;
  update plimsoll.migrations set checksum = 'other', release = '${other}' where name = 'functions/flush'`;
const older = "0.0.9";
const newer = "99.0.0";

const run = ({ adminUrl, url }: Scratch, rest: Partial<Parameters<typeof migrate>[0]> = {}) =>
  migrate({ adminUrl, url, modules: [], clock: systemClock, ...rest });

const refuses = (work: Promise<unknown>, message: RegExp) => assert.rejects(work, { code: "failed_precondition", message });

for (const server of await testServers()) {
  describe(`Plimsoll's functions, on ${server.name}`, { concurrency: 2 }, () => {
    after(() => server.stop());

    it("are made after the tables, in the order of their names, and are granted one by one", async () => {
      await using database = await scratch(server);
      const { applied } = await run(database);
      const names = functions.map(({ name }) => `plimsoll/${name}`);
      assert.deepEqual(applied, [...versioned, ...names]);
      assert.deepEqual(names, names.toSorted());
      const rows = await database.rows<{ name: string; granted: boolean; everyone: boolean }>(
        `select p.proname as name, has_function_privilege($1, p.oid, 'execute') as granted, has_function_privilege('public', p.oid, 'execute') as everyone
         from pg_proc p where pronamespace = 'plimsoll'::regnamespace order by 1`,
        [database.appRole],
      );
      const granted = ["now", ...functions.filter(({ grants }) => grants !== "").map(({ name }) => name.slice("functions/".length))];
      assert.deepEqual(
        rows.filter(({ granted }) => granted).map(({ name }) => name),
        granted.toSorted(),
      );
      const open = await database.rows<{ name: string }>(
        `select relname as name from pg_class, aclexplode(relacl) granted
         where relnamespace = 'plimsoll'::regnamespace and granted.grantee = 0`,
      );
      assert.deepEqual(open, [], "no table, view or sequence is for every role");
      assert.ok(rows.length > granted.length && !rows.some(({ everyone }) => everyone), "what others call is the owner's alone");
    });

    it("run again when their text has changed, and keep what was granted", async () => {
      await using database = await scratch(server);
      await run(database);
      await database.rows(flushOf(older));
      const flush = "plimsoll/functions/flush";
      assert.deepEqual(await run(database, { mode: "status" }), { applied: [], pending: [flush], ahead: [] });
      await refuses(run(database, { adminUrl: undefined }), /lacks plimsoll\/functions\/flush\. Start one process with adminUrl/);
      assert.deepEqual(await run(database, { mode: "dry-run" }), { applied: [], pending: [flush], ahead: [] });
      await assert.rejects(database.as(undefined, "select plimsoll.flush()"), /flushed by 0\.0\.9/, "a dry run leaves nothing");
      assert.deepEqual(await run(database), { applied: [flush], pending: [], ahead: [] });
      await database.as(undefined, "select plimsoll.flush()");
      assert.deepEqual(await run(database), { applied: [], pending: [], ahead: [] });
      const [row] = await database.rows("select release from plimsoll.migrations where name = 'functions/flush'");
      assert.deepEqual(row, { release });
    });

    it("are dropped by the release that has them no more", async () => {
      await using database = await scratch(server);
      await run(database);
      await database.rows(`${flushOf(older)};
        create function plimsoll.sail(p_knots integer) returns void language sql as '';
        insert into plimsoll.migrations values ('plimsoll', 'functions/sail', 'x', now(), 0, '${older}')`);
      await run(database);
      const left = await database.rows(
        "select proname as name from pg_proc where proname = 'sail' union all select name from plimsoll.migrations where name = 'functions/sail'",
      );
      assert.deepEqual(left, []);
    });

    it("are there with the tables, or nothing is", async () => {
      await using database = await scratch(server);
      await using owner = await session(database.adminUrl, "create schema plimsoll");
      await owner.query("create function plimsoll.flush(p_all boolean) returns void language sql as ''");
      const other = /plimsoll\.flush would have two signatures\..*give the changed one another name/;
      await refuses(run(database), other);
      await refuses(run(database, { mode: "dry-run" }), other);
      await owner.query("drop function plimsoll.flush; create function plimsoll.flush() returns integer language sql as 'select 1'");
      await refuses(run(database), /functions\/tasks\/start\/flush\.sql:\d+: cannot change return type.*keeps its signature.*another name/);
      const made = await database.rows(
        "select relname from pg_class where relnamespace = 'plimsoll'::regnamespace and relname <> 'migrations_pkey'",
      );
      assert.deepEqual(made, [{ relname: "migrations" }]);
      assert.deepEqual(await database.rows("select from plimsoll.migrations"), []);
      await owner.query("drop function plimsoll.flush");
      assert.equal((await run(database)).applied.length, files.length);
    });

    it("of a newer release stay as they are, for its owner too", async () => {
      await using database = await scratch(server);
      await run(database);
      await database.rows(`${flushOf(newer)};
        create function plimsoll.sail() returns void language sql as '';
        insert into plimsoll.migrations values ('plimsoll', 'functions/sail', 'x', now(), 0, '${newer}')`);
      const ahead = { applied: [], pending: [], ahead: ["plimsoll/functions/flush", "plimsoll/functions/sail"] };
      assert.deepEqual(await run(database), ahead);
      assert.deepEqual(await run(database, { adminUrl: undefined }), ahead);
      await assert.rejects(database.as(undefined, "select plimsoll.flush()"), /flushed by 99\.0\.0/);
    });

    it("stay as they are where a newer table file ran", async () => {
      await using database = await scratch(server);
      await run(database);
      await database.rows(
        `${flushOf(release)}; insert into plimsoll.migrations values ('plimsoll', '0099_next', 'x', now(), 0, '${release}')`,
      );
      assert.deepEqual(await run(database), { applied: [], pending: [], ahead: ["plimsoll/0099_next", "plimsoll/functions/flush"] });
    });

    it("that a newer release has no more are missed at the start, by name", async () => {
      await using database = await scratch(server);
      await run(database);
      await database.rows(
        `${flushOf(newer)}; drop function plimsoll.task_state; delete from plimsoll.migrations where name = 'functions/task_state'`,
      );
      for (const rest of [{}, { adminUrl: undefined }])
        await refuses(run(database, rest), /newer release.*no plimsoll\/functions\/task_state any more.*at most one before the newest/);
    });

    it("are not put beside tables of a schema that was never released", async () => {
      await using database = await scratch(server);
      await run(database);
      await database.rows("update plimsoll.migrations set checksum = repeat('a', 64) where name = '0001_platform'");
      const refusal =
        /unreleased version of Plimsoll made its schema.*0001_platform\.sql ran as aaaaaaaaaaaa.*Use an empty database\. In development.*reset/;
      for (const mode of ["apply", "status", "dry-run"] as const) await refuses(run(database, { mode }), refusal);
      await refuses(run(database, { adminUrl: undefined }), refusal);
      await database.rows("alter table plimsoll.migrations drop column release");
      for (const rest of [{}, { adminUrl: undefined }, { mode: "dry-run" }] as const)
        await refuses(run(database, rest), /its ledger names no release.*Use an empty database\. In development.*reset/);
    });
  });
}

describe("the release", () => {
  it("is the version of the package", () => {
    const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { version: string };
    assert.equal(release, version);
  });

  it("has the order of semantic versions", () => {
    const ordered = [
      "0.1.0-alpha",
      "0.1.0-alpha.1",
      "0.1.0-alpha.2",
      "0.1.0-alpha.10",
      "0.1.0-beta",
      "0.1.0",
      "0.1.2",
      "0.1.10",
      "0.2.0-rc.1",
      "0.10.0",
      "1.0.0",
    ];
    for (const [at, one] of ordered.entries())
      for (const [other, than] of ordered.entries()) assert.equal(isLaterRelease(one, than), at > other, `${one} after ${than}`);
    assert.equal(isLaterRelease("1.0.0+build.2", "1.0.0"), false);
    assert.equal(isLaterRelease("next", "1.0.0"), false);
  });
});

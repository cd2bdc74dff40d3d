import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { Fault } from "../../src/core/fault.ts";
import { type MigrateSpec, migrate } from "../../src/postgres/migrate.ts";
import { readMigrations } from "../../src/postgres/migration-files.ts";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { type Scratch, type ScratchModule, scratch, scratchModule, seen, session } from "./scratch.ts";
import { testServers } from "./servers.ts";

const own = readMigrations([])[0]!.files.map(({ name }) => `plimsoll/${name}`);
const items = "create table stock.items (id int primary key, name text);\n";

/** Fails with a fault of this code whose message has all that is asked for. */
function refuses(work: Promise<unknown>, code: string, ...parts: (string | RegExp)[]): Promise<void> {
  return assert.rejects(work, (error) => {
    assert(error instanceof Fault, String(error));
    assert.equal(error.code, code, error.message);
    for (const part of parts)
      typeof part === "string" ? assert(error.message.includes(part), error.message) : assert.match(error.message, part);
    return true;
  });
}

/** The machine's clock, which calls back instead of waiting. */
function impatient(onWait: () => Promise<unknown> = async () => undefined): Clock {
  return { ...systemClock, schedule: (_, callback) => systemClock.schedule(0, () => void onWait().then(callback)) };
}

function run(database: Scratch, module: ScratchModule, rest: Partial<MigrateSpec> = {}) {
  const { adminUrl, url } = database;
  return migrate({ adminUrl, url, modules: [module], clock: systemClock, ...rest });
}

const tables = async (database: Scratch): Promise<string[]> =>
  (
    await database.rows<{ name: string }>(
      "select relname as name from pg_class where relnamespace = to_regnamespace('stock') and relkind = 'r' order by 1",
    )
  ).map(({ name }) => name);

function migrateProcess({ adminUrl, url }: Scratch, { directory }: ScratchModule): ChildProcess {
  const program = fileURLToPath(new URL("./fixtures/migrate-once.ts", import.meta.url));
  return spawn(process.execPath, ["--conditions=source", program, JSON.stringify({ adminUrl, url, directory })], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function outcome(child: ChildProcess): Promise<string[]> {
  const [out, errors, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, "exit")]);
  assert.equal(code, 0, errors);
  return JSON.parse(out) as string[];
}

const sessions =
  "select from pg_stat_activity where datname = current_database() and application_name = 'plimsoll-migrate' and usename like '%\\_owner' having count(*) = $1";

for (const server of await testServers()) {
  describe(`migrate, on ${server.name}`, { concurrency: 2 }, () => {
    after(() => server.stop());

    it("applies Plimsoll's files and the modules' in order, once, and remembers them", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items, "0002_more.sql": "create table prices (id int primary key)" });
      const all = [...own, "stock/0001_items", "stock/0002_more"];
      assert.deepEqual(await run(database, module, { mode: "status" }), { applied: [], pending: all, ahead: [] });
      assert.deepEqual(await run(database, module), { applied: all, pending: [], ahead: [] });
      assert.deepEqual(await run(database, module), { applied: [], pending: [], ahead: [] });
      const ledger = await database.rows(
        "select module || '/' || name as file from plimsoll.migrations where checksum ~ '^[0-9a-f]{64}$' and duration_ms >= 0 order by applied_at",
      );
      assert.deepEqual(
        ledger.map(({ file }) => file),
        all,
      );
      assert.deepEqual(await tables(database), ["items", "prices"], "a name without a schema is one of the module's");
    });

    it("asks one connection once where nothing is to be done, as the application", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items });
      await run(database, module);
      const { hostname, port } = new URL(database.url);
      const proxy = new FaultProxy({ host: hostname, port: Number(port) });
      await proxy.start();
      const url = proxy.through(database.url);
      await migrate({ url, adminUrl: "postgres://stranger@127.0.0.1:1/none", modules: [], clock: systemClock });
      const forNone = proxy.flights;
      await migrate({ url, adminUrl: "postgres://stranger@127.0.0.1:1/none", modules: [module], clock: systemClock });
      assert.equal(proxy.flights - forNone, forNone, "more modules cost no more");
      proxy.flights = 0;
      await (await session(url, "select 1")).end();
      assert.equal(forNone, proxy.flights, "connect, one statement, end");
      await proxy.stop();
    });

    it("goes past a pooler where it is given the way", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items });
      const url = "postgres://pooled@127.0.0.1:1/none";
      const { url: directUrl, adminUrl } = database;
      await migrate({ url, directUrl, adminUrl, modules: [module], clock: systemClock });
      assert.deepEqual((await migrate({ url, directUrl, modules: [module], clock: systemClock })).pending, []);
      await database.as(undefined, "insert into stock.items values (1)");
    });

    it("lets the application use what modules made and will make, and of Plimsoll only what it needs", async () => {
      await using database = await scratch(server);
      using module = scratchModule({
        "0001_items.sql": `${items}create table stock.counted (id serial primary key); create function stock.two() returns int language sql as 'select 2'`,
      });
      await run(database, module);
      await database.as(
        undefined,
        "insert into stock.items values (1)",
        "update stock.items set name = 'a'",
        "insert into stock.counted default values",
        "select stock.two()",
        "delete from stock.items",
      );
      await using owner = await session(database.adminUrl, "create table stock.later (id serial primary key)");
      await database.as(undefined, "insert into stock.later default values");
      await database.as(undefined, "select plimsoll.tenant(), plimsoll.actor(), plimsoll.now()", "select module from plimsoll.migrations");
      await owner.query("select plimsoll.set_clock_offset('1 hour')");
      const forbidden = [
        "truncate stock.items",
        "create table stock.mine ()",
        "alter table stock.items disable row level security",
        "insert into plimsoll.migrations values ('a', 'b', 'c', now(), 1)",
        "select * from plimsoll.idempotency",
        "select * from plimsoll.idempotency_sweep",
        "select plimsoll.set_clock_offset('1 hour')",
        "create or replace function plimsoll.now() returns timestamptz language sql as 'select now()'",
        "select plimsoll.tenant_table('stock.items')",
        "create table plimsoll.mine ()",
      ];
      for (const statement of forbidden) await assert.rejects(database.as(undefined, statement), { code: "42501" }, statement);
    });

    it("refuses a file that was edited after it ran, with both checksums, and applies nothing else", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items });
      await run(database, module);
      const before = readMigrations([module])[1]!.files[0]!;
      module.write({ "0001_items.sql": items.replaceAll("\n", "\r\n"), "0002_more.sql": "create table stock.more ()" });
      assert.deepEqual((await run(database, module)).applied, ["stock/0002_more"], "line endings are no change");
      module.write({ "0001_items.sql": `${items}-- changed`, "0003_third.sql": "create table stock.third ()" });
      const after = readMigrations([module])[1]!.files[0]!;
      for (const rest of [{}, { adminUrl: undefined }, { mode: "status" }, { mode: "dry-run" }] as const)
        await refuses(
          run(database, module, rest),
          "failed_precondition",
          before.path,
          before.checksum.slice(0, 12),
          after.checksum.slice(0, 12),
          "Undo the change",
        );
      assert.deepEqual(await tables(database), ["items", "more"]);
    });

    it("refuses another past: a file inserted, renamed or removed below one that ran", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items, "0002_b.sql": "select 1" });
      await run(database, module);
      await database.rows("delete from plimsoll.migrations where name = '0001_items'");
      await refuses(run(database, module), "failed_precondition", "0001_items.sql did not run", "Give it a number");
      await database.rows("insert into plimsoll.migrations values ('stock', '0001_other', 'x', now(), 1, '0.1.0')");
      await refuses(run(database, module), "failed_precondition", "stock/0001_other", "restore the file");
    });

    it("runs on a database that newer code migrated, as the owner and as the application alone", async () => {
      await using database = await scratch(server);
      using module = scratchModule({
        "0001_items.sql": items,
        "0002_new.sql": "alter table stock.items add column size int",
        "0003_newer.sql": "select 1",
      });
      await run(database, module);
      module.remove("0003_newer.sql");
      module.remove("0002_new.sql");
      const ahead = { applied: [], pending: [], ahead: ["stock/0002_new", "stock/0003_newer"] };
      assert.deepEqual(await run(database, module), ahead);
      assert.deepEqual(await run(database, module, { adminUrl: undefined }), ahead);
    });

    it("only verifies without an owner, and names what is missing", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items });
      await refuses(run(database, module, { adminUrl: undefined }), "failed_precondition", "adminUrl");
      await run(database, module);
      module.write({ "0002_more.sql": "create table stock.more ()" });
      await refuses(run(database, module, { adminUrl: undefined }), "failed_precondition", "stock/0002_more", "adminUrl");
      assert.deepEqual(await tables(database), ["items"]);
    });

    it("keeps nothing of a file that fails, keeps those before it, and goes on when it is fixed", async () => {
      await using database = await scratch(server);
      using module = scratchModule({
        "0001_items.sql": items,
        "0002_bad.sql": "create table stock.half ();\nselect 1 / 0;\ncreate table stock.rest ();",
        "0003_c.sql": "create table stock.c ()",
      });
      await refuses(run(database, module), "failed_precondition", "0002_bad.sql:2: division by zero.", "nothing of it was kept");
      assert.deepEqual(await tables(database), ["items"]);
      module.write({ "0002_bad.sql": "create table stock.half ()" });
      assert.deepEqual((await run(database, module)).applied, ["stock/0002_bad", "stock/0003_c"]);
    });

    it("names the line of each kind of error, and what the server said", async () => {
      await using database = await scratch(server);
      const bad: [string, string[]][] = [
        ["create table stock.a ();\n\ncreat table stock.b ();", [":3: ", 'syntax error at or near "creat"']],
        ["-- ü 😀 ä\nselect '😀😀';\nselect nothing from nowhere;", [":3: ", "does not exist"]],
        [
          "create function stock.f() returns int language plpgsql as $$\nbegin\n  return 1 / 0;\nend $$;\n\nselect stock.f();",
          [":6: ", "division by zero"],
        ],
        [
          "create table stock.a (id int);\n\n-- why\nselect plimsoll.tenant_table('stock.a');",
          [":4: ", "no column tenant_id", "Add: tenant_id text not null default plimsoll.tenant()."],
        ],
        ["insert into stock.a values (1);", [":1: ", 'relation "stock.a" does not exist']],
        ["create table stock.a (id int unique);\ninsert into stock.a values (1), (1);", [":2: ", "Key (id)=(1) already exists."]],
        ["select 1;\ncreate index concurrently on stock.a (id);", ["-- plimsoll: no-transaction"]],
        ["select 1;\ncommit;\nselect 2;", [':2: "commit" would end the transaction']],
        ["BEGIN;\nselect 1;\nEND;", [':1: "begin" would end the transaction']],
      ];
      for (const [sql, parts] of bad) {
        using module = scratchModule({ "0001_bad.sql": sql });
        await refuses(run(database, module), "failed_precondition", `${module.directory}/0001_bad.sql`, ...parts);
        assert.deepEqual(await tables(database), [], sql);
      }
    });

    it("leaves nothing of a dry run, and tells what it would apply or why it would fail", async () => {
      await using database = await scratch(server);
      using module = scratchModule({
        "0001_items.sql": items,
        "0002_index.sql": "-- plimsoll: no-transaction\ncreate index concurrently on stock.items (name)",
        "0003_more.sql": "insert into stock.items values (1)",
      });
      const all = [...own, "stock/0001_items", "stock/0002_index", "stock/0003_more"];
      assert.deepEqual(await run(database, module, { mode: "dry-run" }), {
        ...{ applied: [], pending: all, ahead: [] },
        notTried: [{ file: "stock/0002_index", reason: "It runs outside a transaction, which could not be undone." }],
      });
      assert.deepEqual(await database.rows("select from pg_namespace where nspname in ('plimsoll', 'stock')"), []);
      module.write({ "0003_more.sql": "\ninsert into stock.items values ('a')" });
      await refuses(run(database, module, { mode: "dry-run" }), "failed_precondition", "0003_more.sql:2");
      assert.deepEqual(await database.rows("select from pg_namespace where nspname in ('plimsoll', 'stock')"), []);
      await refuses(run(database, module, { mode: "dry-run", adminUrl: undefined }), "failed_precondition", "adminUrl");
    });

    it("tries again while another session holds a lock, and lets the file through once it is free", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items });
      await run(database, module);
      module.write({ "0002_alter.sql": "create table stock.first ();\nalter table stock.items add column size int" });
      await using reader = await session(database.superUrl, "begin", "select * from stock.items");
      let waits = 0;
      const clock = impatient(async () => ++waits === 2 && reader.query("commit"));
      assert.deepEqual((await run(database, module, { lockTimeoutMs: 20, clock })).applied, ["stock/0002_alter"]);
      assert.equal(waits, 2);
    });

    it("gives up after some tries, names the line that waited, and keeps nothing of the file", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items });
      await run(database, module);
      module.write({ "0002_alter.sql": "create table stock.first ();\nalter table stock.items add column size int" });
      await using _reader = await session(database.superUrl, "begin", "select * from stock.items");
      let waits = 0;
      const clock = impatient(async () => ++waits);
      await refuses(
        run(database, module, { lockTimeoutMs: 20, clock }),
        "failed_precondition",
        "0002_alter.sql:2",
        "lock timeout",
        "Another transaction holds a lock",
      );
      assert.equal(waits, 4);
      assert.deepEqual(await tables(database), ["items"]);
    });

    it("lets one of two processes at once do it, while the other waits and finds nothing to do", async () => {
      await using database = await scratch(server);
      using module = scratchModule({
        "0001_items.sql": `${items}select pg_advisory_xact_lock(7)`,
        // It waits for every session that holds a snapshot: were the other process to wait in a statement, each would wait for the other.
        "0002_index.sql":
          "-- plimsoll: no-transaction\ncreate index concurrently on stock.items (name);\ncreate index concurrently on stock.items (id, name);",
      });
      await using holder = await session(database.superUrl, "select pg_advisory_lock(7)");
      const first = migrateProcess(database, module);
      await seen(
        database.superUrl,
        "select from pg_locks where locktype = 'advisory' and objid = 7 and not granted and database = (select oid from pg_database where datname = current_database())",
      );
      const second = migrateProcess(database, module);
      await seen(database.superUrl, sessions, [2]);
      await holder.query("select pg_advisory_unlock(7)");
      assert.deepEqual(await Promise.all([outcome(first), outcome(second)]), [[...own, "stock/0001_items", "stock/0002_index"], []]);
      assert.equal((await database.rows("select from pg_indexes where schemaname = 'stock'")).length, 3);
    });

    it("keeps nothing of the file whose process was killed, and the next process applies it", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": `${items}select pg_advisory_xact_lock(8)` });
      await using holder = await session(database.superUrl, "select pg_advisory_lock(8)");
      const killed = migrateProcess(database, module);
      await seen(
        database.superUrl,
        "select from pg_locks where locktype = 'advisory' and objid = 8 and not granted and database = (select oid from pg_database where datname = current_database())",
      );
      killed.kill("SIGKILL");
      const next = migrateProcess(database, module);
      await seen(database.superUrl, sessions, [2]);
      assert.deepEqual(await tables(database), []);
      await holder.query("select pg_advisory_unlock(8)");
      assert.deepEqual(await outcome(next), ["stock/0001_items"]);
      assert.deepEqual(await tables(database), ["items"]);
    });

    it("waits no longer than it was asked to for another process", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items });
      await using _other = await session(database.adminUrl, `select pg_advisory_lock(${0x706c696d})`);
      await refuses(run(database, module, { waitMs: 300 }), "unavailable", "Another process has been migrating", "pg_stat_activity");
    });

    it("runs what cannot run in a transaction, and says what was kept where it fails", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": `${items}insert into stock.items values (1, 'a'), (2, 'a')` });
      await run(database, module);
      const file = (index: string) => ({
        "0002_index.sql": `-- plimsoll: no-transaction\ncreate table if not exists stock.kept ();\n\n${index}`,
      });
      module.write(file("create unique index concurrently if not exists by_name on stock.items (name);"));
      await refuses(
        run(database, module),
        "failed_precondition",
        "0002_index.sql:4: could not create unique index",
        "What stands before it was kept",
      );
      assert.deepEqual(await tables(database), ["items", "kept"]);
      await refuses(
        run(database, module),
        "failed_precondition",
        "left the index stock.by_name invalid",
        "drop index concurrently stock.by_name",
      );
      await database.rows("drop index stock.by_name");
      await database.rows("delete from stock.items where id = 2");
      assert.deepEqual((await run(database, module)).applied, ["stock/0002_index"]);
    });

    it("forgets what a file set, and is not stopped by the owner's own timeouts", async () => {
      await using database = await scratch(server);
      await database.rows(`alter role ${database.ownerRole} set statement_timeout = 50`);
      using module = scratchModule({
        "0001_items.sql": `${items}set search_path = pg_catalog; set role ${database.ownerRole}; set default_transaction_read_only = on; select pg_sleep(0.1)`,
        "0002_more.sql": "create table more ()",
        "0003_alone.sql":
          "-- plimsoll: no-transaction\nset search_path = pg_catalog; select pg_sleep(0.1); set default_transaction_read_only = on",
        "0004_last.sql": "create table last as select current_setting('lock_timeout') as waits",
      });
      await run(database, module, { lockTimeoutMs: 1_234 });
      assert.deepEqual(await tables(database), ["items", "last", "more"]);
      assert.deepEqual(await database.rows("select waits from stock.last"), [{ waits: "1234ms" }]);
    });

    it("takes the time that its own bookkeeping needs, whatever the owner's statements may take", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items });
      await run(database, module);
      await database.rows(`alter role ${database.ownerRole} set statement_timeout = 100`);
      await database.rows(`
        create function public.slowly() returns trigger language plpgsql as 'begin perform pg_sleep(0.2); return new; end';
        create trigger slowly before insert on plimsoll.migrations for each row execute function public.slowly()`);
      module.write({ "0002_more.sql": "create table more ()" });
      assert.deepEqual((await run(database, module)).applied, ["stock/0002_more"]);
    });

    it("says what to do where the application's role is missing, or the owner may do too little", async () => {
      await using database = await scratch(server);
      using module = scratchModule({ "0001_items.sql": items });
      await refuses(run(database, module, { appRole: "no_such_role" }), "failed_precondition", 'role "no_such_role"', "create role");
      assert.deepEqual(await run(database, module), { applied: [], pending: [], ahead: [] }, "the role is granted on the next start");
      await database.as(undefined, "insert into stock.items values (1)");
      await using other = await scratch(server);
      await refuses(run(other, module, { adminUrl: other.url }), "failed_precondition", "grant create on database");
      await refuses(run(other, module, { adminUrl: other.url.replace(/:\d+\//, ":1/") }), "unavailable");
    });
  });
}

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, describe, it } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { testDatabase } from "plimsoll/testing";

const database = await testDatabase({ modules: [] });
after(() => database.drop());

describe("SQL of the owner", () => {
  it("runs again where PostgreSQL ended it to resolve a deadlock", async () => {
    await database.admin("create table one (n integer); create table two (n integer)");
    const app = new pg.Client({ connectionString: database.adminUrl });
    await app.connect();
    // The server ends the session that looks first: the owner, not this client.
    await app.query("set deadlock_timeout = '60s'; begin; lock table two");
    const cleared = database.admin("truncate one; truncate two; insert into two values (1)");
    const waits = "select from pg_locks where relation = 'two'::regclass and not granted";
    while ((await database.admin(waits)).length === 0);
    await app.query("lock table one; insert into two values (2); commit");
    await cleared;
    assert.deepEqual(await database.admin("select n from two"), [{ n: 1 }]);
    await app.end();
  });

  it("does not run again after anything else", async () => {
    await database.admin("create sequence attempts");
    await assert.rejects(database.admin("select 1 / (1 - nextval('attempts'))"), { code: "22012" });
    assert.deepEqual(await database.admin("select last_value::int as value from attempts"), [{ value: 1 }]);
  });
});

describe("the session of the owner", () => {
  const pidOf = async (text = "select pg_backend_pid() as pid") => (await database.admin<{ pid: number }>(text))[0]!.pid;

  it("is the same for statements that leave no trace in it, also after a fault", async () => {
    await database.admin("create table three (n integer)");
    const pid = await pidOf();
    await database.admin("insert into three values ($1)", [1]);
    await assert.rejects(database.admin("insert into three values (1 / 0)"), { code: "22012" });
    assert.equal(await pidOf(), pid);
  });

  it("is not the same at the same time", async () => {
    const pids = await Promise.all([pidOf("select pg_backend_pid() as pid from pg_sleep(0.1)"), pidOf(), pidOf()]);
    assert.equal(new Set(pids).size, 3);
  });

  const traces: readonly [string, string, string][] = [
    ["a setting", "set work_mem = '77MB'", "select from pg_settings where name = 'work_mem' and setting = '78848'"],
    ["a setting by a function", "select set_config('work_mem', '77MB', false)", "select where current_setting('work_mem') = '77MB'"],
    ["a temporary table", "create temporary table brief (n integer)", "select where to_regclass('brief') is not null"],
    ["a temporary table by select", "select 1 as n into temp brief", "select where to_regclass('brief') is not null"],
    ["a lock", "select pg_advisory_lock(5)", "select from pg_locks where locktype = 'advisory' and objid = 5"],
    ["an open transaction", "insert into three values (7); begin; delete from three", "select where not exists (select from three)"],
  ];
  for (const [what, text, seen] of traces)
    it(`does not keep ${what}`, async () => {
      await pidOf();
      await database.admin(text);
      assert.deepEqual(await database.admin(seen), []);
    });

  it("is replaced where the server ended it", async () => {
    const pid = await pidOf();
    const other = new pg.Client({ connectionString: database.adminUrl });
    await other.connect();
    await other.query("select pg_terminate_backend($1)", [pid]);
    assert.notEqual(await pidOf(), pid);
    await other.end();
  });

  it("does not keep a process alive", async () => {
    const program = `
      import { testDatabase } from "plimsoll/testing";
      const server = { name: "given", adminUrl: ${JSON.stringify(database.adminUrl)}, stop: async () => undefined };
      const { admin, adminUrl } = await testDatabase({ modules: [], server });
      await admin("select 1");
      console.log(new URL(adminUrl).pathname.slice(1));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { timeout: 60_000 });
    await database.admin(`drop database ${stdout.trim()} with (force)`);
  });

  it("begins with what the database was set to before", async () => {
    const name = new URL(database.adminUrl).pathname.slice(1);
    await pidOf();
    const beside = pidOf("select pg_backend_pid() as pid from pg_sleep(0.1)");
    await database.admin(`alter database ${name} set work_mem = '78MB'`);
    await beside;
    assert.deepEqual(await database.admin("select current_setting('work_mem') as value"), [{ value: "78MB" }]);
  });

  it("is not kept any more once the database was changed: a limit of its connections counts it", async () => {
    const name = new URL(database.adminUrl).pathname.slice(1);
    await database.admin(`alter database ${name} connection limit -1`);
    const pid = await pidOf();
    assert.notEqual(await pidOf(), pid);
  });
});

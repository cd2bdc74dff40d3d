import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
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

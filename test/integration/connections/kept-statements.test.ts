import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { Connection } from "../../../src/postgres/connection.ts";
import { isStalePlan } from "../../../src/postgres/faults.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";
import { transactionPooler } from "./transaction-pooler.ts";

/** Prepared under a name, as any statement with values. */
const all = { text: "select * from public.kept where id = $1", values: [1], columnsAsIs: true };

describe("a pooler that keeps prepared statements", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [] });
  });
  after(() => database.drop());
  beforeEach(() =>
    database.admin(
      "drop table if exists public.kept; create table public.kept (id int, a text, b int); insert into public.kept values (1, 'a', 2)",
    ),
  );
  async function through() {
    const pooler = await transactionPooler(database.adminUrl, { backends: 1, keepsStatements: true });
    const url = pooler.through(database.adminUrl);
    const connection = await Connection.open({ url, applicationName: "kept", connectTimeoutMs: 10_000, clock: systemClock });
    return { pooler, connection };
  }

  for (const [change, row] of [
    ["drop column a", { id: 1, b: 2 }],
    ["add column c bool default true", { id: 1, a: "a", b: 2, c: true }],
    ["alter column b type text", { id: 1, a: "a", b: "2" }],
    ["rename column a to d", { id: 1, d: "a", b: 2 }],
  ] as const)
    for (const how of ["alone", "in a transaction"] as const)
      it(`prepares them again under new columns, which are read as what they are: ${change}, ${how}`, async () => {
        const { pooler: between, connection } = await through();
        await using pooler = between;
        const rows = async () => {
          if (how === "alone") return (await connection.send(all)).rows;
          const read = connection.sendCommand("begin isolation level read committed").then(() => connection.joined(all));
          const { rows } = await read;
          await connection.sendCommand("commit");
          return rows;
        };
        assert.deepEqual(await rows(), [{ id: 1, a: "a", b: 2 }]);
        assert.deepEqual(await rows(), [{ id: 1, a: "a", b: 2 }]);
        await database.admin(`alter table public.kept ${change}`);
        await pooler.reconnect();
        assert.deepEqual(await rows(), [row]);
        assert.deepEqual(await rows(), [row]);
        await connection.close(true);
      });

  it("has a new one where the columns of an old one changed, although it knows them by their text", async () => {
    const { pooler: between, connection } = await through();
    await using pooler = between;
    assert.ok(pooler);
    await connection.send(all);
    await database.admin("alter table public.kept drop column a");
    await assert.rejects(connection.send(all), (error) => isStalePlan(error));
    for (let i = 0; i < 3; i++) assert.deepEqual((await connection.send(all)).rows, [{ id: 1, b: 2 }]);
    await connection.close(true);
  });
});

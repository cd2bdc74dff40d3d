import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { Connection } from "../../../src/postgres/connection.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";

describe("a connection whose prepared statements were deallocated", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [] });
  });
  after(() => database.drop());

  for (const how of ["alone", "in a flight"] as const)
    it(`prepares one again after it failed once, and is replaced: sent ${how}`, async () => {
      const connection = await Connection.open({
        ...{ url: database.adminUrl, applicationName: "lost", connectTimeoutMs: 10_000, clock: systemClock },
      });
      const statement = { text: `select $1::int as value, '${how}' as how`, values: [1], columnsAsIs: true };
      const send = async () => {
        if (how === "alone") return (await connection.send(statement)).rows;
        const [, sent] = await Promise.allSettled([connection.sendCommand("begin"), connection.joined(statement)]);
        await connection.sendCommand("rollback");
        if (sent.status === "rejected") throw sent.reason;
        return sent.value.rows;
      };
      const rows = [{ value: 1, how }];
      assert.deepEqual(await send(), rows);
      await connection.sendCommand("deallocate all");
      await assert.rejects(send(), { code: "26000" });
      assert.deepEqual(await send(), rows);
      assert.deepEqual(await send(), rows);
      assert.equal(connection.retired, true);
      await connection.close(true);
    });
});

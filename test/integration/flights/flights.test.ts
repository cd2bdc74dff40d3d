// Statements that share one sync end as those that have one each, but that the server does not run what follows an error.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { type TestDatabase, testDatabase } from "plimsoll/testing";
import { systemClock } from "../../../src/core/clock.ts";
import type { Statement } from "../../../src/operation/transaction.ts";
import { asCommand, Connection } from "../../../src/postgres/connection.ts";
import { testServers } from "../servers.ts";

const begin = asCommand("begin isolation level read committed");
const commit = asCommand("commit");
const insert = (value: unknown): Statement => ({ text: "insert into kept (value) values ($1)", values: [value], columnsAsIs: true });
const divide = (by: number): Statement => ({ text: "select 10 / $1::int as result", values: [by], columnsAsIs: true });

const writtenAt = { site: "here" };

interface End {
  readonly command?: string;
  readonly rows?: readonly object[];
  readonly code?: string;
}

const endOf = (settled: PromiseSettledResult<{ readonly command: string; readonly rows: readonly object[] }>): End =>
  settled.status === "fulfilled"
    ? { command: settled.value.command, rows: settled.value.rows }
    : { code: (settled.reason as { code?: string }).code ?? String(settled.reason) };

for (const server of await testServers())
  describe(`statements that share a sync, on ${server.name}`, () => {
    let database: TestDatabase;
    let connection: Connection;
    before(async () => {
      database = await testDatabase({ modules: [], server });
      await database.admin("create table kept (value int)");
      connection = await opened();
    });
    after(async () => {
      await connection?.close();
      await database?.drop();
      await server.stop();
    });

    const opened = (prepares = true) =>
      Connection.open({ url: database.adminUrl, applicationName: "flights", connectTimeoutMs: 5_000, clock: systemClock, prepares });
    const join = async (...statements: readonly Statement[]) =>
      (await Promise.allSettled(statements.map((statement) => connection.joined(statement)))).map(endOf);
    const apart = async (...statements: readonly Statement[]) =>
      (await Promise.allSettled(statements.map((statement) => connection.send(statement)))).map(endOf);
    const undo = () => connection.sendCommand("rollback");
    const kept = async () => (await database.admin("select value from kept order by value")).map(({ value }) => value);

    it("each gets its own response", async () => {
      const ends = await join(begin, divide(2), insert(1), { text: "", values: [] }, divide(5), commit);
      assert.deepEqual(
        ends.map(({ command }) => command),
        ["BEGIN", "SELECT", "INSERT", "", "SELECT", "COMMIT"],
      );
      assert.deepEqual([ends[1]?.rows, ends[4]?.rows], [[{ result: 5 }], [{ result: 2 }]]);
      assert.deepEqual(await kept(), [1]);
    });

    it("a commit behind one that fails does not happen, and the connection is as before once it is rolled back", async () => {
      const ends = await join(begin, insert(2), divide(0), insert(3), commit);
      assert.deepEqual(ends.slice(2), [{ code: "22012" }, { code: "25P02" }, { code: "25P02" }]);
      await undo();
      assert.deepEqual([await kept(), (await join(begin, divide(1), commit))[1]?.rows], [[1], [{ result: 10 }]]);
    });

    it("what was to be prepared behind an error is prepared the next time", async () => {
      const fresh: Statement = { text: "select $1::int + 1 as next", values: [1], columnsAsIs: true };
      assert.deepEqual((await join(begin, divide(0), fresh, fresh)).slice(2), [{ code: "25P02" }, { code: "25P02" }]);
      await undo();
      assert.deepEqual(
        (await join(begin, fresh, fresh, commit)).slice(1, 3).map(({ rows }) => rows),
        [[{ next: 2 }], [{ next: 2 }]],
      );
    });

    it("nothing follows a value that cannot be written, least of all a commit", async () => {
      const refused = await join(begin, insert(4), { ...insert(() => 5), writtenAt }, insert(6), commit);
      assert.deepEqual(
        refused.map(({ command }) => command),
        ["BEGIN", "INSERT", undefined, undefined, undefined],
      );
      await undo();
      assert.deepEqual(await kept(), [1]);
    });

    it("one that is sent alone goes behind those that were joined before it", async () => {
      const joined = join(begin, insert(7));
      const alone = connection.sendCommand("rollback");
      assert.deepEqual([(await joined)[1]?.command, (await alone).command, await kept()], ["INSERT", "ROLLBACK", [1]]);
    });

    it("all end with the error of a connection that is lost", async () => {
      const other = await opened();
      const ends = Promise.allSettled([begin, { text: "select pg_sleep(60)", values: [] }, commit].map((each) => other.joined(each)));
      const waiting = "select pid from pg_stat_activity where application_name = 'flights' and query like 'select pg_sleep%'";
      let pid: unknown;
      while (pid === undefined) pid = (await database.admin(waiting))[0]?.pid;
      await database.admin("select pg_terminate_backend($1)", [pid]);
      for (const end of (await ends).slice(1)) assert.equal(endOf(end as never).code, "57P01");
      assert.ok(other.broken);
      await assert.rejects(other.joined(begin));
    });

    it("ends as with a sync each, for whatever is sent", async () => {
      const statement = fc.oneof(
        fc.integer({ min: 0, max: 2 }).map(divide),
        fc.integer({ min: 10, max: 99 }).map(insert),
        fc.constantFrom("savepoint a", "release savepoint a", "select 1").map(asCommand),
        fc.array(fc.integer(), { maxLength: 3 }).map((list) => ({ text: "select $1::int[] as list", values: [list], writtenAt })),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(statement, { maxLength: 8 }), fc.boolean(), async (statements, prepares) => {
          const other = connection;
          if (!prepares) connection = await opened(false);
          const joined = await join(begin, ...statements);
          await undo();
          const single = await apart(begin, ...statements);
          await undo();
          if (!prepares) await connection.close();
          connection = other;
          assert.deepEqual(joined, single);
        }),
        { numRuns: 60 },
      );
    });
  });

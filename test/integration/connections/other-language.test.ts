import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { postgres } from "plimsoll/postgres";
import { type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { systemClock } from "../../../src/core/clock.ts";
import { Connection } from "../../../src/postgres/connection.ts";
import { endsSession } from "../../../src/postgres/faults.ts";
import { migrate } from "../../../src/postgres/migrate.ts";
import { cells, doWork, work } from "../../sql/cells/cells.ts";
import { scratch } from "../scratch.ts";
import { testServers } from "../servers.ts";
import { otherLanguage } from "./other-language.ts";

describe("whether an error ends its session", () => {
  for (const [severity, code, ends] of [
    ["ERROR", "23505", false],
    ["ERROR", "58030", false],
    ["FATAL", "40001", true],
    ["PANIC", "58030", true],
    ["FEHLER", "23505", false],
    ["FEHLER", "08P01", false],
    ["错误", "57014", false],
    ["错误", "40001", false],
    ["致命错误", "57P01", true],
    ["致命错误", "57P05", true],
    ["FATAL", "25P03", true],
    ["ВАЖНО", "25P04", true],
    ["ПАНИКА", "58030", true],
    ["ПАНИКА", "XX000", true],
    [undefined, "57P01", false],
  ] as const)
    it(`is ${ends} of ${severity} ${code}`, () => assert.equal(endsSession({ severity, code }), ends));
});

for (const server of await testServers())
  describe(`a server that reports in another language, ${server.name}`, () => {
    let database: TestDatabase;
    before(async () => {
      database = await testDatabase({ modules: [cells], server });
    });
    after(async () => {
      await database.drop();
      await server.stop();
    });

    it("has what follows an error in a transaction refused as that, and the connection go on", async () => {
      await using other = await otherLanguage(database.adminUrl);
      const connection = await Connection.open({
        ...{ url: other.through(database.adminUrl), applicationName: "other", connectTimeoutMs: 10_000, clock: systemClock },
      });
      const statement = (text: string) => ({ text, values: [], columnsAsIs: true });
      const codes = (settled: readonly PromiseSettledResult<unknown>[]) =>
        settled.map((one) => (one.status === "rejected" ? one.reason.code : "done"));
      await connection.sendCommand("begin");
      const joined = ["select 1", "select 1 / 0", "select 2", "commit"].map((text) => connection.joined(statement(text)));
      assert.deepEqual(codes(await Promise.allSettled(joined)), ["done", "22012", "25P02", "25P02"]);
      await connection.sendCommand("rollback");
      assert.equal(connection.broken, false);
      const { rows } = await connection.send(statement("select 3 as three"));
      assert.deepEqual(rows, [{ three: 3 }]);
      await connection.sendCommand("begin");
      const ends = ["select pg_terminate_backend(pg_backend_pid())", "commit"].map((text) => connection.joined(statement(text)));
      assert.equal(codes(await Promise.allSettled(ends))[0], "57P01");
      assert.equal(connection.broken, true);
    });

    for (const quotes of [
      ["»", "«"],
      ["« ", " »"],
      ["«\u00a0", "\u00a0»"],
      ["„", "“"],
      ["“", "”"],
    ] as const)
      it(`has a value that it refuses named by its field, where it quotes with ${quotes.join("…")}`, async () => {
        await using other = await otherLanguage(database.adminUrl, quotes);
        const app = await testApp({
          modules: [cells],
          database: postgres({ url: other.through(database.url) }),
          actor: testActor({ tenant: "acme" }),
        });
        const field = "no uuid";
        work.run = async (sql) => void (await sql`select ${"abc"}::text as one, ${field}::text::uuid as two`.one());
        const problem = { pointer: "/field", message: "The value does not have the form that this field needs." };
        await assert.rejects(app.call(doWork, { field }), { code: "invalid_argument", details: { problems: [problem] } });
        await app.stop();
      });

    it("says that a role may not connect, and not that its migrations are missing", async () => {
      await using made = await scratch(server);
      await using other = await otherLanguage(made.url);
      const status = () => migrate({ url: other.through(made.url), modules: [], clock: systemClock, mode: "status" });
      assert.ok((await status()).pending.length > 0);
      await made.rows(`revoke connect on database "${new URL(made.url).pathname.slice(1)}" from public`);
      await assert.rejects(status(), { code: "42501" });
    });
  });

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import pg from "pg";
import { module, query, type ReadScope } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestApp, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { transactionPooler } from "../connections/transaction-pooler.ts";
import { type Pair, startPair } from "./standby.ts";

const Found = z.object({ standby: z.boolean() });
const lookAt = (_: object, { sql }: ReadScope) => sql(Found)`select pg_is_in_recovery() as standby, ${1}::int as one`.one();
const look = query("notes.look", { access: "public", budget: "5s", input: z.object({}), output: Found, staleness: "5s", run: lookAt });
const notes = module("notes", { operations: [look] });

describe("a standby", () => {
  let pair: Pair;
  let standby: pg.Client;
  before(async () => {
    pair = await startPair();
    standby = new pg.Client({ connectionString: pair.standbyUrl });
    await standby.connect();
  });
  after(async () => {
    await standby?.end();
    await pair?.stop();
  });

  /** Until it has replayed what the primary has: each response is the signal for the next. */
  async function replayed(): Promise<void> {
    const primary = new pg.Client({ connectionString: pair.primaryUrl });
    await primary.connect();
    const position = (await primary.query("select pg_current_wal_flush_lsn() as at")).rows[0].at;
    await primary.end();
    for (;;) {
      const { rows } = await standby.query("select pg_last_wal_replay_lsn() >= $1::pg_lsn as done", [position]);
      if (rows[0].done) return;
    }
  }

  for (const isolation of ["serializable", "repeatable read"])
    it(`is read where the default isolation is ${isolation}`, async () => {
      const database = await testDatabase({
        modules: [notes],
        server: { name: "pair", adminUrl: pair.primaryUrl, stop: async () => undefined },
      });
      await database.admin(`alter database ${new URL(database.url).pathname.slice(1)} set default_transaction_isolation = '${isolation}'`);
      await replayed();
      const replica = new URL(database.url);
      replica.port = new URL(pair.standbyUrl).port;
      await using app = await testApp({
        modules: [notes],
        database: postgres({ url: database.url, adminUrl: database.adminUrl, replicas: [replica.href] }),
      });
      const until = performance.now() + 20_000;
      while (!(await app.call(look, {})).standby) assert.ok(performance.now() < until, "the standby was never read");
    });

  it("behind a pooler that loses prepared statements is not read, and the primary is", async () => {
    const database = await testDatabase({
      modules: [notes],
      server: { name: "pair", adminUrl: pair.primaryUrl, stop: async () => undefined },
    });
    await replayed();
    const direct = new URL(database.url);
    direct.port = new URL(pair.standbyUrl).port;
    await using pooler = await transactionPooler(direct.href, { backends: 2 });
    const start = (replica: string, spec: object = {}): Promise<TestApp> =>
      testApp({ modules: [notes], database: postgres({ url: database.url, adminUrl: database.adminUrl, replicas: [replica], ...spec }) });
    {
      await using app = await start(pooler.through(direct.href), { preparedStatements: false });
      while (!(await app.call(look, {})).standby);
    }
    await using app = await start(pooler.through(direct.href));
    const until = performance.now() + 3_000;
    const found: boolean[] = [];
    while (performance.now() < until) {
      const some = await Promise.all(Array.from({ length: 8 }, () => app.call(look, {})));
      found.push(...some.map(({ standby }) => standby));
    }
    assert.ok(!found.includes(true), "the standby was read");
  });
});

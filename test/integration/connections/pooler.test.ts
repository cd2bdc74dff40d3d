import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { module, task } from "plimsoll";
import { migrate, postgres } from "plimsoll/postgres";
import { type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { allDone } from "../../tasks/books/task-tables.ts";
import { bank } from "../bank/bank.ts";
import { probe, read, write } from "../bank/probe.ts";
import { transactionPooler } from "./transaction-pooler.ts";

const alice = testActor({ id: "alice", tenant: "acme" });
const modules = [bank, probe];

describe("a pooler that loses prepared statements", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules });
  });
  after(() => database.drop());
  const start = (url: string, spec: object = {}) =>
    testApp({ modules, actor: alice, roles: ["serve"], database: postgres({ url, directUrl: database.url, connections: 4, ...spec }) });

  for (const backends of [1, 2, 3]) {
    it(`is refused at the start, with what to do, where it has ${backends} connections of its own`, async () => {
      await using pooler = await transactionPooler(database.url, { backends });
      await assert.rejects(
        async () => {
          await using app = await start(pooler.through(database.url));
          assert.ok(app);
        },
        (error: { code?: unknown; type?: unknown; message?: unknown }) => {
          assert.deepEqual([error.code, error.type], ["failed_precondition", "pooler_loses_statements"]);
          assert.match(String(error.message), /max_prepared_statements.*preparedStatements: false/);
          return true;
        },
      );
    });
  }

  it("does where nothing is prepared", async () => {
    await using pooler = await transactionPooler(database.url, { backends: 2 });
    await using app = await start(pooler.through(database.url), { preparedStatements: false });
    const asked = Array.from({ length: 60 }, (_, i) =>
      i % 2 === 0
        ? app.call(read, { text: "select $1::int as value, current_setting('plimsoll.actor') as actor", values: [i] })
        : app.call(write, { texts: [`select ${i} as value, current_setting('plimsoll.actor') as actor`] }),
    );
    const settled = await Promise.allSettled(asked);
    assert.deepEqual(
      settled.map((outcome) => (outcome.status === "fulfilled" ? outcome.value.rows[0] : outcome.reason.message)),
      Array.from({ length: 60 }, (_, value) => ({ value, actor: "alice" })),
    );
  });

  it("is not suspected where there is none (as before)", async () => {
    await using app = await start(database.url);
    assert.equal((await app.call(read, { text: "select 1 as value" })).rows[0]?.value, 1);
  });
});

describe("migrations through a transaction pooler", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [] });
  });
  after(() => database.drop());
  const apply = (adminUrl: string, mode: "apply" | "dry-run", url = database.url) => migrate({ modules, url, adminUrl, mode });

  for (const mode of ["apply", "dry-run"] as const)
    it(`are refused before the first is begun, with what to do: ${mode}`, async () => {
      await using pooler = await transactionPooler(database.adminUrl, { backends: 2 });
      await assert.rejects(apply(pooler.through(database.adminUrl), mode), { type: "pooler_keeps_no_session", message: /adminUrl/ });
      assert.deepEqual(await database.admin("select name from plimsoll.migrations where module = 'bank'"), []);
    });

  it("run where a pooler keeps a connection for each session (as before)", async (t) => {
    const own = await testDatabase({ modules: [] });
    t.after(() => own.drop());
    await using pooler = await transactionPooler(own.adminUrl, { backends: 20, keepsSessions: true });
    assert.notDeepEqual((await apply(pooler.through(own.adminUrl), "apply", own.url)).applied, []);
  });
});

describe("a worker whose notifications would have to come through a transaction pooler", () => {
  const work = task("pooled.work", { input: z.strictObject({}), budget: "1s", run: async () => undefined });
  const pooled = [module("pooled", { operations: [work] })];
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: pooled });
  });
  after(() => database.drop());
  const start = (spec: { readonly url: string; readonly directUrl?: string }, roles: readonly ("serve" | "worker")[] = ["worker"]) =>
    testApp({ modules: pooled, roles, database: postgres({ ...spec, preparedStatements: false, connections: 2 }) });
  const isRefused = (spec: { readonly url: string; readonly directUrl?: string }) =>
    assert.rejects(
      async () => {
        await using app = await start(spec);
        assert.ok(app);
      },
      (error: { code?: unknown; type?: unknown; message?: unknown }) => {
        assert.deepEqual([error.code, error.type], ["failed_precondition", "pooler_keeps_no_session"]);
        assert.match(String(error.message), /directUrl/);
        return true;
      },
    );
  const listening =
    "select count(*)::int as n from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())";

  for (const backends of [1, 2, 7])
    it(`is refused at the start, with what to do, where that has ${backends} connections of its own`, async () => {
      await using pooler = await transactionPooler(database.url, { backends });
      await isRefused({ url: pooler.through(database.url) });
      assert.deepEqual(await database.admin(listening), [{ n: 0 }], "nothing is left of it on a connection that others get");
    });

  it("is refused where directUrl leads through it too", async () => {
    await using pooler = await transactionPooler(database.url, { backends: 2 });
    await isRefused({ url: database.url, directUrl: pooler.through(database.url) });
  });

  it("starts where directUrl leads past it (as before)", async () => {
    await using pooler = await transactionPooler(database.url, { backends: 2 });
    await using app = await start({ url: pooler.through(database.url), directUrl: database.url });
    await app.app.tasks.start(work, {});
    await allDone(database);
  });

  it("starts behind a pooler that keeps a connection for each session (as before)", async () => {
    await using pooler = await transactionPooler(database.url, { backends: 40, keepsSessions: true });
    await using app = await start({ url: pooler.through(database.url) });
    await app.app.tasks.start(work, {});
    await allDone(database);
  });

  it("is no matter of a process that runs no tasks (as before)", async () => {
    await using pooler = await transactionPooler(database.url, { backends: 2 });
    await using app = await start({ url: pooler.through(database.url) }, ["serve"]);
    await app.app.tasks.start(work, {});
  });
});

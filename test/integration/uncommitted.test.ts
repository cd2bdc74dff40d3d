import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command, fault, module, query, type Sql, signedIn } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { fail } from "../../src/core/fault.ts";
import { bank } from "./bank/bank.ts";
import { probe, writeOnce } from "./bank/probe.ts";
import { testServers } from "./servers.ts";

const alice = testActor({ id: "alice", tenant: "acme" });
const quick = { input: z.object({}), output: z.object({}), access: signedIn(), budget: "2s" } as const;

for (const server of await testServers()) {
  describe(`what cannot be committed, on ${server.name}`, () => {
    let database: TestDatabase;
    const Broken = fault("broken", { code: "failed_precondition", message: "It is broken. Fix it." });
    const insert = (sql: Sql, id: string) => sql`insert into bank.kept (id) values (${id})`.run();
    const kept = async () => (await database.admin("select id from bank.kept order by id")).map(({ id }) => id);

    const breaks = command("t.breaks", {
      ...{ ...quick, idempotent: "no", faults: [Broken] },
      async run(_, { sql }) {
        await insert(sql, "inner");
        return fail(Broken, {});
      },
    });
    const swallows = command("t.swallows", {
      ...{ ...quick, idempotent: "key", faults: [Broken] },
      async run(_, { sql, call }) {
        await insert(sql, "outer");
        await call(breaks, {}).catch(() => undefined);
        return {};
      },
    });
    const floats = command("t.floats", {
      ...{ ...quick, idempotent: "key" },
      async run(_, { sql }) {
        void insert(sql, "floating").catch(() => undefined);
        return {};
      },
    });
    const floatsWithoutKey = command("t.floats-without-key", {
      ...{ ...quick, idempotent: "no" },
      async run(_, { sql }) {
        void insert(sql, "floating").catch(() => undefined);
        return {};
      },
    });
    const overruns = (idempotent: "key" | "no") =>
      command(`t.overruns-${idempotent}`, {
        ...{ ...quick, budget: { deadline: "2s", queries: 1 }, idempotent },
        async run(_, { sql }) {
          await insert(sql, "first");
          await insert(sql, "second").catch(() => undefined);
          return {};
        },
      });
    const [overrunsWithKey, overrunsWithout] = [overruns("key"), overruns("no")] as const;
    const nothing = query("t.nothing", { ...{ ...quick }, run: async () => ({}) });
    const callsOnce = command("t.calls-once", {
      ...{ ...quick, budget: { deadline: "2s", calls: 1 }, idempotent: "no" },
      async run(_, { sql, call }) {
        await insert(sql, "caller");
        await call(nothing, {});
        await call(nothing, {}).catch(() => undefined);
        return {};
      },
    });
    const late: { run?: () => Promise<unknown> } = {};
    const leaks = command("t.leaks", {
      ...{ ...quick, idempotent: "key" },
      async run(_, { sql }) {
        late.run = () => insert(sql, "late");
        return {};
      },
    });
    const defers = command("t.defers", {
      ...{ ...quick, idempotent: "key" },
      async run(_, { sql }) {
        await sql`insert into bank.deferred (id, parent) values ('child', 'stranger')`.run();
        return {};
      },
    });

    before(async () => {
      database = await testDatabase({ modules: [bank, probe], server });
      await database.admin(`
        create table bank.kept (id text primary key);
        create table bank.deferred (id text primary key, parent text references bank.kept (id) deferrable initially deferred);
        grant all on bank.kept, bank.deferred to public`);
    });
    after(async () => {
      await database.drop();
      await server.stop();
    });
    const operations = [breaks, swallows, floats, floatsWithoutKey, leaks, defers, overrunsWithKey, overrunsWithout, nothing, callsOnce];
    const start = () =>
      testApp({
        modules: [bank, probe, module("t", { operations })],
        actor: alice,
        database: postgres({ url: database.url, connections: 2 }),
      });

    it("is what a called command did before it failed, also where the caller catches its fault", async () => {
      await using app = await start();
      await assert.rejects(app.call(swallows, {}, { key: "swallows" }), { type: "broken" });
      assert.deepEqual(await kept(), []);
    });

    it("is a handler whose statements still run when it returns", async () => {
      await using app = await start();
      for (const operation of [floats, floatsWithoutKey]) {
        const executed = app.executed(operation);
        await assert.rejects(app.call(operation, {}), { code: "internal" });
        assert.equal((await executed).fault?.type, "floating_statements");
      }
      assert.deepEqual(await kept(), []);
    });

    it("is what broke its budget, also where the handler catches that", async () => {
      await using app = await start();
      for (const [operation, type] of [
        [overrunsWithKey, "query_budget_exceeded"],
        [overrunsWithout, "query_budget_exceeded"],
        [callsOnce, "call_budget_exceeded"],
      ] as const) {
        const executed = app.executed(operation);
        await assert.rejects(app.call(operation, {}), { code: "internal" });
        assert.equal((await executed).fault?.type, type);
      }
      assert.deepEqual(await kept(), []);
    });

    it("is a statement that comes after the end", async () => {
      await using app = await start();
      await app.call(leaks, {}, { key: "leaks" });
      await assert.rejects(late.run?.() ?? Promise.resolve(), { type: "transaction_ended" });
      assert.deepEqual(await kept(), []);
    });

    it("is what a constraint refuses at the commit: it is reported as any other, and nothing is kept under the key", async () => {
      await using app = await start();
      await assert.rejects(app.call(defers, {}, { key: "defers" }), { code: "failed_precondition", type: "foreign_key_violation" });
      await database.admin("insert into bank.kept values ('stranger')");
      await app.call(defers, {}, { key: "defers" });
      await database.admin("delete from bank.deferred; delete from bank.kept");
    });

    it("is distinguished from what may have been committed, without a key too", async () => {
      await using app = await start();
      await assert.rejects(app.call(writeOnce, { texts: ["insert into bank.kept values (null)"] }), { code: "internal" });
      await assert.rejects(app.call(writeOnce, { texts: ["insert into bank.deferred values ('x', 'stranger')"] }), {
        type: "foreign_key_violation",
      });
    });
  });
}

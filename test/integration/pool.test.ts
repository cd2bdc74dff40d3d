import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { command, module, signedIn } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestAppSpec, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import type { PostgresSpec } from "../../src/postgres/database.ts";
import { bank } from "./bank/bank.ts";
import { connectionGauges } from "./bank/gauges.ts";
import { probe, read, write } from "./bank/probe.ts";
import { seen, session } from "./scratch.ts";
import { testServers } from "./servers.ts";

const alice = testActor({ id: "alice", tenant: "acme" });
const modules = [bank, probe];

for (const server of await testServers()) {
  describe(`connections to PostgreSQL, on ${server.name}`, () => {
    let database: TestDatabase;
    before(async () => {
      database = await testDatabase({ modules, server });
    });
    after(async () => {
      await database.drop();
      await server.stop();
    });

    const start = (postgresSpec: Partial<PostgresSpec> = {}, spec: Partial<TestAppSpec> = {}): Promise<TestApp> =>
      testApp({ modules, actor: alice, database: postgres({ url: database.url, ...postgresSpec }), ...spec });
    const wait = (lock: number) => ({ text: `select pg_advisory_xact_lock(${lock})` });
    /** Connections of the app as the server counts them, once there are as many as said. */
    const served = (count: number) =>
      seen(
        database.adminUrl,
        "select 1 from pg_stat_activity where datname = current_database() and application_name = 'plimsoll-app' having count(*) = $1",
        [count],
      );
    const free = (app: TestApp) => {
      const { open, idle, waiting } = connectionGauges(app.app);
      return { leaked: open - idle, waiting };
    };

    it("are bounded, with a bounded queue that says so when it is full, and a deadline for who waits in it", async () => {
      await using app = await start({ connections: 1, queue: 1 });
      const blocker = await database.hold(101);
      const first = app.call(read, wait(101));
      await database.waitForWaiter(101);
      const second = app.call(read, { text: "select 1" }, { remainingMs: 1_000 });
      second.catch(() => undefined);
      assert.equal(connectionGauges(app.app).waiting, 1);
      await assert.rejects(app.call(read, { text: "select 1" }), {
        code: "unavailable",
        type: "overloaded",
        details: { limit: "database connection queue", value: 1, load: 1 },
      });
      await assert.rejects(second, { code: "deadline_exceeded" });
      // Its execution and its wait have a timer each, and the wait may end last.
      while (free(app).waiting > 0) await setImmediate();
      app.app.loadLines.setMode("database connection queue", "measure", "a test");
      const more = [1, 2].map(() => app.call(read, { text: "select 1" }));
      await blocker.release();
      await Promise.all([first, ...more]);
      await app.call(read, { text: "select 1" });
      assert.deepEqual(free(app), { leaked: 0, waiting: 0 });
      const [queue, connections] = ["database connection queue", "database connections"].map((name) => {
        const line = app.app.loadLines.find(name);
        return line && app.app.loadLines.read(line);
      });
      assert.deepEqual([queue?.refused, queue?.wouldRefuse, queue?.now, queue?.highWater], [{ full: 1 }, { full: 1 }, 0, 2]);
      assert.deepEqual([connections?.declared, connections?.now, connections?.highWater, connections?.refused], [1, 0, 1, { late: 1 }]);
    });

    it("never cancel the next user's statement", async () => {
      await using app = await start({ connections: 2 });
      await app.call(read, { text: "select 1" });
      const outcomes = { cut: 0, done: 0 };
      const impatient = async () => {
        for (let i = 0; i < 60; i++) {
          await app.call(read, { text: "select pg_sleep(0.004)" }, { remainingMs: 2 + (i % 5) }).then(
            () => outcomes.done++,
            (error) => {
              assert.equal(error.code, "deadline_exceeded", error.message);
              outcomes.cut++;
            },
          );
        }
      };
      let running = true;
      let normal = 0;
      const patient = async () => {
        // Rejects with whatever reached it that was not meant for it.
        for (; running; normal++) await app.call(read, { text: "select pg_sleep(0.001)" });
      };
      const patients = Promise.all([patient(), patient()]);
      await Promise.all([impatient(), impatient(), impatient()]);
      running = false;
      await patients;
      assert.ok(outcomes.cut > 20 && normal > 20, `too little happened: ${JSON.stringify({ ...outcomes, normal })}`);
      // Those still in quarantine come back; none is lost, and the server has no more than two.
      while (free(app).leaked > 0) await app.call(read, { text: "select 1" });
      assert.ok(connectionGauges(app.app).open <= 2);
      await served(connectionGauges(app.app).open);
    });

    it("answer 503 where the server has none left, and are opened again once it has", async () => {
      await using app = await start({ connections: 4 });
      const limit = (count: number) =>
        database.admin(`alter database ${new URL(database.url).pathname.slice(1)} connection limit ${count}`);
      try {
        await limit(0);
        await database.admin(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'plimsoll-app' and datname = current_database()",
        );
        while (connectionGauges(app.app).open > 0) await database.admin("select 1");
        await assert.rejects(app.call(read, { text: "select 1" }), { code: "unavailable", type: "database_full" });
        await limit(1);
        while (
          await app.call(read, { text: "select 1" }).then(
            () => false,
            () => true,
          )
        )
          await database.admin("select 1");
        // The one connection is shared by all.
        await Promise.all(Array.from({ length: 8 }, () => app.call(read, { text: "select 1" })));
        assert.equal(connectionGauges(app.app).open, 1);
        // While it is held, no other caller comes to ask: a caller that waits already is served all the same.
        const blocker = await database.hold(102);
        const held = app.call(read, wait(102));
        await database.waitForWaiter(102);
        const waiting = app.call(read, { text: "select 2 as two" });
        await limit(-1);
        assert.deepEqual(await waiting, { rows: [{ two: 2 }] });
        await blocker.release();
        await held;
      } finally {
        await limit(-1);
      }
    });

    it("are replaced and closed where the server takes no writes any more, as when the primary moved", async () => {
      await using app = await start({ connections: 3 });
      await database.admin("create table if not exists bank.notes (id text primary key); grant all on bank.notes to public");
      const name = new URL(database.url).pathname.slice(1);
      const end =
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'plimsoll-app' and datname = current_database()";
      const insert = { texts: ["insert into bank.notes values ('read-only')"] };
      await using owner = await session(database.adminUrl);
      await owner.query(`alter database ${name} set default_transaction_read_only = on`);
      try {
        await owner.query(end);
        while (connectionGauges(app.app).open > 0) await owner.query("select 1");
        const failing = { code: "unavailable", type: "database_read_only", retryAfterMs: 1_000 };
        // Each with a key of its own: the closed session may hold the last one a moment longer.
        for (let i = 0; i < 5; i++) await assert.rejects(app.call(write, insert, { key: `read-only-${i}` }), failing);
        // Also where only the record is written: its failure is known, so nothing is unknown.
        for (let i = 0; i < 5; i++) await assert.rejects(app.call(write, { texts: ["select 1"] }, { key: `only-record-${i}` }), failing);
        await served(0);
        assert.deepEqual(free(app), { leaked: 0, waiting: 0 });
      } finally {
        await owner.query(`alter database ${name} reset default_transaction_read_only`);
      }
      await app.call(write, insert, { key: "read-only-0" });
      await app.call(write, { texts: ["select 1"] }, { key: "only-record-0" });
      assert.equal((await database.admin("select from bank.notes")).length, 1);
    });

    it("let a transaction go that the server ended for standing idle", async () => {
      const { promise: goOn, resolve } = Promise.withResolvers<void>();
      // Only the first: no machine is always fast enough for 20 ms.
      let stands = true;
      const idle = command("t.idle", {
        ...{ input: z.object({}), output: z.object({}), access: signedIn(), idempotent: "key", budget: "5s" },
        async run(_, { sql }) {
          if (stands) await sql`set local idle_in_transaction_session_timeout = '20ms'`.run();
          await goOn;
          await sql`select 1`.run();
          return {};
        },
      });
      const all = [...modules, module("t", { operations: [idle] })];
      await using app = await start({ connections: 1 }, { modules: all });
      const call = app.call(idle, {}, { key: "idle" });
      call.catch(() => undefined);
      await served(0);
      resolve();
      await assert.rejects(call, { code: "unavailable" });
      stands = false;
      await app.call(idle, {}, { key: "idle" });
      assert.deepEqual(free(app), { leaked: 0, waiting: 0 });
    });
  });
}

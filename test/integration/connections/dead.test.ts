import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestAppSpec, TestClock, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { runtimeOf } from "../../../src/app/app.ts";
import { bank } from "../bank/bank.ts";
import { connectionGauges } from "../bank/gauges.ts";
import { probe, read, writeOnce } from "../bank/probe.ts";
import { session } from "../scratch.ts";
import { silentProxy } from "./silent-proxy.ts";

const alice = testActor({ id: "alice", tenant: "acme" });
const modules = [bank, probe];

describe("connections that lead nowhere", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules });
    await database.admin("create table bank.notes (id text); grant all on bank.notes to public");
  });
  after(() => database.drop());

  const start = (url: string, spec: Partial<TestAppSpec> = {}) =>
    testApp({ modules, actor: alice, database: postgres({ url, connections: 4 }), roles: ["serve"], ...spec });
  const pidOf = async (app: TestApp, after = "") =>
    (await app.call(read, { text: `select pg_backend_pid() as pid${after}` })).rows[0]?.pid as number;
  /** Opens all four, and leaves them unused. */
  const warm = async (app: TestApp) => {
    const lock = await database.hold(77);
    const waiting = Promise.all([1, 2, 3, 4].map(() => pidOf(app, ", pg_advisory_xact_lock_shared(77)::text")));
    const count = "select count(*)::int as waiters from pg_locks where locktype = 'advisory' and objid = 77 and not granted";
    while ((await database.admin<{ waiters: number }>(count))[0]?.waiters !== 4);
    await lock.release();
    const pids = await waiting;
    assert.equal(new Set(pids).size, 4);
    return pids;
  };
  const open = async (app: TestApp, count: number) => {
    // The end of a connection takes its way over the socket; each round trip to the server gives it a turn.
    for (let i = 0; i < 500 && connectionGauges(app.app).open > count; i++) await database.admin("select 1");
    return connectionGauges(app.app).open;
  };
  /** Lets time pass, in steps in which what is asked of the server meanwhile is answered. */
  const pass = async (clock: TestClock, ms: number, between: () => unknown = () => undefined) => {
    for (let passed = 0; passed < ms; passed += 20_000) {
      clock.advance(20_000);
      await database.admin("select 1");
      await between();
    }
  };
  /** What the passing time started on its own account has given its connection back: beside it the next caller would open another one. */
  const allIdle = async (app: TestApp) => {
    for (let looks = 0; looks < 2; ) {
      await database.admin("select 1");
      const { open: all, idle } = connectionGauges(app.app);
      looks = idle === all ? looks + 1 : 0;
    }
  };
  /** Asks one after the other; returns the codes of what failed. */
  const ask = async (times: number, call: (nth: number) => Promise<unknown>) => {
    const failures: string[] = [];
    for (let i = 0; i < times; i++)
      await call(i).then(
        () => undefined,
        (error) => failures.push(`${error.code} ${error.type}`),
      );
    return failures;
  };

  it("cost the first caller that gets one its deadline, and no other", async () => {
    await using network = await silentProxy(database.url);
    await using app = await start(network.through(database.url));
    await warm(app);
    network.forget();
    const failures = await ask(8, () => app.call(read, { text: "select 1" }, { remainingMs: 5_000 }));
    assert.deepEqual(failures, ["deadline_exceeded deadline_exceeded"]);
  });

  it("cost commands no more", async () => {
    await using network = await silentProxy(database.url);
    await using app = await start(network.through(database.url));
    await warm(app);
    network.forget();
    const failures = await ask(8, () => app.call(writeOnce, { texts: ["select 1"] }, { remainingMs: 5_000 }));
    assert.deepEqual(failures, ["deadline_exceeded deadline_exceeded"]);
  });

  it("cost no caller anything where the readiness of the app found the first", async () => {
    await using network = await silentProxy(database.url);
    await using app = await start(network.through(database.url));
    await warm(app);
    network.forget();
    await assert.rejects(runtimeOf(app.app).database?.ping() ?? assert.fail(), { code: "unavailable" });
    assert.deepEqual(await ask(4, () => app.call(read, { text: "select 1" }, { remainingMs: 5_000 })), []);
  });

  it("are not taken for a statement that is only slow: the others go on being used (as before)", async () => {
    await using app = await start(database.url);
    const pids = await warm(app);
    await assert.rejects(app.call(read, { text: "select pg_sleep(5)" }, { remainingMs: 100 }), { code: "deadline_exceeded" });
    for (let i = 0; i < 8; i++) assert.ok(pids.includes(await pidOf(app)));
  });

  it("are closed before a firewall forgets them", async () => {
    const clock = new TestClock();
    await using app = await start(database.url, { clock });
    await warm(app);
    await pass(clock, 240_000, () => allIdle(app));
    // What looks after expired records uses one from time to time.
    assert.ok((await open(app, 1)) <= 1);
    await pidOf(app);
  });

  it("are not those that are used (as before)", async () => {
    const clock = new TestClock();
    await using app = await start(database.url, { clock });
    const first = await pidOf(app);
    for (let i = 0; i < 10; i++) {
      await pass(clock, 40_000, () => allIdle(app));
      assert.equal(await pidOf(app), first);
    }
  });

  it("are replaced by new ones after half an hour, however much they are used", async () => {
    const clock = new TestClock();
    await using app = await start(database.url, { clock });
    const pids = new Set<number>();
    for (let i = 0; i < 60; i++) {
      pids.add(await pidOf(app));
      await pass(clock, 60_000, () => allIdle(app));
    }
    assert.ok(pids.size >= 2 && pids.size <= 4, `${pids.size} connections in an hour`);
  });

  it("take as long as the application says", async () => {
    const clock = new TestClock();
    await using app = await start(database.url, {
      clock,
      database: postgres({ url: database.url, connections: 4, lifetime: "1m", idle: "10s" } as never),
    });
    const first = await pidOf(app);
    clock.advance(10_000);
    assert.equal(await open(app, 0), 0);
    assert.notEqual(await pidOf(app), first);
  });

  it("are found by the kernel, which asks after ten seconds of silence", {
    skip: process.platform === "linux" ? false : "reads /proc",
  }, async () => {
    await using app = await start(database.url);
    await pidOf(app);
    const port = (await app.call(read, { text: "select inet_client_port() as port" })).rows[0]?.port as number;
    const address = (at: number) => `0100007F:${at.toString(16).toUpperCase().padStart(4, "0")}`;
    // One local port can carry connections to several others: with that of the server it is one connection.
    const ends = [address(port), address(Number(new URL(database.url).port))];
    const row = readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .find(([, from, to, state]) => from === ends[0] && to === ends[1] && state === "01");
    const [kind = "", when = ""] = row?.[5]?.split(":") ?? [];
    assert.equal(kind, "02", "a keep-alive timer runs");
    assert.ok(Number.parseInt(when, 16) <= 1_100, `in ${Number.parseInt(when, 16) / 100} s`);
  });

  describe("because the server there takes no writes any more", () => {
    const role = () => new URL(database.url).username;
    const write = (app: TestApp) => app.call(writeOnce, { texts: ["insert into bank.notes values ('a')"] });
    /** Opens all connections while new sessions of this database take no writes: as those that a failover left with the old primary. */
    const poisoned = async (app: TestApp, clock: TestClock) => {
      const name = new URL(database.url).pathname.slice(1);
      await using owner = await session(database.adminUrl);
      await owner.query(`alter role ${role()} in database ${name} set default_transaction_read_only = on`);
      try {
        await runtimeOf(app.app).database?.ping();
        await owner.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'plimsoll-app' and datname = '${name}'`,
        );
        assert.equal(await open(app, 0), 0);
        await warm(app);
      } finally {
        await owner.query(`alter role ${role()} in database ${name} reset default_transaction_read_only`);
      }
      clock.advance(2_000);
    };

    it("cost one write a refusal, and then lead to the new primary", async () => {
      const clock = new TestClock();
      await using app = await start(database.url, { clock });
      await poisoned(app, clock);
      assert.deepEqual(await ask(8, () => write(app)), ["unavailable database_read_only"]);
    });

    it("are none where a query writes: that is a bug of it, and closes nothing", async () => {
      await using app = await start(database.url);
      const pids = await warm(app);
      const executed = app.executed(read);
      await app.call(read, { text: "insert into bank.notes values ('b') returning id" }).catch(() => undefined);
      assert.equal((await executed).outcome, "internal");
      const after = await warm(app);
      assert.deepEqual(after.toSorted(), pids.toSorted());
    });
  });
});

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { z } from "zod";
import { systemClock } from "../../src/core/clock.ts";
import { LoadLines } from "../../src/core/load-line/load-lines.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { type Schedule, schedule } from "../../src/operation/durable/schedule.ts";
import type { OccurrenceStarts } from "../../src/operation/durable/start.ts";
import { task } from "../../src/operation/durable/task.ts";
import { PostgresDatabase } from "../../src/postgres/database.ts";
import { PostgresScheduleStore } from "../../src/postgres/schedules/store.ts";
import { Scheduler } from "../../src/schedules/scheduler.ts";
import { scheduleSignals } from "../../src/schedules/signals.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { type TestDatabase, type TestServer, testDatabase } from "../../src/testing/database.ts";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { emptyPart, stored } from "../tasks/books/task-tables.ts";
import { session } from "./scratch.ts";
import { longTestServers } from "./servers.ts";

const report = task("orders.report", { input: z.object({ occurrence: z.string() }), budget: "1m", run: async () => undefined });
const everyMinute = schedule("orders.minutely", {
  ...{ cron: "* * * * *", task: report, missed: "all" },
  input: (occurrence) => ({ occurrence: occurrence.toISOString() }),
});

const minuteMs = 60_000;
const readMs = 15_000;

/** What an occurrence starts, with nothing in the way of a second one: no key. */
const startOccurrence: OccurrenceStarts["prepare"] = (_work, { input }) => {
  const id = systemClock.uuid();
  const text =
    "select id, state from plimsoll.start_task($1, 'orders.report', 'default', '', 0::smallint, false, $2, null, null, null, null, null, null)";
  return { id, toWake: new Set(), statement: { text, values: [id, JSON.stringify(input)] } };
};

/** A process of the fleet: a pool and a scheduler of its own. Its clock stands still; what passes is durable time. */
class Process implements AsyncDisposable {
  readonly signals = scheduleSignals();
  readonly clock = new TestClock();
  readonly store: PostgresScheduleStore;
  readonly scheduler: Scheduler;
  readonly fired: string[] = [];
  readonly errors: unknown[] = [];
  readonly #database: PostgresDatabase;

  constructor(url: string, schedules: readonly Schedule[], prepare = startOccurrence) {
    const context = {
      modules: [],
      metrics: new Metrics(),
      loadLines: new LoadLines(systemClock),
      clock: systemClock,
      serviceName: "schedules",
    };
    this.#database = new PostgresDatabase({ connections: 2 }, context, async () => ({ url, adminUrl: undefined }));
    this.store = new PostgresScheduleStore(this.#database);
    const { store, clock, signals } = this;
    const starts = { prepare, committed: () => undefined };
    this.scheduler = new Scheduler({ ...{ schedules, store, clock, signals }, startsOf: () => starts });
    signals.fired.on(({ occurrence }) => this.fired.push(new Date(occurrence).toISOString()));
    signals.failed.on(({ error }) => this.errors.push(error));
  }

  static async start(database: TestDatabase, schedules: readonly Schedule[], prepare?: OccurrenceStarts["prepare"]): Promise<Process> {
    const made = new Process(database.url, schedules, prepare);
    await made.#database.start();
    await made.scheduler.start();
    return made;
  }

  /** Reads what time it is, and fires what is due. */
  readonly look = async (): Promise<void> => {
    this.clock.advance(readMs);
    await this.scheduler.fireDue();
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scheduler.stop();
    await this.#database.stop();
  }
}

/** A database whose minute has just begun: no test lasts long enough to see the next one begin by itself. */
async function databaseFor(server: TestServer): Promise<TestDatabase & { moveTime(ms: number): Promise<void> }> {
  const database = await testDatabase({ modules: [], server });
  const [row] = await database.admin<{ rest: string }>("select 60000 - plimsoll.now_ms() % 60000 as rest");
  const moveTime = async (ms: number) => {
    await database.admin("select plimsoll.set_clock_offset($1)", [`${Number(row!.rest) + ms} milliseconds`]);
  };
  await moveTime(0);
  return { ...database, moveTime };
}

async function flightsOf(proxy: FaultProxy, work: () => Promise<void>): Promise<number> {
  const before = proxy.flights;
  await work();
  return proxy.flights - before;
}

/** The occurrences whose tasks are in the table, in order, each as often as it is there. */
async function startedOccurrences(database: TestDatabase): Promise<string[]> {
  const rows = await database.admin<{ occurrence: string }>(
    "select input::json ->> 'occurrence' as occurrence from plimsoll.tasks order by 1",
  );
  return rows.map(({ occurrence }) => occurrence);
}

async function lastOccurrence(database: TestDatabase): Promise<number> {
  const rows = await stored<{ last_occurrence: string }>(database, "schedules", { columns: ["last_occurrence"] });
  return Number(rows[0]?.last_occurrence);
}

function minutes(after: number, count: number): string[] {
  const first = Math.floor(after / minuteMs) + 1;
  return Array.from({ length: count }, (_, index) => new Date((first + index) * minuteMs).toISOString());
}

// On one server; on all: SERVERS=all npm test -- test/integration/schedules.test.ts
for (const server of await longTestServers()) {
  describe(`schedules, on ${server.name}`, () => {
    after(() => server.stop());

    it("fire each occurrence exactly once, with ten schedulers on one database", async () => {
      await using database = await databaseFor(server);
      await using stack = new AsyncDisposableStack();
      const processes: Process[] = [];
      for (let i = 0; i < 10; i++) processes.push(stack.use(await Process.start(database, [everyMinute])));
      const began = await lastOccurrence(database);
      const jumps = [1, 2, 3, 10, 11, 12, 40];
      for (const jump of jumps) {
        await database.moveTime(jump * minuteMs);
        await Promise.all(processes.map((process) => process.look()));
        // Those that were too late for this one look again, and find it done.
        for (const { clock } of processes) clock.advance(500);
        await Promise.all(processes.map((process) => process.scheduler.fireDue()));
      }
      const started = await startedOccurrences(database);
      assert.deepEqual(started, minutes(began, 40));
      assert.deepEqual(processes.flatMap(({ fired }) => fired).sort(), started, "and each was signalled once");
      assert.deepEqual(
        processes.flatMap(({ errors }) => errors),
        [],
      );
    });

    it("fire no occurrence twice, and none before its time, when the database's clock jumps back and forth", async () => {
      await using database = await databaseFor(server);
      await using process = await Process.start(database, [everyMinute]);
      const began = await lastOccurrence(database);
      for (const jump of [60, 0, 30, -600, 59]) {
        await database.moveTime(jump * minuteMs);
        await process.look();
      }
      assert.deepEqual(await startedOccurrences(database), minutes(began, 60));
      await database.moveTime(62 * minuteMs);
      await process.look();
      assert.deepEqual(await startedOccurrences(database), minutes(began, 62));
      const [declared] = await stored<{ last_occurrence: string; rule: string }>(database, "schedules", {
        columns: ["last_occurrence", "rule"],
      });
      const at = Number(declared!.last_occurrence);
      const early = await process.store.fire({
        name: everyMinute.name,
        rule: declared!.rule,
        from: at,
        to: at + 60 * minuteMs,
        statements: [],
      });
      assert.deepEqual([early.state, early.lastOccurrence], ["early", at]);
    });

    it("keep the occurrence and its task together: where one cannot be written neither is, and it is tried again", async () => {
      await using database = await databaseFor(server);
      let broken = true;
      await using process = await Process.start(database, [everyMinute], (...start) =>
        broken ? { ...startOccurrence(...start), statement: { text: "select 1 / $1::int", values: [0] } } : startOccurrence(...start),
      );
      const began = await lastOccurrence(database);
      await database.moveTime(minuteMs);
      await process.look();
      assert.deepEqual([process.errors.length, await startedOccurrences(database), await lastOccurrence(database)], [1, [], began]);
      broken = false;
      await process.look();
      assert.deepEqual(await startedOccurrences(database), [], "what was wrong with it may still be: not before a minute has passed");
      for (let i = 0; i < 4; i++) await process.look();
      assert.deepEqual(await startedOccurrences(database), minutes(began, 1));
    });

    it("take two flights for an occurrence and its task, in one transaction", async () => {
      await using database = await databaseFor(server);
      const { hostname, port } = new URL(database.url);
      await using proxy = new FaultProxy({ host: hostname, port: Number(port) });
      await proxy.start();
      await using process = await Process.start({ ...database, url: proxy.through(database.url) }, [everyMinute]);
      // What a connection asks only once comes with the first.
      await database.moveTime(minuteMs);
      await process.look();
      await database.moveTime(2 * minuteMs);
      await process.look();
      // Reading what time it is was one flight.
      const idle = await flightsOf(proxy, process.look);
      await database.moveTime(3 * minuteMs);
      const firing = await flightsOf(proxy, process.look);
      assert.deepEqual([idle, firing, process.fired.length], [1, 3, 3]);
      const rows = await database.admin<{ together: boolean }>(
        "select s.xmin = t.xmin as together from plimsoll.task_schedules s, plimsoll.tasks t order by t.id desc limit 1",
      );
      assert.deepEqual(rows, [{ together: true }]);
    });

    it("wait for no other: a schedule that another process holds is left to it, and taken once it is gone", async () => {
      await using database = await databaseFor(server);
      await using process = await Process.start(database, [everyMinute]);
      const holder = await session(database.adminUrl, "begin", "select from plimsoll.task_schedules for update");
      await database.moveTime(minuteMs);
      await process.look();
      assert.deepEqual([process.fired, process.errors], [[], []]);
      assert.equal(process.scheduler.nextDueMs, 500);
      await holder.end();
      process.clock.advance(500);
      await process.scheduler.fireDue();
      assert.equal(process.fired.length, 1);
    });

    it("pause and go on in the whole fleet, and miss nothing from before a new rule", async () => {
      await using database = await databaseFor(server);
      await using process = await Process.start(database, [everyMinute]);
      await using other = await Process.start(database, [everyMinute]);
      await other.scheduler.pause(everyMinute.name);
      await database.moveTime(10 * minuteMs);
      await process.scheduler.fireDue();
      await process.look();
      assert.equal(process.scheduler.list()[0]?.state, "paused");
      await other.scheduler.resume(everyMinute.name);
      await process.look();
      assert.deepEqual(process.fired, []);
      await database.moveTime(11 * minuteMs);
      await process.look();
      assert.equal(process.fired.length, 1);
      const changed = schedule(everyMinute.name, { cron: "*/1 * * * *", task: report, input: { occurrence: "" }, missed: "all" });
      await database.moveTime(20 * minuteMs);
      await using newer = await Process.start(database, [changed]);
      await Promise.all([newer.look(), process.look()]);
      assert.deepEqual([newer.fired, process.fired.length, process.scheduler.list()[0]?.state], [[], 1, "replaced"]);
      await assert.rejects(process.scheduler.pause("orders.unknown"), { type: "schedule_unknown" });
    });

    const cuts = [
      { containing: "fire_schedule", effect: "cut-before" },
      { containing: "fire_schedule", effect: "cut-after" },
      { containing: "commit", effect: "cut-before" },
      { containing: "commit", effect: "cut-after" },
      { containing: "commit", effect: "swallow" },
    ] as const;
    for (const { containing, effect } of cuts)
      it(`fire once where the connection is lost: ${containing}, ${effect}`, async () => {
        await using database = await databaseFor(server);
        const { hostname, port } = new URL(database.url);
        await using proxy = new FaultProxy({ host: hostname, port: Number(port) });
        await proxy.start();
        await using process = await Process.start({ ...database, url: proxy.through(database.url) }, [everyMinute]);
        const began = await lastOccurrence(database);
        await database.moveTime(minuteMs);
        proxy.next({ containing, effect });
        await assert.rejects(process.look(), { code: "unavailable" });
        await using other = await Process.start(database, [everyMinute]);
        for (let i = 0; i < 3; i++) for (const { look } of [process, other]) await look();
        // What a connection holds whose process is silent is released after two seconds.
        while ((await startedOccurrences(database)).length === 0) await other.look();
        assert.deepEqual(await startedOccurrences(database), minutes(began, 1));
      });

    it("tell the process that fires them why it may not", async () => {
      await using database = await databaseFor(server);
      await using process = await Process.start(database, [everyMinute]);
      const { name } = everyMinute;
      const [declared] = await stored<{ last_occurrence: string; rule: string }>(database, "schedules", {
        columns: ["last_occurrence", "rule"],
      });
      const from = Number(declared!.last_occurrence);
      const firing = { name, rule: declared!.rule, from, to: from + 1, statements: [] };
      const stateOf = async (changed: Partial<typeof firing>) => (await process.store.fire({ ...firing, ...changed })).state;
      assert.equal(await stateOf({ name: "orders.unknown" }), "unknown");
      assert.equal(await stateOf({ rule: "another" }), "changed");
      assert.equal(await stateOf({ from: from - 1 }), "moved");
      assert.equal(await stateOf({ to: from + 60 * minuteMs }), "early");
      await process.store.pause(name, true);
      assert.equal(await stateOf({}), "paused");
      await process.store.pause(name, false);
      const reading = await process.store.read([name]);
      const resumed = reading.schedules[0]!.lastOccurrence;
      assert.ok(resumed >= from && reading.now >= resumed);
      while ((await process.store.read([name])).now <= resumed + 1);
      assert.equal(await stateOf({ from: resumed, to: resumed + 1 }), "fired");
      assert.equal(await stateOf({ from: resumed, to: resumed + 1 }), "moved");
    });

    it("forget what no process has declared for longer than a year, and declare again what was removed", async () => {
      await using database = await databaseFor(server);
      const insert = (name: string, days: number) =>
        database.admin(
          "insert into plimsoll.task_schedules (name, rule, last_occurrence, seen) select $1, '', 0, plimsoll.now_ms() - $2 * 86400000::bigint",
          [name, days],
        );
      await insert("orders.forgotten", 401);
      await insert("orders.yearly", 399);
      await using process = await Process.start(database, [everyMinute]);
      const names = async () =>
        (await database.admin<{ name: string }>("select name from plimsoll.task_schedules order by 1")).map(({ name }) => name);
      assert.deepEqual(await names(), ["orders.minutely", "orders.yearly"]);
      await emptyPart(database, "schedules");
      await process.look();
      assert.deepEqual(await names(), ["orders.minutely"]);
    });

    it("are reached by the application through functions only", async () => {
      await using database = await databaseFor(server);
      await using client = await session(database.url);
      await assert.rejects(client.query("update plimsoll.task_schedules set last_occurrence = 0"), { code: "42501" });
    });
  });
}

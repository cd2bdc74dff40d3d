import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import type { Fault } from "../../src/core/fault.ts";
import { postgres } from "../../src/postgres/database.ts";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { bodies, booksApp, booksDatabase, gate, idle, post, shown, single } from "./books/books.ts";
import { allDone, countStored, emptyTasks, moveTasks, stored, untilCount, untilStored } from "./books/task-tables.ts";

describe("an operator of tasks", () => {
  let database: TestDatabase;
  let starter: TestApp;
  const workers: TestApp[] = [];
  before(async () => {
    database = await booksDatabase();
    starter = await booksApp(database, idle);
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    bodies.clear();
    await emptyTasks(database);
  });
  after(async () => {
    await starter.stop();
    await database.drop();
  });
  const work = async (queues: Record<string, object> = {}, from = database) => {
    const worker = await booksApp(from, { roles: ["worker"], tasks: { queues } });
    workers.push(worker);
    return worker;
  };
  const tasks = () => starter.app.tasks;
  const rows = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `${i}` }));

  describe("cancels", () => {
    it("what waits, and what is for later", async () => {
      const waits = await tasks().start(post, { name: "a" });
      const later = await tasks().start(post, { name: "b" }, { delay: "1h", key: "k" });
      assert.deepEqual([await tasks().cancel(waits.id), await tasks().cancel(later.id)], ["cancelled", "cancelled"]);
      assert.deepEqual([await tasks().state(waits.id), await tasks().state(later.id)], ["unknown", "unknown"]);
      assert.equal(await tasks().cancel(waits.id), "unknown");
      await work();
      await allDone(database);
    });

    it("what is moved to another partition meanwhile", async () => {
      const { id } = await tasks().start(post, { name: "a" });
      await using moving = await moveTasks(database);
      const state = tasks().cancel(id);
      await shown(database, "select from pg_locks where locktype = 'transactionid' and not granted");
      await moving.query("commit");
      assert.equal(await state, "cancelled");
    });

    it("what runs in another process: its signal aborts, and it is a dead letter", async () => {
      const begun = gate();
      let reason: Fault | undefined;
      bodies.set("books.post", async (_input, { signal }) => {
        begun.open();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reason = signal.reason as Fault;
      });
      await work();
      const { id } = await tasks().start(post, { name: "a" });
      await begun.opened;
      assert.equal(await tasks().cancel(id), "running");
      await untilStored(database, "deadLetters", { id, code: "task_cancelled" });
      assert.equal(reason?.type, "task_cancelled");
    });

    it("what a process holds and has not begun", async () => {
      const free = gate();
      const begun = gate();
      const ran: string[] = [];
      bodies.set("books.single", ({ name }) => {
        ran.push(name);
        begun.open();
        return free.opened;
      });
      await work({ single: { concurrency: 1 } });
      await tasks().start(single, { name: "first" });
      await begun.opened;
      const { id } = await tasks().start(single, { name: "second" });
      await untilCount(database, "tasks", { count: 2, leased: true });
      assert.equal(await tasks().cancel(id), "running");
      // What is notified after it, the worker hears after it.
      const heard = gate();
      bodies.set("books.post", heard.open);
      await tasks().start(post, { name: "after" });
      await heard.opened;
      await tasks().start(single, { name: "third" });
      free.open();
      await allDone(database);
      assert.deepEqual(ran, ["first", "third"]);
      await untilStored(database, "deadLetters", { id, code: "task_cancelled" });
    });
  });

  describe("pauses a queue", () => {
    it("for the whole fleet, and resumes it", async () => {
      const ran: string[] = [];
      bodies.set("books.post", ({ name }) => void ran.push(name));
      await Promise.all([work(), work()]);
      await tasks().pause("default");
      await tasks().start(post, { name: "waits" });
      await tasks().start(single, { name: "of another queue" });
      await untilCount(database, "tasks", { count: 0, queue: "single" });
      assert.deepEqual([ran, await tasks().stats(["default"])].flat().length, 1);
      const [stats] = await tasks().stats(["default"]);
      assert.deepEqual([stats?.paused, stats?.waiting], [true, 1]);
      await tasks().resume("default");
      await allDone(database);
      assert.deepEqual(ran, ["waits"]);
    });

    it("and what is held and not begun waits as well; what runs goes on", async () => {
      const free = gate();
      const begun = gate();
      const ran: string[] = [];
      bodies.set("books.single", ({ name }) => {
        ran.push(name);
        begun.open();
        return free.opened;
      });
      const worker = await work({ single: { concurrency: 1 } });
      await tasks().startMany(single, rows(2));
      await begun.opened;
      await untilCount(database, "tasks", { count: 2, leased: true });
      await tasks().pause("single");
      await untilCount(database, "tasks", { count: 1, leased: true });
      const ended = worker.app.tasks.signals.ended.next();
      free.open();
      await ended;
      await untilCount(database, "tasks", { count: 1 });
      assert.equal(ran.length, 1);
      const [{ attempt }] = (await stored<{ attempt: number }>(database, "tasks", { columns: ["attempt"] })) as [{ attempt: number }];
      assert.equal(attempt, 0, "what was released does not count");
      await tasks().resume("single");
      await allDone(database);
      assert.equal(ran.length, 2);
    });
  });

  describe("drains a queue", () => {
    const cases = [
      { what: "at once where nothing runs", runs: 0, within: "5s", drained: true },
      { what: "once what runs has ended", runs: 1, within: "5s", drained: true },
      { what: "in vain where that takes too long", runs: 1, within: "100ms", drained: false },
    ] as const;
    for (const { what, runs, within, drained } of cases)
      it(`${what}, and begins nothing more of it`, async () => {
        const free = gate();
        const begun = gate();
        const ran: string[] = [];
        bodies.set("books.single", ({ name }) => {
          ran.push(name);
          begun.open();
          return free.opened;
        });
        await work({ single: { concurrency: 1 } });
        if (runs > 0) {
          await tasks().start(single, { name: "runs" });
          await begun.opened;
        }
        const draining = tasks().drain("single", { within });
        await untilStored(database, "queues", { queue: "single", paused: true });
        await tasks().start(single, { name: "waits" });
        if (drained) free.open();
        assert.equal(await draining, drained);
        free.open();
        assert.deepEqual(ran, runs > 0 ? ["runs"] : []);
        await tasks().resume("single");
        await allDone(database);
        assert.equal(ran.at(-1), "waits");
      });
  });

  describe("stops a process", () => {
    it("which releases at once what it has not begun, and finishes what it has", async () => {
      const free = gate();
      const begun = gate();
      const ran: string[] = [];
      bodies.set("books.single", ({ name }) => {
        ran.push(name);
        begun.open();
        return ran.length === 1 ? free.opened : undefined;
      });
      const leaving = await work({ single: { concurrency: 1 } });
      await tasks().startMany(single, rows(2));
      await begun.opened;
      await untilCount(database, "tasks", { count: 2, leased: true });
      const stopped = leaving.stop();
      await untilStored(database, "tasks", { leased: false, attempt: 0 });
      await work();
      await untilCount(database, "tasks", { count: 1 });
      assert.equal(new Set(ran).size, 2);
      free.open();
      await stopped;
      assert.equal(await countStored(database, "tasks"), 0);
      assert.equal(await countStored(database, "workers"), 1, "it has left");
    });

    it("and what ends too late for it runs again at another, at once and without counting", async () => {
      const begun = gate();
      const attempts: number[] = [];
      bodies.set("books.post", async (_input, { attempt, signal }) => {
        attempts.push(attempt);
        begun.open();
        if (attempts.length === 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      });
      const leaving = await booksApp(database, { roles: ["worker"], shutdown: "50ms" });
      await tasks().start(post, { name: "a" });
      await begun.opened;
      await work();
      await leaving.stop();
      await allDone(database);
      assert.deepEqual(attempts, [1, 1]);
    });
  });

  describe("cuts the connection that listens", () => {
    it("and the regular look finds what is started; later it is notified again", async () => {
      const address = new URL(database.url);
      await using proxy = new FaultProxy({ host: address.hostname, port: Number(address.port || 5432) });
      await proxy.start();
      const proxied = { ...database, ...postgres({ url: database.url, directUrl: proxy.through(database.url) } as never) } as TestDatabase;
      const worker = await work({}, proxied);
      const lag = async () => {
        const began = worker.app.tasks.signals.began.next();
        await tasks().start(post, { name: "a" });
        return (await began).lagMs;
      };
      const listening = "select from pg_stat_activity where application_name = 'plimsoll-tasks' and datname = current_database()";
      await shown(database, listening);
      await lag();
      proxy.down();
      await shown(database, `select where not exists (${listening})`);
      const failing = worker.app.tasks.signals.failing.next();
      assert.ok((await lag()) <= 1_500 + 500, "no notification, and the next look comes");
      await failing;
      proxy.up();
      await shown(database, listening);
      const lags = [await lag(), await lag(), await lag()];
      assert.ok(Math.min(...lags) < 500, `${lags}`);
    });
  });
});

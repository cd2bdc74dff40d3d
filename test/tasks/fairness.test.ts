import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { runtimeOf } from "../../src/app/app.ts";
import { sleep, systemClock } from "../../src/core/clock.ts";
import {
  beside,
  bodies,
  booksApp,
  booksDatabase,
  capped,
  gate,
  idle,
  moveTime,
  narrow,
  post,
  rated,
  shown,
  single,
  wide,
} from "./books/books.ts";
import { allDone, countStored, emptyTasks, firstStored, untilCount, untilStored } from "./books/task-tables.ts";

describe("tasks of a queue", () => {
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
    await moveTime(database, "0");
    await emptyTasks(database);
  });
  after(async () => {
    await starter.stop();
    await database.drop();
  });
  const work = async (queues: Record<string, object> = {}) => {
    const worker = await booksApp(database, { roles: ["worker"], tasks: { queues } });
    workers.push(worker);
    return worker;
  };
  /** Notes who ran in which order. */
  const order = (name: string) => {
    const ran: string[] = [];
    bodies.set(name, (input) => void ran.push(input.key ?? input.name));
    return ran;
  };
  const many = (n: number, key: string) => Array.from({ length: n }, (_, i) => ({ name: `${i}`, key }));

  describe("come by priority", () => {
    it("within a key, and by age within a priority", async () => {
      const ran: string[] = [];
      bodies.set("books.single", ({ name }) => void ran.push(name));
      for (const priority of [0, 5, 0, 9, 5]) await starter.app.tasks.start(single, { name: `${priority}` }, { priority });
      await work({ single: { concurrency: 1 } });
      await allDone(database);
      assert.deepEqual(ran, ["9", "5", "5", "0", "0"]);
    });

    it("but no key starves: each step is worth a minute", async () => {
      const ran: string[] = [];
      bodies.set("books.post", ({ name }) => void ran.push(name));
      await starter.app.tasks.start(post, { name: "old" });
      await moveTime(database, "150 seconds");
      await starter.app.tasks.start(post, { name: "two" }, { priority: 2 });
      await starter.app.tasks.start(post, { name: "three" }, { priority: 3 });
      await starter.app.tasks.start(post, { name: "none" });
      await work({ default: { concurrency: 1 } });
      await allDone(database);
      assert.deepEqual(ran, ["three", "old", "two", "none"]);
    });

    it("after a retry too", async () => {
      const ran: string[] = [];
      const failed = new Set<string>();
      bodies.set("books.wide", ({ name }) => {
        if (name === "high" && !failed.has(name)) {
          failed.add(name);
          throw new RangeError("once");
        }
        ran.push(name);
      });
      await starter.app.tasks.start(wide, { name: "high" }, { priority: 9 });
      // Asked before it fails: a second later it is begun again.
      const waited = untilStored(database, "later", { priority: 9 });
      const worker = await work();
      await waited;
      await allDone(database);
      assert.deepEqual(ran, ["high"]);
      assert.ok(worker);
    });
  });

  describe("are served key by key", () => {
    for (const concurrency of [1, 2, 10, 100])
      it(`with ${concurrency} at once: the one of another key waits for no long key`, async () => {
        const ran = order("books.single");
        await starter.app.tasks.startMany(single, many(1_000, "a"));
        await starter.app.tasks.startMany(single, many(1, "b"));
        await work({ single: { concurrency } });
        await allDone(database);
        assert.equal(ran.length, 1_001);
        assert.ok(ran.indexOf("b") < concurrency * 2 + 2, `it was number ${ran.indexOf("b")}`);
      });

    for (const concurrency of [1, 4])
      it(`with ${concurrency} at once, also one that comes while a long key is served`, async () => {
        const ran: string[] = [];
        const begun = gate();
        const added = gate();
        const other = gate();
        bodies.set("books.single", async ({ key = "" }) => {
          ran.push(key);
          if (key === "b") other.open();
          if (ran.length === 20) begun.open();
          if (ran.length >= 20) await added.opened;
        });
        await starter.app.tasks.startMany(single, many(400, "a"));
        await work({ single: { concurrency } });
        await begun.opened;
        await starter.app.tasks.startMany(single, many(1, "b"));
        const rankOf = async (fairnessKey: string) =>
          (await firstStored<{ rank: string }>(database, "tasks", { columns: ["rank"], fairnessKey })).rank;
        const ranks = [await rankOf("a"), await rankOf("b")];
        const since = systemClock.monotonic();
        added.open();
        await other.opened;
        const ms = systemClock.monotonic() - since;
        await allDone(database);
        const waited = ran.indexOf("b") - 20;
        // What is held already, and one claim.
        assert.ok(waited <= concurrency * 4 + 110, `${waited} of the other came before it, in ${ms} ms; their ranks are ${ranks}`);
      });

    it("one after the other, each as often", async () => {
      const ran = order("books.single");
      for (const key of ["a", "b", "c"]) await starter.app.tasks.startMany(single, many(30, key));
      await work({ single: { concurrency: 1 } });
      await allDone(database);
      for (let n = 6; n < 90; n += 3) {
        const each = Object.groupBy(ran.slice(0, n), (key) => key);
        const counts = ["a", "b", "c"].map((key) => each[key]?.length ?? 0);
        assert.ok(Math.max(...counts) - Math.min(...counts) <= 6, `after ${n}: ${counts}`);
      }
    });

    it("whatever their names and however many there are", async () => {
      const ran = order("books.single");
      const keys = ["é", "E", "a", "B", "_", "", "💥", "\ufb01", ...Array.from({ length: 200 }, (_, i) => `${i}`)];
      for (const key of keys) await starter.app.tasks.startMany(single, many(3, key));
      await work({ single: { concurrency: 8 } });
      await allDone(database);
      assert.equal(ran.length, keys.length * 3);
      const late = keys.filter((key) => keys.some((other) => ran.indexOf(key) > ran.lastIndexOf(other)));
      assert.deepEqual(late, [], "each key was served once before another was served for the third time");
    });

    it("past keys whose tasks have no slot", async () => {
      const free = gate();
      const ran: string[] = [];
      bodies.set("books.narrow", () => free.opened);
      bodies.set("books.wide", ({ name }) => void ran.push(name));
      for (let key = 0; key < 80; key++) await starter.app.tasks.startMany(narrow, [{ name: "n" }, { name: "n" }], { tenant: `t${key}` });
      const worker = await work();
      const began = worker.app.tasks.signals.ended.next(({ task }) => task === "books.wide");
      await worker.app.tasks.start(wide, { name: "w" }, { tenant: "z" });
      await began;
      assert.deepEqual(ran, ["w"]);
      free.open();
      await allDone(database);
    });
  });

  it("wait for no others that take long, while a slot is free", async () => {
    const free = gate();
    let done = 0;
    bodies.set("books.single", async ({ key }) => {
      if (key === "long") return free.opened;
      await sleep(systemClock, 100);
      done++;
    });
    const worker = await work({ single: { concurrency: 40 } });
    await starter.app.tasks.startMany(single, many(30, "long"));
    await untilCount(database, "tasks", { count: 30, leased: true });
    const since = runtimeOf(worker.app).clock.monotonic();
    await starter.app.tasks.startMany(single, many(100, "short"));
    await untilCount(database, "tasks", { count: 30 });
    const ms = runtimeOf(worker.app).clock.monotonic() - since;
    free.open();
    await allDone(database);
    assert.equal(done, 100);
    assert.ok(ms < 8_000, `they took ${ms} ms, of which ten at a time had to run for 1,000, and one at a time for 10,000`);
  });

  describe("with a limit per key", () => {
    /** How many of each key run at once at the most. */
    const meter = (...tasks: string[]) => {
      const running = new Map<string, number>();
      const most = new Map<string, number>();
      for (const name of tasks)
        bodies.set(name, async ({ key = "" }) => {
          running.set(key, (running.get(key) ?? 0) + 1);
          most.set(key, Math.max(most.get(key) ?? 0, running.get(key)!));
          await new Promise((resolve) => setImmediate(resolve));
          running.set(key, running.get(key)! - 1);
        });
      return most;
    };

    it("run no more at once in two processes", async () => {
      const most = meter("books.capped");
      await starter.app.tasks.startMany(capped, [...many(20, "a"), ...many(20, "b")]);
      await Promise.all([work(), work()]);
      await allDone(database);
      assert.deepEqual([...most.values()], [2, 2]);
    });

    it("share it with all tasks of their queue", async () => {
      const most = meter("books.capped", "books.beside");
      for (let i = 0; i < 10; i++) {
        await starter.app.tasks.startMany(beside, many(1, "a"));
        await starter.app.tasks.startMany(capped, many(1, "a"));
      }
      await Promise.all([work(), work()]);
      await allDone(database);
      assert.deepEqual([...most.values()], [2]);
    });

    it("hold no key up behind any number of full keys", async () => {
      const free = gate();
      let begun = 0;
      bodies.set("books.capped", ({ key }) => {
        begun++;
        return key === "z" ? undefined : free.opened;
      });
      const keys = Array.from({ length: 70 }, (_, i) => `a${i}`);
      for (const key of keys) await starter.app.tasks.startMany(capped, many(3, key));
      const worker = await work({ capped: { concurrency: 400 } });
      await shown(database, "select from plimsoll.tasks having count(lease) >= 140");
      const ended = worker.app.tasks.signals.ended.next();
      await starter.app.tasks.startMany(capped, many(1, "z"));
      await ended;
      assert.equal(begun, 141);
      free.open();
      await allDone(database);
    });
  });

  describe("with a rate", () => {
    const queues = { rated: { rate: { perSecond: 20, burst: 5 }, concurrency: 50 } };

    it("are begun no faster by two processes than by one, by the clock of the database", async () => {
      await database.admin("create table if not exists books.begun (at timestamptz); grant all on books.begun to public");
      await database.admin("truncate books.begun");
      await starter.app.tasks.startMany(rated, many(40, "a"));
      await database.admin(
        `create or replace function books.note() returns trigger language plpgsql security definer as $$
         begin if new.lease is not null and old.lease is null then insert into books.begun values (plimsoll.now()); end if; return new; end $$`,
      );
      await database.admin("create trigger notes before update on plimsoll.tasks for each row execute function books.note()");
      try {
        await Promise.all([work(queues), work(queues)]);
        await allDone(database);
        const rows = await database.admin<{ ms: number }>(
          "select (extract(epoch from at) * 1000)::float8 as ms from books.begun order by at",
        );
        assert.equal(rows.length, 40);
        for (const [from, { ms: start }] of rows.entries())
          for (const [to, { ms: end }] of rows.entries()) {
            const n = to - from + 1;
            assert.ok(n <= 5 + ((end - start) * 20) / 1_000 + 1e-3, `${n} were begun within ${end - start} ms`);
          }
        const took = rows.at(-1)!.ms - rows[0]!.ms;
        assert.ok(took < 10_000, `it is a rate, and no stop: it took ${took} ms`);
      } finally {
        // One after the other: in one transaction they would hold the tasks and wait for the rows of a claim that waits for the tasks.
        await database.admin("drop trigger notes on plimsoll.tasks");
        await database.admin("drop function books.note(); drop table books.begun");
      }
    });

    it("come key by key as well", async () => {
      const ran = order("books.rated");
      await starter.app.tasks.startMany(rated, many(30, "a"));
      await starter.app.tasks.startMany(rated, many(2, "b"));
      await work({ rated: { rate: { perSecond: 20, burst: 1 } } });
      await shown(database, "select from (select) x where not exists (select from plimsoll.tasks where fairness_key = 'b')");
      assert.ok(ran.lastIndexOf("b") <= 6, ran.join(""));
    });

    it("never count time twice, whichever process is asked first", async () => {
      const [worker] = await database.admin<{ token: string }>("select plimsoll.join_workers('w', 60000) as token");
      await starter.app.tasks.startMany(rated, many(5, "a"));
      await database.admin(
        "insert into plimsoll.task_queues (queue, tokens, refilled_at) values ('rated', 1, plimsoll.now() + interval '10 s')",
      );
      await database.admin(`select from plimsoll.claim_tasks(${worker?.token}, 'rated', 10, null, 0, '{}', null, 1, 5)`);
      const [row] = await database.admin<{ back: boolean }>(
        "select refilled_at < plimsoll.now() + interval '1 s' as back from plimsoll.task_queues",
      );
      assert.deepEqual([await countStored(database, "tasks", { leased: true }), row?.back], [1, false]);
    });
  });
});

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { type TestApp, type TestDatabase, testActor } from "plimsoll/testing";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import { bodies, booksApp, booksDatabase, count, hourly, idle, moveTime, names, once, order, post, shown, single } from "./books/books.ts";
import { allDone, countStored, emptyTasks, stored, triggerOn, untilCount, untilStored } from "./books/task-tables.ts";

const actor = testActor({ tenant: "acme" });
const fault = (type: string) => (error: unknown) => error instanceof Fault && error.type === type;

describe("a start", () => {
  let database: TestDatabase;
  let app: TestApp;
  let worker: TestApp | undefined;
  before(async () => {
    database = await booksDatabase();
    app = await booksApp(database, { actor, ...idle });
  });
  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
    bodies.clear();
    await moveTime(database, "0");
    await Promise.all([emptyTasks(database), database.admin("delete from books.entries")]);
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });
  const work = async () => {
    worker = await booksApp(database, { roles: ["worker"] });
    return worker;
  };

  describe("in a command", () => {
    it("commits with it", async () => {
      const { id, started } = await app.call(order, { name: "a" });
      const tasks = await stored(database, "tasks", { columns: ["id", "name", "fairness_key", "input"] });
      assert.deepEqual(tasks, [{ id, name: "books.post", fairness_key: "acme", input: '{"name":"a"}' }]);
      assert.ok(started);
    });

    it("is undone with it, keyed, delayed or neither", async () => {
      for (const options of [{}, { key: "k" }, { delayMs: 60_000 }, { key: "k", delayMs: 60_000 }])
        await assert.rejects(app.call(order, { name: "a", fails: true, ...options }));
      for (const table of ["tasks", "task_later", "task_keys"]) assert.equal(await count(database, `plimsoll.${table}`), 0, table);
      assert.deepEqual(await names(database), []);
      assert.ok((await app.call(order, { name: "a", key: "k" })).started, "the key was not used up");
    });

    it("is not repeated when the command is replayed", async () => {
      const first = await app.call(order, { name: "a" }, { key: "same" });
      assert.deepEqual(await app.call(order, { name: "a" }, { key: "same" }), first);
      assert.equal(await countStored(database, "tasks"), 1);
    });

    it("wakes the worker of another process at once", async () => {
      const { app: other } = await work();
      const began = other.tasks.signals.began.next();
      await app.call(order, { name: "a" });
      assert.equal((await began).task, "books.post");
    });
  });

  describe("with a key", () => {
    const start = (key: string, name = "a", tenant = "acme") => app.app.tasks.start(hourly, { name }, { key, tenant });

    it("starts one task, and knows it the next time", async () => {
      const first = await start("k");
      assert.deepEqual([first.started, await start("k")], [true, { id: first.id, started: false }]);
      assert.equal(await countStored(database, "tasks"), 1);
    });

    it("belongs to the tenant and to the task", async () => {
      const starts = [
        await start("k"),
        await start("k", "a", "other"),
        await app.app.tasks.start(once, { name: "a" }, { key: "k", tenant: "acme" }),
      ];
      assert.deepEqual(
        starts.map(({ started }) => started),
        [true, true, true],
      );
    });

    it("is refused with another input, outside and in a command", async () => {
      await start("k");
      await assert.rejects(start("k", "b"), fault("task_key_mismatch"));
      await app.call(order, { name: "a", key: "k" });
      await assert.rejects(app.call(order, { name: "b", key: "k" }), /another input/);
      assert.deepEqual(await names(database), ["a"]);
    });

    it("takes the same input in another order of fields for the same", async () => {
      const { id } = await app.app.tasks.start(hourly, { name: "a", key: "l" }, { key: "k" });
      assert.deepEqual(await app.app.tasks.start(hourly, { key: "l", name: "a" }, { key: "k" }), { id, started: false });
    });

    it("starts one task for many who start at the same time, in two processes", async () => {
      await using other = await booksApp(database, { actor, ...idle });
      const starts = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? app : other).app.tasks.start(hourly, { name: "a" }, { key: "k" })),
      );
      assert.equal(starts.filter(({ started }) => started).length, 1);
      assert.equal(new Set(starts.map(({ id }) => id)).size, 1);
      assert.equal(await countStored(database, "tasks"), 1);
    });

    for (const fails of [false, true])
      it(`that a command took waits for its ${fails ? "rollback, and starts the task then" : "commit, and knows its task then"}`, async () => {
        const held = await database.hold(7);
        const waits = await triggerOn(database, "keys", { when: "after insert", does: "perform pg_advisory_xact_lock(7); return new;" });
        try {
          const inside = app.call(order, { name: "a", key: "k", fails }).catch(() => undefined);
          await database.waitForWaiter(7);
          const outside = app.app.tasks.start(post, { name: "a" }, { key: "k", tenant: "acme" });
          await shown(database, "select from pg_locks where locktype = 'transactionid' and not granted");
          await held.release();
          const { id, started } = await outside;
          assert.deepEqual([(await inside)?.id, started], fails ? [undefined, true] : [id, false]);
          assert.equal(await countStored(database, "tasks"), 1);
        } finally {
          await waits[Symbol.asyncDispose]();
        }
      });

    it("of what is unique while active is free again once the task is done", async () => {
      const first = await app.app.tasks.start(once, { name: "a" }, { key: "k" });
      assert.equal((await app.app.tasks.start(once, { name: "a" }, { key: "k" })).started, false);
      await work();
      await allDone(database);
      const second = await app.app.tasks.start(once, { name: "b" }, { key: "k" });
      assert.ok(second.started);
      assert.notEqual(second.id, first.id);
    });

    it("of what is unique while active is free again once the task is a dead letter, or cancelled", async () => {
      bodies.set("books.once", () => Promise.reject(new Fault({ code: "not_found", type: "gone", message: "Gone." })));
      await app.app.tasks.start(once, { name: "a" }, { key: "k" });
      await work();
      await untilStored(database, "deadLetters");
      await worker?.stop();
      const { id, started } = await app.app.tasks.start(once, { name: "b" }, { key: "k" });
      assert.ok(started);
      assert.equal(await app.app.tasks.cancel(id), "cancelled");
      assert.ok((await app.app.tasks.start(once, { name: "c" }, { key: "k" })).started);
    });

    it("of what is unique for a period stands for that long, done or not", async () => {
      const first = await start("k");
      await work();
      await allDone(database);
      await moveTime(database, "59 minutes");
      assert.deepEqual(await start("k"), { id: first.id, started: false });
      await moveTime(database, "61 minutes");
      assert.ok((await start("k", "b")).started);
    });

    it("that stands for a later task does so from when that is due", async () => {
      await app.app.tasks.start(hourly, { name: "a" }, { key: "k", tenant: "acme", delay: "2h" });
      await moveTime(database, "150 minutes");
      assert.equal((await start("k")).started, false);
      await moveTime(database, "181 minutes");
      assert.ok((await start("k")).started);
    });
  });

  describe("for later", () => {
    it("is not begun before", async () => {
      const { app: other } = await work();
      const begun: string[] = [];
      bodies.set("books.post", ({ name }) => void begun.push(name));
      await app.app.tasks.start(post, { name: "delayed" }, { delay: "1h" });
      await app.app.tasks.start(post, { name: "at" }, { at: new Date(Date.now() + 7_200_000) });
      await app.app.tasks.start(post, { name: "past" }, { at: new Date(0) });
      await untilCount(database, "tasks", { count: 0 });
      assert.deepEqual(begun, ["past"]);
      const ended = other.tasks.signals.ended.next();
      await moveTime(database, "61 minutes");
      await ended;
      assert.deepEqual(begun, ["past", "delayed"]);
      const [later] = await stored<{ input: string }>(database, "later", { columns: ["input"] });
      assert.deepEqual(later, { input: '{"name":"at"}' });
    });

    it("begins when it is due, and not only at the next regular look", async () => {
      const { app: other } = await work();
      const lags: number[] = [];
      for (const name of ["a", "b", "c", "d", "e"]) {
        const begun = other.tasks.signals.began.next();
        await other.tasks.start(post, { name }, { delay: "50ms" });
        lags.push((await begun).lagMs);
      }
      // Each but the first is started right after a look: the next regular one would begin it 1,450 ms late. A busy machine delays some.
      assert.ok(lags.slice(1).toSorted((a, b) => a - b)[1]! < 1_100, `they began ${lags} ms late`);
    });
  });

  describe("outside", () => {
    it("shares durable writes with those who start at the same time, whatever their tenant", async () => {
      const starts = await Promise.all(
        Array.from({ length: 64 }, (_, i) =>
          app.app.tasks.start(post, { name: `${i}` }, { tenant: i % 2 ? "acme" : "other", actor: `u${i % 3}` }),
        ),
      );
      assert.equal(new Set(starts.map(({ id }) => id)).size, 64);
      const rows = await stored<{ id: string; xmin: string; fairness_key: string; context: string }>(database, "tasks", {
        columns: ["id", "xmin", "fairness_key", "context"],
      });
      assert.equal(rows.length, 64);
      assert.ok(new Set(rows.map(({ xmin }) => xmin)).size <= 3, "they were written together");
      for (const [i, { id }] of starts.entries()) {
        const row = rows.find((each) => each.id === id);
        const tenant = i % 2 ? "acme" : "other";
        assert.deepEqual([row?.fairness_key, JSON.parse(row?.context ?? "")], [tenant, { tenant, actor: `u${i % 3}` }]);
      }
    });

    it("that cannot be written is the only one that fails of all that came together", async () => {
      // PostgreSQL takes no text with a zero in it.
      const bad = new Set([3, 17, 40]);
      const starts = await Promise.allSettled(
        Array.from({ length: 64 }, (_, i) => app.app.tasks.start(single, { name: `${i}`, key: bad.has(i) ? "\0" : `${i % 5}` })),
      );
      assert.deepEqual(
        starts.flatMap(({ status }, i) => (status === "rejected" ? [i] : [])),
        [...bad],
      );
      assert.equal(await countStored(database, "tasks"), 61);
    });

    it("of many writes them all, in batches", async () => {
      const ids = await app.app.tasks.startMany(
        post,
        Array.from({ length: 2_500 }, (_, i) => ({ name: `${i}` })),
        { tenant: "acme" },
      );
      assert.equal(new Set(ids).size, 2_500);
      const rows = await stored<{ input: string }>(database, "tasks", { fairnessKey: "acme", columns: ["input"] });
      assert.equal(new Set(rows.map(({ input }) => input)).size, 2_500);
    });

    it("keeps every text as it was", async () => {
      const texts = ["", "a\nb", "\r\n", "\u0000", "\\n", "\"'", "\u2028\u2029", "💥", "\ud800", "{}", "null", ",", "é"];
      await app.app.tasks.startMany(
        post,
        texts.map((name) => ({ name })),
      );
      await Promise.all(texts.map((name) => app.app.tasks.start(post, { name })));
      for (const name of texts) await app.app.tasks.start(post, { name }, { key: "k", tenant: `${name.codePointAt(0)}-${name.length}` });
      const rows = await stored<{ input: string }>(database, "tasks", { columns: ["input"] });
      assert.deepEqual(
        rows.map(({ input }) => (JSON.parse(input) as { name: string }).name).toSorted(),
        [...texts, ...texts, ...texts].toSorted(),
      );
    });
  });

  describe("is refused", () => {
    const start = (input: unknown, options: object = {}) => app.app.tasks.start(post, input as { name: string }, options);
    const cases = [
      ["an input that does not match", () => start({ name: 1 }), fault("invalid_input")],
      ["a priority that is none", () => start({ name: "a" }, { priority: 10 }), /whole number from 0 to 9/],
      ["half a priority", () => start({ name: "a" }, { priority: 0.5 }), /whole number from 0 to 9/],
      ["a key with a space", () => start({ name: "a" }, { key: "a b" }), /printable ASCII/],
      ["no key at all", () => start({ name: "a" }, { key: "" }), /printable ASCII/],
      ["a key that is too long", () => start({ name: "a" }, { key: "k".repeat(256) }), /1 to 255/],
      ["a delay of years", () => start({ name: "a" }, { delay: "400d" }), /at most a year/],
      ["a date that is none", () => start({ name: "a" }, { at: new Date(Number.NaN) }), /valid Date/],
      [
        "a task larger than the limit",
        () => start({ name: "x".repeat(limits.taskInputBytes) }),
        /262144 are allowed.*give the task its id/,
      ],
      ["one that is larger in bytes only", () => start({ name: "é".repeat(limits.taskInputBytes / 2) }), /262144 are allowed/],
    ] as const;
    for (const [what, attempt, message] of cases)
      it(`with ${what}, and nothing is written`, async () => {
        await assert.rejects(async () => attempt(), message);
        for (const table of ["tasks", "task_later", "task_keys"]) assert.equal(await count(database, `plimsoll.${table}`), 0, table);
      });

    it("unless it is exactly as large as the limit", async () => {
      const room = limits.taskInputBytes - JSON.stringify({ name: "" }).length;
      assert.ok((await start({ name: "x".repeat(room) })).started);
      await assert.rejects(async () => start({ name: "x".repeat(room + 1) }), fault("task_too_large"));
    });

    it("for a task that no module lists", () => {
      assert.throws(
        () => app.app.tasks.start({ ...post, name: "books.lost" }, { name: "a" }),
        /No module of this app lists the task books.lost/,
      );
    });
  });

  it("is taken from an app without the role of a worker, and run by one that has it", async () => {
    assert.equal(app.app.tasks.works, false);
    await app.call(order, { name: "a" });
    await work();
    await allDone(database);
  });
});

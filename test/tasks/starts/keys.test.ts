import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { discard, type StartOptions, type Task } from "plimsoll";
import { type TestApp, type TestDatabase, testActor } from "plimsoll/testing";
import { bodies, booksApp, booksDatabase, gate, hourly, idle, moveTime, once, order } from "../books/books.ts";
import { allDone, countStored, emptyTasks, triggerOn, untilCount, untilStored } from "../books/task-tables.ts";

describe("the key of a task", () => {
  let database: TestDatabase;
  let starter: TestApp;
  const workers: TestApp[] = [];
  before(async () => {
    database = await booksDatabase();
    starter = await booksApp(database, { actor: testActor({ tenant: "acme" }), ...idle });
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    bodies.clear();
    await moveTime(database, "0");
    await Promise.all([emptyTasks(database), database.admin("delete from books.entries")]);
  });
  after(async () => {
    await starter.stop();
    await database.drop();
  });
  const work = async () => void workers.push(await booksApp(database, { roles: ["worker"] }));
  const start = (task: Task, options: StartOptions = {}) => starter.app.tasks.start(task, { name: "a" } as never, { key: "k", ...options });
  const tasks = () => starter.app.tasks;

  const kinds = [
    ["stands for an hour", hourly],
    ["stands while the task is active", once],
  ] as const;
  for (const [what, kind] of kinds)
    describe(`that ${what}`, () => {
      // What is unique while active was free again before, where the task was not running.
      const asBefore = kind === once ? " (as before)" : "";
      for (const [when, options] of [
        ["that waits", {}],
        ["that is for later", { delay: "1h" }],
      ] as const)
        it(`is free as soon as the task ${when} is cancelled${asBefore}`, async () => {
          const first = await start(kind, options);
          assert.equal(await tasks().cancel(first.id), "cancelled");
          const second = await start(kind, options);
          assert.deepEqual([second.started, second.id === first.id], [true, false]);
          assert.deepEqual(await start(kind, options), { id: second.id, started: false }, "and stands for the second");
        });

      it(`is free once the task was cancelled while it ran${asBefore}`, async () => {
        const begun = gate();
        bodies.set(kind.name, async (_input, { signal }) => {
          begun.open();
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        });
        await work();
        const first = await start(kind);
        await begun.opened;
        assert.equal(await tasks().cancel(first.id), "running");
        await untilStored(database, "deadLetters", { id: first.id, code: "task_cancelled" });
        bodies.clear();
        assert.equal((await start(kind)).started, true);
        await allDone(database);
      });

      it(`is held by a dead letter that gets a new life, so that no second task runs beside it${kind === hourly ? " (as before)" : ""}`, async () => {
        bodies.set(kind.name, () => {
          throw discard("asked to");
        });
        await work();
        const first = await start(kind);
        await untilStored(database, "deadLetters", { id: first.id });
        const free = gate();
        bodies.set(kind.name, () => free.opened);
        assert.equal(await tasks().requeue({ id: first.id }), 1);
        assert.deepEqual(await start(kind), { id: first.id, started: false });
        free.open();
        await allDone(database);
      });
    });

  it("that stands for an hour stands for a dead letter, which may get a new life (as before)", async () => {
    bodies.set("books.hourly", () => {
      throw discard("asked to");
    });
    await work();
    const first = await start(hourly);
    await untilStored(database, "deadLetters", { id: first.id });
    assert.deepEqual(await start(hourly), { id: first.id, started: false });
  });

  it("that another task has by now keeps a dead letter until that one is done", async () => {
    bodies.set("books.once", () => {
      throw discard("asked to");
    });
    await work();
    const first = await start(once);
    await untilStored(database, "deadLetters", { id: first.id });
    const free = gate();
    const ran: string[] = [];
    bodies.set("books.once", (_input, { key }) => {
      ran.push(key);
      return free.opened;
    });
    const second = await start(once);
    assert.equal(second.started, true);
    assert.equal(await tasks().requeue({ id: first.id }), 0, "both would run");
    assert.equal(await tasks().requeue(), 0);
    assert.equal(await tasks().state(first.id), "dead_lettered");
    free.open();
    await allDone(database);
    assert.equal(await tasks().requeue({ id: first.id }), 1);
    await allDone(database);
    assert.deepEqual(ran, [`books.once:${second.id}`, `books.once:${first.id}`]);
  });

  it("lets one of several dead letters live at a time", async () => {
    bodies.set("books.once", () => {
      throw discard("asked to");
    });
    await work();
    for (let n = 1; n <= 3; n++) {
      await start(once);
      await untilCount(database, "deadLetters", { count: n });
    }
    const free = gate();
    bodies.set("books.once", () => free.opened);
    assert.equal(await tasks().requeue(), 1);
    free.open();
    await allDone(database);
    assert.equal(await countStored(database, "deadLetters"), 2);
  });

  it("that a cancelled task released is not taken again after its time", async () => {
    const begun = gate();
    bodies.set("books.hourly", async (_input, { signal }) => {
      begun.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    await work();
    const first = await start(hourly);
    await begun.opened;
    await tasks().cancel(first.id);
    await untilStored(database, "deadLetters", { id: first.id });
    bodies.clear();
    const second = await start(hourly);
    assert.deepEqual([second.started, await tasks().requeue({ id: first.id })], [true, 0]);
    await moveTime(database, "2 hours");
    assert.equal(await tasks().requeue({ id: first.id }), 1);
    await allDone(database);
  });

  it("of a task is free again too where its task was started by a transaction, and cancelled right after the commit", async () => {
    const held = await database.hold(7);
    const waits = await triggerOn(database, "tasks", { when: "after insert", does: "perform pg_advisory_xact_lock(7); return new;" });
    try {
      const inside = starter.call(order, { name: "a", key: "k" });
      await database.waitForWaiter(7);
      assert.equal(await countStored(database, "keys"), 0, "no worker sees it");
      await held.release();
      const { id, started } = await inside;
      assert.deepEqual([started, await tasks().cancel(id)], [true, "cancelled"]);
      assert.equal((await starter.call(order, { name: "a", key: "k" }, { key: "another" })).started, true);
    } finally {
      await waits[Symbol.asyncDispose]();
    }
  });
});

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { discard } from "plimsoll";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { limits } from "../../src/core/limits.ts";
import { allDone, bodies, booksApp, booksDatabase, count, hourly, idle, kept, moveTime, once, post, shown, twice } from "./books/books.ts";

describe("dead letters", () => {
  let database: TestDatabase;
  let starter: TestApp;
  let worker: TestApp;
  before(async () => {
    database = await booksDatabase();
    starter = await booksApp(database, idle);
    worker = await booksApp(database, { roles: ["worker"] });
  });
  afterEach(async () => {
    bodies.clear();
    await moveTime(database, "0");
    await database.admin(
      "delete from plimsoll.tasks; delete from plimsoll.task_later; delete from plimsoll.task_dead; delete from plimsoll.task_keys; delete from plimsoll.task_done",
    );
  });
  after(async () => {
    await worker.stop();
    await starter.stop();
    await database.drop();
  });
  const fails = () => {
    throw discard("told to");
  };
  const insert = (name: string, input: string, context: string | null = null) =>
    database.admin(
      `insert into plimsoll.tasks (slot, id, name, queue, lane, rank, born, input, context)
       values (0, gen_random_uuid(), $1, 'default', '', plimsoll.now_ms(), plimsoll.now_ms(), $2, $3)`,
      [name, input, context],
    );
  const tasks = () => worker.app.tasks;

  describe("are revived", () => {
    it("one by its id", async () => {
      bodies.set("books.post", fails);
      const [a, b] = await Promise.all(["a", "b"].map((name) => starter.app.tasks.start(post, { name }, { tenant: "acme", priority: 3 })));
      await shown(database, "select from plimsoll.task_dead having count(*) = 2");
      const ran: unknown[] = [];
      bodies.set("books.post", ({ name }, { attempt, tenant, key }) => void ran.push([name, attempt, tenant, key]));
      assert.equal(await tasks().revive({ id: a!.id }), 1);
      await shown(database, "select where not exists (select from plimsoll.tasks)");
      assert.deepEqual(ran, [["a", 1, "acme", `books.post:${a!.id}`]]);
      assert.deepEqual(
        (await tasks().dead()).map(({ id }) => id),
        [b!.id],
      );
      assert.equal(await tasks().revive({ id: a!.id }), 0);
    });

    it("all of one task, or all there are, the oldest first and not more than asked for", async () => {
      bodies.set("books.post", fails);
      bodies.set("books.twice", fails);
      for (let i = 0; i < 5; i++) await starter.app.tasks.start(post, { name: `${i}` });
      await shown(database, "select from plimsoll.task_dead having count(*) = 5");
      // They ran side by side, so that any of them may have died first.
      await database.admin("update plimsoll.task_dead set died = 1000 + (input::json ->> 'name')::bigint");
      for (let i = 0; i < 3; i++) await starter.app.tasks.start(twice, { name: `${i}` });
      await shown(database, "select from plimsoll.task_dead having count(*) = 8");
      bodies.clear();
      assert.equal((await tasks().dead({ name: "books.twice" })).length, 3);
      assert.equal((await tasks().dead({ limit: 2 })).length, 2);
      assert.equal(await tasks().revive({ name: "books.post", limit: 2 }), 2);
      assert.deepEqual(
        (
          await database.admin<{ n: string }>(
            "select input::json ->> 'name' as n from plimsoll.task_dead where name = 'books.post' order by 1",
          )
        ).map(({ n }) => n),
        ["2", "3", "4"],
      );
      assert.equal(await tasks().revive({ name: "books.post" }), 3);
      assert.equal(await tasks().revive(), 3);
      await allDone(database);
      assert.equal(await count(database, "plimsoll.task_dead"), 0);
    });

    it("and go on remembering what went wrong before", async () => {
      bodies.set("books.post", fails);
      await starter.app.tasks.start(post, { name: "a" });
      for (const failures of [1, 2]) {
        await shown(database, "select from plimsoll.task_dead");
        const [letter] = await tasks().dead();
        const context = JSON.parse(letter?.context ?? "{}") as { failures: unknown[] };
        assert.equal(context.failures.length, failures);
        await tasks().revive();
      }
      await shown(database, "select from plimsoll.task_dead");
    });
  });

  it("are made at once of an input that no longer matches, and hold nobody up", async () => {
    const ran: string[] = [];
    bodies.set("books.post", ({ name }) => void ran.push(name));
    for (const input of ['{"name":1}', "{}", "null", "not json", ""]) await insert("books.post", input);
    await starter.app.tasks.start(post, { name: "good" });
    await shown(database, "select from plimsoll.task_dead having count(*) = 5");
    await allDone(database);
    assert.deepEqual(ran, ["good"]);
    const codes = (await tasks().dead()).map(({ code, attempt }) => `${code} ${attempt}`);
    assert.deepEqual(codes.toSorted(), ["invalid_input 1", "invalid_input 1", "invalid_input 1", "malformed_json 1", "malformed_json 1"]);
  });

  it("are made of a context that nobody can read, which holds nobody up", async () => {
    const ran: string[] = [];
    bodies.set("books.post", ({ name }) => void ran.push(name));
    for (const context of ["{no json", "[]", "null", "1"]) await insert("books.post", '{"name":"bad"}', context);
    await starter.app.tasks.start(post, { name: "good" });
    await shown(database, "select from plimsoll.task_dead where code = 'task_context_unreadable' having count(*) = 4");
    await allDone(database);
    assert.deepEqual(ran, ["good"]);
  });

  it("are made of tasks that nobody knows, after other workers had their chance", async () => {
    const ran: string[] = [];
    bodies.set("books.post", ({ name }) => void ran.push(name));
    await insert("books.forgotten", "{}");
    await starter.app.tasks.start(post, { name: "good" });
    const { due } = await shown<{ due: string }>(
      database,
      "select due - plimsoll.now_ms() as due from plimsoll.task_later where attempt = 1",
    );
    assert.ok(Number(due) > 10_000 && Number(due) <= 15_000);
    assert.deepEqual(ran, ["good"]);
    await database.admin("update plimsoll.task_later set attempt = 19, due = 0");
    await shown(database, "select from plimsoll.task_dead");
    const [letter] = await tasks().dead();
    assert.deepEqual([letter?.code, letter?.attempt], ["task_unknown", 20]);
    assert.match(letter?.reason ?? "", /No module of this worker has a task named books.forgotten/);
  });

  describe("and what else is kept", () => {
    it("is deleted after its time: keys, history, dead letters", async () => {
      bodies.set("books.post", fails);
      await starter.app.tasks.start(post, { name: "dead" });
      await starter.app.tasks.start(kept, { name: "kept" });
      await starter.app.tasks.start(hourly, { name: "key" }, { key: "k" });
      await allDone(database);
      const counts = async () =>
        (await Promise.all(["task_dead", "task_done", "task_keys"].map((table) => count(database, `plimsoll.${table}`)))).join();
      const expire = () =>
        database.admin("select plimsoll.expire_tasks($1, $2, $3)", [limits.taskBatch, limits.taskHistoryMs, limits.taskDeadMs]);
      await expire();
      assert.equal(await counts(), "1,1,1");
      for (const [after, left] of [
        ["59 minutes", "1,1,1"],
        ["61 minutes", "1,1,0"],
        ["6 days 23 hours", "1,1,0"],
        ["8 days", "1,0,0"],
        ["89 days", "1,0,0"],
        ["91 days", "0,0,0"],
      ] as const) {
        await moveTime(database, after);
        await expire();
        assert.equal(await counts(), left, after);
      }
    });

    it("is not the key of what is not done yet", async () => {
      const { id } = await starter.app.tasks.start(once, { name: "a" }, { key: "k", delay: "300d" });
      await moveTime(database, "299 days");
      await database.admin("select plimsoll.expire_tasks($1, $2, $3)", [limits.taskBatch, limits.taskHistoryMs, limits.taskDeadMs]);
      assert.deepEqual(await starter.app.tasks.start(once, { name: "a" }, { key: "k" }), { id, started: false });
    });

    it("tells the state of a task at each step of its life", async () => {
      const { id } = await starter.app.tasks.start(kept, { name: "a" }, { delay: "1h" });
      assert.equal(await tasks().state(id), "scheduled");
      assert.equal(await tasks().state("01890000-0000-7000-8000-000000000000"), "unknown");
      bodies.set("books.kept", (_input, { attempt }) => {
        if (attempt === 1) throw new RangeError("once");
      });
      await moveTime(database, "1 hour");
      await shown(database, "select from plimsoll.task_done where id = $1", id);
      assert.equal(await tasks().state(id), "completed");
    });

    it("counts what waits, runs, comes later and died, by queue", async () => {
      const release = Promise.withResolvers<void>();
      bodies.set("books.post", ({ name }) => (name === "runs" ? release.promise : name === "dies" ? fails() : undefined));
      await starter.app.tasks.start(post, { name: "dies" });
      await starter.app.tasks.start(post, { name: "runs" });
      await starter.app.tasks.start(post, { name: "later" }, { delay: "1h" });
      await shown(database, "select from plimsoll.task_dead");
      await shown(database, "select from plimsoll.tasks where lease is not null having count(*) = 1");
      await tasks().pause("default");
      await starter.app.tasks.start(post, { name: "waits" });
      await moveTime(database, "5 seconds");
      const [stats] = await tasks().stats(["default"]);
      await tasks().resume("default");
      release.resolve();
      const { lagMs, ...counts } = stats as unknown as Record<string, unknown>;
      assert.deepEqual(counts, { queue: "default", waiting: 1, running: 1, later: 1, dead: 1, paused: true });
      assert.ok(Number(lagMs) >= 4_900 && Number(lagMs) < 60_000, `lag ${String(lagMs)}`);
    });
  });
});

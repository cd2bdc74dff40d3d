import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { discard } from "plimsoll";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { limits } from "../../src/core/limits.ts";
import { bodies, booksApp, booksDatabase, count, hourly, idle, kept, moveTime, once, post, twice } from "./books/books.ts";
import { allDone, countStored, emptyTasks, stored, untilCount, untilStored } from "./books/task-tables.ts";

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
    await emptyTasks(database);
  });
  after(async () => {
    await worker.stop();
    await starter.stop();
    await database.drop();
  });
  const fails = () => {
    throw discard("asked to");
  };
  const insert = (name: string, input: string, context: string | null = null) =>
    database.admin(
      `insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, born, input, context)
       values (0, gen_random_uuid(), $1, 'default', '', plimsoll.now_ms(), plimsoll.now_ms(), $2, $3)`,
      [name, input, context],
    );
  const tasks = () => worker.app.tasks;

  describe("are requeued", () => {
    it("one by its id", async () => {
      bodies.set("books.post", fails);
      const [a, b] = await Promise.all(["a", "b"].map((name) => starter.app.tasks.start(post, { name }, { tenant: "acme", priority: 3 })));
      await untilCount(database, "deadLetters", { count: 2 });
      const ran: unknown[] = [];
      bodies.set("books.post", ({ name }, { attempt, tenant, key }) => void ran.push([name, attempt, tenant, key]));
      assert.equal(await tasks().requeue({ id: a!.id }), 1);
      await untilCount(database, "tasks", { count: 0 });
      assert.deepEqual(ran, [["a", 1, "acme", `books.post:${a!.id}`]]);
      assert.deepEqual(
        (await tasks().deadLetters()).map(({ id }) => id),
        [b!.id],
      );
      assert.equal(await tasks().requeue({ id: a!.id }), 0);
    });

    it("all of one task, or all there are, the oldest first and not more than asked for", async () => {
      bodies.set("books.post", fails);
      bodies.set("books.twice", fails);
      for (let i = 0; i < 5; i++) await starter.app.tasks.start(post, { name: `${i}` });
      await untilCount(database, "deadLetters", { count: 5 });
      // They ran side by side, so that any of them may have died first.
      await database.admin("update plimsoll.task_dead_letters set died = 1000 + (input::json ->> 'name')::bigint");
      for (let i = 0; i < 3; i++) await starter.app.tasks.start(twice, { name: `${i}` });
      await untilCount(database, "deadLetters", { count: 8 });
      bodies.clear();
      assert.equal((await tasks().deadLetters({ name: "books.twice" })).length, 3);
      assert.equal((await tasks().deadLetters({ limit: 2 })).length, 2);
      assert.equal(await tasks().requeue({ name: "books.post", limit: 2 }), 2);
      assert.deepEqual(
        (await stored<{ input: string }>(database, "deadLetters", { name: "books.post", columns: ["input"] }))
          .map(({ input }) => JSON.parse(input).name)
          .toSorted(),
        ["2", "3", "4"],
      );
      assert.equal(await tasks().requeue({ name: "books.post" }), 3);
      assert.equal(await tasks().requeue(), 3);
      await allDone(database);
      assert.equal(await countStored(database, "deadLetters"), 0);
    });

    it("and go on remembering what went wrong before", async () => {
      bodies.set("books.post", fails);
      await starter.app.tasks.start(post, { name: "a" });
      for (const failures of [1, 2]) {
        await untilStored(database, "deadLetters");
        const [letter] = await tasks().deadLetters();
        const context = JSON.parse(letter?.context ?? "{}") as { failures: unknown[] };
        assert.equal(context.failures.length, failures);
        await tasks().requeue();
      }
      await untilStored(database, "deadLetters");
    });
  });

  it("are made at once of an input that no longer matches, and hold no other up", async () => {
    const ran: string[] = [];
    bodies.set("books.post", ({ name }) => void ran.push(name));
    for (const input of ['{"name":1}', "{}", "null", "not json", ""]) await insert("books.post", input);
    await starter.app.tasks.start(post, { name: "good" });
    await untilCount(database, "deadLetters", { count: 5 });
    await allDone(database);
    assert.deepEqual(ran, ["good"]);
    const codes = (await tasks().deadLetters()).map(({ code, attempt }) => `${code} ${attempt}`);
    assert.deepEqual(codes.toSorted(), ["invalid_input 1", "invalid_input 1", "invalid_input 1", "malformed_json 1", "malformed_json 1"]);
  });

  it("are made of a context that cannot be read, which holds no other up", async () => {
    const ran: string[] = [];
    bodies.set("books.post", ({ name }) => void ran.push(name));
    for (const context of ["{no json", "[]", "null", "1"]) await insert("books.post", '{"name":"bad"}', context);
    await starter.app.tasks.start(post, { name: "good" });
    await untilCount(database, "deadLetters", { count: 4, code: "task_context_unreadable" });
    await allDone(database);
    assert.deepEqual(ran, ["good"]);
  });

  it("are not made of tasks that no worker here knows: they wait for one that does, and lose nothing by it (as before)", async () => {
    const ran: string[] = [];
    bodies.set("books.post", ({ name }) => void ran.push(name));
    await insert("books.forgotten", "{}");
    await starter.app.tasks.start(post, { name: "good" });
    await untilCount(database, "tasks", { count: 0, name: "books.post" });
    assert.deepEqual(ran, ["good"]);
    assert.deepEqual(await stored(database, "tasks", { columns: ["name", "lease", "attempt"] }), [
      { name: "books.forgotten", lease: null, attempt: 0 },
    ]);
    assert.deepEqual([await countStored(database, "later"), await countStored(database, "deadLetters")], [0, 0]);
  });

  it("say what does not fit, and where, and repeat no value", async () => {
    await insert("books.post", '{"name":4711,"key":["secret-4712"]}');
    await untilStored(database, "deadLetters");
    const [letter] = await tasks().deadLetters();
    assert.equal(letter?.code, "invalid_input");
    for (const part of [/\/name: /, /\/key: /, /expected string/]) assert.match(letter?.reason ?? "", part);
    assert.doesNotMatch(`${letter?.reason} ${letter?.context}`, /4711|4712/);
    const { failures } = JSON.parse(letter?.context ?? "{}") as { failures: { message: string }[] };
    assert.equal(failures[0]?.message, letter?.reason);
  });

  it("say no more than a few of many problems", async () => {
    await insert("books.listed", JSON.stringify({ words: Array.from({ length: 500 }, () => 4711) }));
    await untilStored(database, "deadLetters", { name: "books.listed" });
    const [letter] = await tasks().deadLetters({ name: "books.listed" });
    assert.match(letter?.reason ?? "", /^\d+ values are .*\/words\/0: /);
    assert.ok((letter?.reason.length ?? 0) <= 500);
    assert.doesNotMatch(letter?.reason ?? "", /4711/);
  });

  describe("and what else is kept", () => {
    it("is deleted after its time: keys, history, dead letters", async () => {
      bodies.set("books.post", fails);
      await starter.app.tasks.start(post, { name: "dead-letter" });
      await starter.app.tasks.start(kept, { name: "kept" });
      await starter.app.tasks.start(hourly, { name: "key" }, { key: "k" });
      await allDone(database);
      const counts = async () =>
        (await Promise.all(["task_dead_letters", "task_done", "task_keys"].map((table) => count(database, `plimsoll.${table}`)))).join();
      const expire = () =>
        database.admin("select plimsoll.expire_tasks($1, $2, $3)", [limits.taskBatch, limits.taskHistoryMs, limits.taskDeadLetterMs]);
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
      await database.admin("select plimsoll.expire_tasks($1, $2, $3)", [limits.taskBatch, limits.taskHistoryMs, limits.taskDeadLetterMs]);
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
      await untilStored(database, "done", { id });
      assert.equal(await tasks().state(id), "completed");
    });

    it("counts what waits, runs, comes later and died, by queue", async () => {
      const release = Promise.withResolvers<void>();
      bodies.set("books.post", ({ name }) => (name === "runs" ? release.promise : name === "dies" ? fails() : undefined));
      await starter.app.tasks.start(post, { name: "dies" });
      await starter.app.tasks.start(post, { name: "runs" });
      await starter.app.tasks.start(post, { name: "later" }, { delay: "1h" });
      await untilStored(database, "deadLetters");
      await untilCount(database, "tasks", { count: 1, leased: true });
      await tasks().pause("default");
      await starter.app.tasks.start(post, { name: "waits" });
      await moveTime(database, "5 seconds");
      const [stats] = await tasks().stats(["default"]);
      await tasks().resume("default");
      release.resolve();
      const { lagMs, ...counts } = stats as unknown as Record<string, unknown>;
      assert.deepEqual(counts, { queue: "default", waiting: 1, running: 1, later: 1, deadLetters: 1, paused: true });
      assert.ok(Number(lagMs) >= 4_900 && Number(lagMs) < 60_000, `lag ${String(lagMs)}`);
    });
  });
});

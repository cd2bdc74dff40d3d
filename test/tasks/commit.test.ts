import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { TaskScope } from "plimsoll";
import { type TestApp, type TestDatabase, testActor } from "plimsoll/testing";
import { bodies, booksApp, booksDatabase, enter, gate, idle, kept, names, order, post, shown, wide } from "./books/books.ts";
import { allDone, countStored, emptyTasks, takeLeasesAway, untilStored } from "./books/task-tables.ts";

describe("commit in a task", () => {
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
    await Promise.all([emptyTasks(database), database.admin("delete from books.entries")]);
  });
  after(async () => {
    await worker.stop();
    await starter.stop();
    await database.drop();
  });
  const write = (scope: Pick<TaskScope, "commit">, name: string) =>
    scope.commit(async ({ sql }) => {
      await sql`insert into books.entries (id, name) values (gen_random_uuid(), ${name})`.run();
      return name;
    });
  const start = (name: string) => worker.app.tasks.start(post, { name }, { tenant: "acme", actor: "ann" });
  /** Starts one and waits for its end, which may come before the answer to its start. */
  const outcomeOf = async (name: string) => {
    const { ended } = worker.app.tasks.signals;
    const outcomes = new Map<string, string>();
    const off = ended.on(({ id, outcome }) => void outcomes.set(id, outcome));
    const { id } = await start(name);
    if (!outcomes.has(id)) await ended.next((fact) => fact.id === id);
    off();
    return outcomes.get(id);
  };

  it("writes and completes at once, and returns what the work returned", async () => {
    let value: unknown;
    bodies.set("books.post", async (_input, scope) => {
      value = await write(scope, "a");
      assert.equal(await countStored(database, "tasks"), 0, "it is done as soon as it is committed");
    });
    await start("a");
    await shown(database, "select from books.entries");
    await allDone(database);
    assert.deepEqual([value, await names(database)], ["a", ["a"]]);
  });

  it("happens once though the attempt fails after it", async () => {
    let attempts = 0;
    bodies.set("books.post", async (_input, scope) => {
      attempts++;
      await write(scope, "a");
      throw new RangeError("after the commit");
    });
    assert.equal(await outcomeOf("a"), "completed");
    await allDone(database);
    assert.deepEqual([attempts, await names(database), await countStored(database, "deadLetters")], [1, ["a"], 0]);
  });

  it("leaves nothing of an attempt that fails in it, and the next attempt does it", async () => {
    bodies.set("books.post", async (_input, { commit, attempt }) => {
      await commit(async ({ sql }) => {
        await sql`insert into books.entries (id, name) values (gen_random_uuid(), ${`attempt ${attempt}`})`.run();
        if (attempt === 1) throw new RangeError("in the middle");
      });
    });
    await start("a");
    await shown(database, "select from books.entries");
    await allDone(database);
    assert.deepEqual(await names(database), ["attempt 2"]);
  });

  it("is refused a second time, and what the first wrote stays", async () => {
    let refusal: unknown;
    bodies.set("books.post", async (_input, scope) => {
      await write(scope, "first");
      refusal = await write(scope, "second").catch((error: unknown) => error);
    });
    await start("a");
    await shown(database, "select from books.entries");
    await allDone(database);
    assert.match(String(refusal), /called commit twice\. Call it once/);
    assert.deepEqual(await names(database), ["first"]);
  });

  it("is refused a second time while the first is on its way", async () => {
    const results: PromiseSettledResult<string>[] = [];
    bodies.set("books.post", async (_input, scope) => {
      results.push(...(await Promise.allSettled([write(scope, "first"), write(scope, "second")])));
    });
    await outcomeOf("a");
    await allDone(database);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal((await names(database)).length, 1);
  });

  it("changes nothing once another worker has the task", async () => {
    let refusal: { code?: string; type?: string } = {};
    let attempts = 0;
    bodies.set("books.post", async (_input, scope) => {
      if (++attempts > 1) return void (await write(scope, "second"));
      await takeLeasesAway(database);
      refusal = await write(scope, "first").then(
        () => ({}),
        (error: unknown) => error as object,
      );
      throw refusal;
    });
    await start("a");
    await shown(database, "select from books.entries");
    await allDone(database);
    assert.deepEqual([refusal.code, refusal.type, await names(database)], ["aborted", "lease_lost", ["second"]]);
  });

  it("takes along what it calls and starts, or leaves that too", async () => {
    const keys: string[] = [];
    bodies.set("books.wide", (_input, { key }) => void keys.push(key));
    bodies.set("books.post", async (_input, { commit, attempt }) => {
      await commit(async ({ call, start }) => {
        await call(enter, { name: `called ${attempt}` });
        await start(wide, { name: "next" });
        await start(wide, { name: "keyed" }, { key: "k" });
        if (attempt === 1) throw new RangeError("once");
      });
    });
    await start("a");
    await shown(database, "select from books.entries");
    await allDone(database);
    assert.deepEqual([keys.length, await names(database)], [2, ["called 2"]]);
  });

  it("belongs to the tenant and the actor of the task", async () => {
    bodies.set("books.post", (_input, { commit }) =>
      commit(({ sql }) =>
        sql`insert into books.entries (id, name) values (gen_random_uuid(), plimsoll.actor() || ' of ' || plimsoll.tenant())`.run(),
      ),
    );
    await start("a");
    await shown(database, "select from books.entries");
    const rows = await database.admin("select tenant_id, name from books.entries");
    assert.deepEqual(rows, [{ tenant_id: "acme", name: "ann of acme" }]);
  });

  it("keeps the completed task where its history is kept", async () => {
    bodies.set("books.kept", (_input, scope) => write(scope, "a"));
    const { id } = await worker.app.tasks.start(kept, { name: "a" }, { tenant: "acme" });
    await untilStored(database, "done", { id });
    assert.equal(await worker.app.tasks.state(id), "completed");
  });

  it("waits for no deadline: what is stopped while it commits is committed or not, never half", async () => {
    const held = await database.hold(11);
    const inside = gate();
    bodies.set("books.post", async (_input, { commit, attempt }) => {
      await commit(async ({ sql }) => {
        await sql`insert into books.entries (id, name) values (gen_random_uuid(), ${`attempt ${attempt}`})`.run();
        if (attempt > 1) return;
        inside.open();
        await sql`select pg_advisory_xact_lock(11)`.run();
      });
    });
    const { id } = await start("a");
    await inside.opened;
    await database.waitForWaiter(11);
    assert.equal(await worker.app.tasks.cancel(id), "running");
    await untilStored(database, "deadLetters", { id });
    await held.release();
    assert.deepEqual(await names(database), []);
  });

  describe("and calls outside it", () => {
    it("are done once, over all attempts, each by its place", async () => {
      bodies.set("books.post", async (_input, { call, attempt }) => {
        await call(enter, { name: "one" });
        await call(enter, { name: "two" });
        if (attempt < 3) throw new RangeError("again");
        await call(enter, { name: "three" });
      });
      await start("a");
      await shown(database, "select from books.entries where name = 'three'");
      assert.deepEqual(await names(database), ["one", "three", "two"]);
    });

    it("of two tasks are two", async () => {
      bodies.set("books.post", (_input, { call }) => call(enter, { name: "same" }));
      await Promise.all([start("a"), start("b")]);
      await shown(database, "select from books.entries having count(*) = 2");
    });

    it("are of the system, on behalf of the caller that started it, in their trace", async () => {
      const facts: unknown[] = [];
      bodies.set("books.post", async (_input, { actor, tenant, call, requestId, key }) => {
        facts.push(
          { id: actor.id, kind: actor.kind, roles: actor.roles, tenant },
          await call(enter, { name: "n" }),
          key.endsWith(requestId),
        );
      });
      const asked = starter.executed(order);
      const ran = worker.executed(post);
      await starter.as(testActor({ id: "ann", tenant: "acme", roles: ["boss"] })).call(order, { name: "a" });
      const [command, task] = await Promise.all([asked, ran]);
      assert.deepEqual(facts, [{ id: "ann", kind: "system", roles: ["system"], tenant: "acme" }, { by: "ann", roles: ["system"] }, true]);
      assert.deepEqual([task.traceId, task.parentSpanId], [command.traceId, command.spanId]);
      assert.deepEqual([task.kind, task.surface, task.tenant, task.actorId], ["task", "task", "acme", "ann"]);
    });

    it("have the same key in every attempt, and the attempt's number", async () => {
      const seenHere: [string, number][] = [];
      bodies.set("books.post", (_input, { key, attempt }) => {
        seenHere.push([key, attempt]);
        if (attempt < 3) throw new RangeError("again");
      });
      const { id } = await start("a");
      await allDone(database);
      assert.deepEqual(
        seenHere,
        [1, 2, 3].map((attempt) => [`books.post:${id}`, attempt]),
      );
    });
  });
});

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { createApp, module, task } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { runtimeOf } from "../../../src/app/app.ts";
import { tasksPage } from "../../../src/tasks/ops-page.ts";
import { session } from "../../integration/scratch.ts";
import { booksApp, booksDatabase, idle, type post, shown } from "../books/books.ts";
import { countStored, emptyTasks, untilCount } from "../books/task-tables.ts";
import { fleet, fresh, mailed, plain } from "./versions.ts";

interface Overview {
  readonly queues: readonly { readonly queue: string; readonly waiting: number; readonly served?: boolean }[];
  readonly unserved?: readonly { readonly queue: string; readonly task: string; readonly why: string }[];
  readonly partitions?: { readonly sessions: readonly number[] };
}
const overview = async ({ app }: TestApp) =>
  (await tasksPage(app.tasks).answer({ method: "GET", url: "/tasks", headers: {} }))?.body as Overview;

describe("what is kept for a time only", () => {
  let database: TestDatabase;
  before(async () => {
    database = await booksDatabase();
  });
  after(() => database.drop());

  it("is deleted as fast as it is made, a batch at a time", async () => {
    const n = 30_500;
    await database.admin(
      `insert into plimsoll.task_keys (id, task, input_hash, expires) select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1 from generate_series(1, ${n});
       insert into plimsoll.task_done (id, done, name, born, attempt) select gen_random_uuid(), 1, 'n', 1, 1 from generate_series(1, ${n});
       insert into plimsoll.task_keys (id, task, input_hash, expires) select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 9e15 from generate_series(1, 10);
       insert into plimsoll.task_keys (id, task, input_hash) select gen_random_uuid(), gen_random_uuid(), gen_random_uuid() from generate_series(1, 10)`,
    );
    await using _worker = await booksApp(database, { roles: ["worker"] });
    const left = await shown(
      database,
      "select from plimsoll.task_keys, plimsoll.task_done where false union all select from plimsoll.task_keys having count(*) = 20",
    ).catch(() => undefined);
    assert.notEqual(left, undefined, `${await countStored(database, "keys")} keys are left`);
    await untilCount(database, "done", { count: 0 });
  });
});

describe("what no worker takes", () => {
  let database: TestDatabase;
  let starter: TestApp;
  before(async () => {
    database = await testDatabase({ modules: [fleet("new")] });
    starter = await testApp({ modules: [fleet("new")], database, ...idle });
  });
  afterEach(() => emptyTasks(database, { workers: true }));
  after(async () => {
    await starter.stop();
    await database.drop();
  });

  it("is listed: a queue that was renamed, and one with nothing but dead letters or what is for later", async () => {
    await starter.app.tasks.start(mailed, { n: 1 });
    await starter.app.tasks.start(plain, { n: 1 });
    await database.admin(
      `insert into plimsoll.task_dead_letters (id, died, name, queue, fairness_key, born, attempt, rescues, capped, input, code, reason)
       values (gen_random_uuid(), plimsoll.now_ms(), 'gone', 'kept-only', '', 1, 1, 0, false, '{}', 'x', 'x');
       insert into plimsoll.task_later (id, due, name, queue, fairness_key, born, attempt, rescues, capped, input)
       values (gen_random_uuid(), 9e15, 'gone', 'later-only', '', 1, 1, 0, false, '{}')`,
    );
    await using renamed = await testApp({ modules: [fleet("renamed")], database, roles: ["worker"] });
    await untilCount(database, "tasks", { count: 0, queue: "default" });
    const { queues, unserved = [] } = await overview(renamed);
    assert.deepEqual(
      queues.map(({ queue, waiting, served }) => [queue, waiting, served]),
      [
        ["default", 0, true],
        ["letters", 0, true],
        ["kept-only", 0, false],
        ["later-only", 0, false],
        ["mail", 1, false],
      ],
    );
    assert.deepEqual(
      unserved.map(({ queue, task: name }) => [queue, name]),
      [["mail", "fleet.mailed"]],
    );
    assert.match(unserved[0]?.why ?? "", /no worker serves.*createApp\(\{ tasks: \{ queues: \{ "mail": \{\} \} \} \}\)/);
  });

  it("is warned of, by a signal, a log line and a metric: no worker serves its queue", { timeout: 60_000 }, async () => {
    await starter.app.tasks.start(mailed, { n: 1 });
    await using renamed = await testApp({ modules: [fleet("renamed")], database, roles: ["worker"] });
    assert.ok("unserved" in renamed.app.tasks.signals, "there is a signal");
    const logged = runtimeOf(renamed.app).signals.logged.next(({ operation }) => operation === "plimsoll.tasks");
    assert.deepEqual(await renamed.app.tasks.signals.unserved.next(), { queue: "mail", task: "fleet.mailed", waiting: 1, served: false });
    assert.match((await logged).message, /1 tasks fleet\.mailed wait in the queue "mail", which no worker serves/);
  });

  it("is warned of: no worker knows its task, although one serves its queue", { timeout: 60_000 }, async () => {
    await starter.app.tasks.start(fresh, { n: 1 });
    await using old = await testApp({ modules: [fleet("old")], database, roles: ["worker"] });
    assert.ok("unserved" in old.app.tasks.signals, "there is a signal");
    assert.deepEqual(await old.app.tasks.signals.unserved.next(), { queue: "default", task: "fleet.fresh", waiting: 1, served: true });
  });

  it("is taken by a worker that names the old queue (as before)", async () => {
    await starter.app.tasks.start(mailed, { n: 1 });
    await using _renamed = await testApp({ modules: [fleet("renamed")], database, roles: ["worker"], tasks: { queues: { mail: {} } } });
    await untilCount(database, "tasks", { count: 0 });
    assert.equal(await countStored(database, "deadLetters"), 0);
  });
});

describe("a session that has read the task table and stays open", () => {
  let database: TestDatabase;
  before(async () => {
    database = await booksDatabase();
  });
  after(() => database.drop());

  it("is named, with how long, by a signal, a log line and /tasks, until it ends", { timeout: 120_000 }, async () => {
    await using worker = await booksApp(database, { roles: ["worker"] });
    assert.ok("partitionsHeld" in worker.app.tasks.signals, "there is a signal");
    {
      await using dump = await session(database.adminUrl, "begin", "select * from plimsoll.tasks");
      const [{ pid }] = (await dump.query("select pg_backend_pid() as pid")).rows as [{ pid: number }];
      // Something was in another partition than the one that is filled, and is gone.
      await database.admin(
        `insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, born, input) values (2, gen_random_uuid(), 'x', 'x', '', 1, 1, '{}');
         delete from plimsoll.tasks`,
      );
      await shown(database, "select from plimsoll.task_partitions where held_since is not null");
      await database.admin("update plimsoll.task_partitions set held_since = held_since - interval '1 minute'");
      const held = worker.app.tasks.signals.partitionsHeld.next();
      const logged = runtimeOf(worker.app).signals.logged.next(({ message }) => message.includes("plimsoll.tasks"));
      await using other = await booksApp(database, { roles: ["worker"] });
      const { heldMs, sessions } = await Promise.race([held, other.app.tasks.signals.partitionsHeld.next()]);
      assert.ok(heldMs >= 60_000 && sessions.includes(pid), JSON.stringify({ heldMs, sessions, pid }));
      assert.ok((await overview(worker)).partitions?.sessions.includes(pid));
      await Promise.race([logged, runtimeOf(other.app).signals.logged.next(({ message }) => message.includes(String(pid)))]);
    }
    await database.admin("update plimsoll.task_partitions set empty_after = '-infinity'");
    await shown(database, "select from plimsoll.task_partitions where held_since is null");
    assert.equal((await overview(worker)).partitions, undefined);
  });
});

describe("an app with more queues than its pool has room", () => {
  const input = z.object({});
  const many = module("many", {
    schema: "many",
    operations: Array.from({ length: 1_200 }, (_, n) =>
      task(`many.t${n}`, { input, budget: "10s", queue: `q${n}`, run: async () => undefined }),
    ),
  });

  it("starts without a failure, and serves them all", { timeout: 120_000 }, async () => {
    const database = await testDatabase({ modules: [many] });
    const app = createApp({ modules: [many], database: postgres({ url: database.url }), roles: ["worker"] });
    try {
      const failures: unknown[] = [];
      app.tasks.signals.failing.on(({ error }) => failures.push(error));
      await assert.doesNotReject(async () => {
        await app.start();
        for (const n of [0, 600, 1_199]) await app.tasks.start(many.operations[n] as typeof post, {} as never);
        await untilCount(database, "tasks", { count: 0 });
      });
      assert.deepEqual(failures, []);
    } finally {
      await app.stop();
      await database.drop();
    }
  });
});

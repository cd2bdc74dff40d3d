import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import pg from "pg";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { bodies, booksApp, booksDatabase, evenClock, gate, idle, narrow, post, rated, shown, wide } from "./books/books.ts";
import { allDone, countStored, stored, untilCount } from "./books/task-tables.ts";

const announced = "select token, queues from plimsoll.task_workers where 'default' = any (queues)";

// What a start alone writes while a worker has nothing to do is leased to that worker by the same statement.
describe("a task that is started alone", () => {
  let database: TestDatabase;
  let worker: pg.Client;
  const heard: pg.Notification[] = [];
  before(async () => {
    database = await booksDatabase();
    worker = new pg.Client({ connectionString: database.adminUrl });
    worker.on("notification", (notification) => heard.push(notification));
    await worker.connect();
    await worker.query("listen plimsoll_tasks; listen ears; select pg_advisory_lock(hashtextextended('ears', 0))");
  });
  after(async () => {
    await worker.end();
    await database.drop();
  });

  const usual = { queue: "q", capped: false, input: '{"n":1}', workers: "1 hour", channel: "ears", paused: false };
  const cases: readonly [string, Partial<typeof usual>, "handed over" | "notified"][] = [
    ["is handed over to an idle worker", {}, "handed over"],
    [
      "is handed over with quotes, line breaks and signs of other languages",
      { input: JSON.stringify({ n: '"\\\n載重線' }) },
      "handed over",
    ],
    ["waits for a claim where no worker serves its queue", { queue: "other" }, "notified"],
    ["waits for a claim where fairness keys are limited", { capped: true }, "notified"],
    ["waits for a claim where it is too large for a notification", { input: JSON.stringify("x".repeat(3_500)) }, "notified"],
    ["waits for a claim where the worker's lease is about to end", { workers: "1 second" }, "notified"],
    ["waits for a claim where the worker's session is gone", { channel: "none" }, "notified"],
    ["waits for a claim where its queue is paused", { paused: true }, "notified"],
  ];
  for (const [what, part, expected] of cases)
    it(what, async () => {
      const { queue, capped, input, workers, channel, paused } = { ...usual, ...part };
      await database.admin("delete from plimsoll.tasks; delete from plimsoll.task_workers; delete from plimsoll.task_queues");
      await database.admin("insert into plimsoll.task_queues (queue, paused) values ($1, $2)", [queue, paused]);
      const [joined] = await database.admin<{ token: string }>(
        `insert into plimsoll.task_workers (name, expires_at, queues, channel) values ('w', plimsoll.now() + $1::interval, '{q}', $2) returning token`,
        [workers, channel],
      );
      heard.length = 0;
      const start = "select plimsoll.start_task_soon(gen_random_uuid(), 'n', $1, 'l', 0::smallint, $2, $3, null)";
      await database.admin(start, [queue, capped, input]);
      await worker.query("select");
      const [task] = await database.admin<{ lease: string | null; attempt: number; place: string }>(
        "select lease, attempt, ctid::text as place from plimsoll.tasks",
      );
      const [notification] = heard;
      if (expected === "notified") {
        assert.deepEqual([task!.lease, task!.attempt, notification?.channel, notification?.payload], [null, 0, "plimsoll_tasks", queue]);
      } else {
        const payload = JSON.parse(notification?.payload ?? "{}") as Record<string, unknown>;
        assert.deepEqual([task!.lease, task!.attempt, notification?.channel], [joined!.token, 1, "ears"]);
        assert.deepEqual([payload.token, payload.place, payload.input], [joined!.token, task!.place, input]);
      }
      assert.equal(heard.length, 1);
    });
});

describe("a worker that tasks are handed over to", () => {
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
    await database.admin("delete from plimsoll.tasks; delete from plimsoll.task_workers");
  });
  after(async () => {
    await starter.stop();
    await database.drop();
  });
  const work = async () => {
    const worker = await booksApp(database, { roles: ["worker"], clock: evenClock });
    workers.push(worker);
    return worker;
  };
  /** Leases to the only worker what it does not know of. */
  const handOver = (queue = "default") =>
    database.admin(
      `insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, born, lease, attempt, input)
       select 0, gen_random_uuid(), 'books.post', $1, 'acme', 0, plimsoll.now_ms(), token, 1, '{"name":"unheard"}' from plimsoll.task_workers`,
      [queue],
    );

  it("announces the queues of which it would begin something, and no others", async () => {
    await work();
    const { queues } = await shown<{ queues: string[] }>(database, announced);
    assert.equal(queues.includes("capped"), false);
    assert.equal(queues.includes("wide"), true);
  });

  it("runs it, and completes it", async () => {
    await work();
    await shown(database, announced);
    const ran: string[] = [];
    bodies.set("books.post", ({ name }) => ran.push(name));
    await starter.app.tasks.start(post, { name: "alone" }, { tenant: "acme" });
    await allDone(database);
    assert.deepEqual(ran, ["alone"]);
  });

  it("does it once more where the first attempt fails", async () => {
    await work();
    await shown(database, announced);
    const attempts: number[] = [];
    bodies.set("books.post", (_, { attempt }) => {
      if (attempts.push(attempt) === 1) throw new Error("asked to fail");
    });
    await starter.app.tasks.start(post, { name: "again" }, { tenant: "acme" });
    await allDone(database);
    assert.deepEqual(attempts, [1, 2]);
  });

  it("keeps what its operation has no slot for until there is one", async () => {
    await work();
    await shown(database, announced);
    const { open, opened } = gate();
    const ran: string[] = [];
    bodies.set("books.narrow", async ({ name }) => {
      ran.push(name);
      await opened;
    });
    bodies.set("books.wide", ({ name }) => ran.push(name));
    for (const name of ["first", "second"]) await starter.app.tasks.start(narrow, { name }, { tenant: "acme" });
    await starter.app.tasks.start(wide, { name: "beside" }, { tenant: "acme" });
    await untilCount(database, "tasks", { count: 2 });
    assert.deepEqual(ran.toSorted(), ["beside", "first"]);
    open();
    await allDone(database);
  });

  it("releases what was sent while it did not listen, and does it then", async () => {
    await work();
    await shown(database, announced);
    const ran: string[] = [];
    bodies.set("books.post", ({ name }) => ran.push(name));
    await handOver();
    await database.admin("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'plimsoll-tasks'");
    await allDone(database);
    assert.deepEqual(ran, ["unheard"]);
  });

  it("releases, as it stops, what it was handed and has not begun", async () => {
    const worker = await work();
    await shown(database, announced);
    await handOver("unowned");
    await worker.stop();
    workers.length = 0;
    assert.deepEqual(await stored(database, "tasks", { columns: ["lease", "attempt"] }), [{ lease: null, attempt: 0 }]);
  });

  it("is handed nothing of a queue whose rate is limited", async () => {
    const worker = await booksApp(database, { roles: ["worker"], tasks: { queues: { rated: { rate: { perSecond: 1_000 } } } } });
    workers.push(worker);
    const { queues } = await shown<{ queues: string[] }>(database, announced);
    assert.equal(queues.includes("rated"), false);
    await starter.app.tasks.start(rated, { name: "r" }, { tenant: "acme" });
    await allDone(database);
    assert.equal(await countStored(database, "deadLetters"), 0);
  });
});

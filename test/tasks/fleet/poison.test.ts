import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { limits } from "../../../src/core/limits.ts";
import { bodies, booksApp, booksDatabase, count, gate, idle, post, shown, single } from "../books/books.ts";
import { allDone, countStored, emptyTasks, stored, untilCount, untilStored } from "../books/task-tables.ts";

const victim = fileURLToPath(new URL("../books/victim.ts", import.meta.url));

describe("a task that takes its process with it", () => {
  let database: TestDatabase;
  let starter: TestApp;
  before(async () => {
    database = await booksDatabase();
    starter = await booksApp(database, idle);
  });
  afterEach(async () => {
    bodies.clear();
    await emptyTasks(database, { workers: true });
  });
  after(async () => {
    await starter.stop();
    await database.drop();
  });
  const spawnVictim = (): ChildProcess =>
    spawn(process.execPath, ["--conditions=source", victim, database.url], { stdio: ["ignore", "pipe", "ignore"] });
  /** Ends the leases as the database ends them, and takes the tasks away from those who had them. */
  const rescue = async () => {
    // A worker that the last statement of its process still holds is passed over, as one that lives would be.
    while ((await countStored(database, "workers")) > 0) {
      await database.admin("update plimsoll.task_workers set expires_at = plimsoll.now()");
      await database.admin("select plimsoll.rescue_tasks($1)", [limits.taskRescues]);
    }
    await database.admin("update plimsoll.task_later set due = 0");
  };
  const die = async () => {
    const [, signal] = (await once(spawnVictim(), "exit")) as [unknown, string];
    assert.equal(signal, "SIGKILL");
    // By this session the database knows that the process ended; its backend may take a while to notice.
    const listening = "select from pg_stat_activity where datname = current_database() and application_name = 'plimsoll-tasks'";
    await shown(database, `select where not exists (${listening})`);
    await rescue();
  };
  const many = (n: number, name: string) => Array.from({ length: n }, () => ({ name }));
  const rescues = async () =>
    Object.fromEntries(
      (
        await database.admin<{ name: string; rescues: number[] }>(
          "select input::json ->> 'name' as name, array_agg(distinct rescues) as rescues from plimsoll.tasks group by 1",
        )
      ).map((row) => [row.name, row.rescues]),
    );

  it("is a dead letter after five times, and no task that was beside it; the reason says what is known", { timeout: 240_000 }, async () => {
    const { id } = await starter.app.tasks.start(post, { name: "poison" });
    await starter.app.tasks.startMany(post, many(8, "slow"));
    for (let death = 1; death <= limits.taskRescues; death++) await die();
    const last = spawnVictim();
    await untilCount(database, "tasks", { count: 0 });
    last.kill("SIGKILL");
    const letters = await starter.app.tasks.deadLetters();
    assert.deepEqual(
      letters.map((letter) => [letter.id, letter.rescues, letter.reason]),
      [
        [
          id,
          limits.taskRescues,
          "Its worker was lost 5 times while it had this task, the last 3 times with no other task beside it: 5 times the process ended or was cut off from the database.",
        ],
      ],
    );
  });

  for (const [how, alone] of [
    ["alone", true],
    ["beside others, as where those took too long to end", false],
  ] as const)
    it(`is ${alone ? "" : "not "}a dead letter where it ran ${how} when its worker was lost for the last time`, async () => {
      const [recorded] = await database.admin("select from pg_proc where proname = 'begin_suspects'");
      assert.ok(recorded, "workers record the suspects that they begin");
      const { id } = await starter.app.tasks.start(post, { name: "suspect" });
      const [worker] = await database.admin<{ token: string }>("select plimsoll.join_workers('lost', $1) as token", [limits.taskLeaseMs]);
      await database.admin("update plimsoll.tasks set lease = $1, attempt = 1, rescues = $2 where id = $3", [
        ...[worker!.token, limits.taskRescues - 1, id],
      ]);
      await database.admin("select plimsoll.begin_suspects($1, $2, $3)", [worker!.token, [id], alone]);
      await rescue();
      assert.deepEqual([(await starter.app.tasks.deadLetters()).length, await countStored(database, "tasks")], alone ? [1, 0] : [0, 1]);
    });

  it("is counted, and what was claimed with it and never began is not", { timeout: 120_000 }, async () => {
    await starter.app.tasks.startMany(single, [{ name: "poison" }, ...many(3, "waits")]);
    await die();
    await die();
    assert.deepEqual(await rescues(), { poison: [2], waits: [1] });
  });

  it("by blocking it is not said to have ended it", { timeout: 240_000 }, async () => {
    await starter.app.tasks.start(post, { name: "blocks" });
    await starter.app.tasks.startMany(post, many(3, "slow"));
    for (let times = 1; times <= limits.taskRescues; times++) {
      const blocked = spawnVictim();
      // It has begun the one that blocks, and looks no more: its lease is not renewed.
      assert.ok(blocked.stdout);
      await once(blocked.stdout, "data");
      await rescue();
      await Promise.all([once(blocked, "exit"), blocked.kill("SIGKILL")]);
    }
    const [letter, ...others] = await starter.app.tasks.deadLetters();
    assert.deepEqual([letter?.code, others.length], ["internal", 0]);
    assert.doesNotMatch(letter?.reason ?? "", /process ended/);
    assert.match(letter?.reason ?? "", /5 times it did not renew its lease, as when its event loop is blocked/);
  });

  it("runs with no other task beside it from the second time on, and others go on in between", async () => {
    let running = 0;
    const beside: number[] = [];
    const ran: string[] = [];
    const body = async ({ name }: { readonly name: string }) => {
      running++;
      await new Promise((resolve) => setTimeout(resolve, 30));
      if (name === "suspect") beside.push(running - 1);
      ran.push(name);
      running--;
    };
    bodies.set("books.post", body);
    bodies.set("books.single", body);
    await starter.app.tasks.startMany(post, [...many(5, "other"), ...many(3, "suspect"), ...many(5, "other")]);
    await starter.app.tasks.startMany(single, many(5, "other"));
    await database.admin("update plimsoll.tasks set rescues = 2 where input::json ->> 'name' = 'suspect'");
    await using _worker = await booksApp(database, { roles: ["worker"] });
    await allDone(database);
    assert.deepEqual([beside, ran.length], [[0, 0, 0], 18]);
  });

  it("is not counted where it was not known to have begun, nor beside others after the second time", async () => {
    const columns = await count(database, "information_schema.columns where table_name = 'task_workers' and column_name = 'suspects'");
    assert.equal(columns, 1, "a worker says which suspects it begins");
    const [one, other] = [await starter.app.tasks.start(post, { name: "a" }), await starter.app.tasks.start(post, { name: "b" })];
    const lose = async (suspects: readonly string[], alone: boolean) => {
      await database.admin(
        "with w as (insert into plimsoll.task_workers (name, expires_at, suspects, alone) values ('w', plimsoll.now(), $1, $2) returning token) update plimsoll.tasks set lease = w.token, attempt = attempt + 1 from w",
        [suspects, alone],
      );
      await rescue();
      const tasks = await stored<{ id: string; rescues: number; attempt: number }>(database, "tasks", {
        columns: ["id", "rescues", "attempt"],
      });
      assert.ok(tasks.every(({ attempt }) => attempt === 0));
      return [one.id, other.id].map((id) => tasks.find((task) => task.id === id)?.rescues);
    };
    assert.deepEqual(await lose([], false), [1, 1], "the first time it is not known");
    assert.deepEqual(await lose([], false), [1, 1]);
    assert.deepEqual(await lose([one.id], false), [2, 1]);
    for (let n = 0; n < 5; n++) assert.deepEqual(await lose([one.id], false), [2, 1], "it may have been the other");
    assert.deepEqual(await lose([one.id], true), [3, 1]);
    assert.deepEqual(await lose([one.id], true), [4, 1]);
    assert.deepEqual(await lose([one.id], true), [undefined, 1]);
    assert.equal((await starter.app.tasks.deadLetters()).length, 1);
  });

  it("is not counted where it was the server that was away", async () => {
    const columns = await count(database, "information_schema.columns where table_name = 'task_workers' and column_name = 'renewed_at'");
    assert.equal(columns, 1, "it is known when a worker last renewed its lease");
    await starter.app.tasks.start(post, { name: "a" });
    await database.admin(
      "with w as (insert into plimsoll.task_workers (name, expires_at, renewed_at) values ('w', plimsoll.now(), pg_postmaster_start_time() - interval '1 s') returning token) update plimsoll.tasks set lease = w.token, attempt = 1 from w",
    );
    await rescue();
    assert.deepEqual(await stored(database, "tasks", { columns: ["rescues", "attempt"] }), [{ rescues: 0, attempt: 0 }]);
  });

  it("is released, with what waits for it to end, when its queue is paused or its process stops", async () => {
    const free = gate();
    const begun = gate();
    bodies.set("books.post", ({ name }) => {
      if (name !== "long") return;
      begun.open();
      return free.opened;
    });
    const worker = await booksApp(database, { roles: ["worker"] });
    await starter.app.tasks.start(post, { name: "long" });
    await begun.opened;
    await starter.app.tasks.pause("default");
    const { id } = await starter.app.tasks.start(post, { name: "suspect" });
    await database.admin("update plimsoll.tasks set rescues = 2 where id = $1", [id]);
    await starter.app.tasks.resume("default");
    await untilStored(database, "tasks", { id, leased: true });
    assert.equal(
      await count(database, `plimsoll.task_workers where '${id}' = any (suspects)`).catch(() => -1),
      0,
      "it waits until the other has ended",
    );
    await starter.app.tasks.pause("default");
    await untilStored(database, "tasks", { id, leased: false, attempt: 0, rescues: 2 });
    await starter.app.tasks.resume("default");
    await untilStored(database, "tasks", { id, leased: true });
    const stopped = worker.stop();
    await untilStored(database, "tasks", { id, leased: false, attempt: 0, rescues: 2 });
    free.open();
    await stopped;
  });
});

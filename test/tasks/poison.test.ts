import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { limits } from "../../src/core/limits.ts";
import { booksApp, booksDatabase, count, idle, post, shown } from "./books/books.ts";

const victim = fileURLToPath(new URL("./books/victim.ts", import.meta.url));

describe("a task that takes its process with it", () => {
  let database: TestDatabase;
  let starter: TestApp;
  before(async () => {
    database = await booksDatabase();
    starter = await booksApp(database, idle);
  });
  after(async () => {
    await starter.stop();
    await database.drop();
  });
  const spawnVictim = (): ChildProcess => spawn(process.execPath, ["--conditions=source", victim, database.url], { stdio: "ignore" });
  const endLeases = () => database.admin("update plimsoll.task_workers set expires_at = plimsoll.now()");
  const die = async () => {
    await endLeases();
    const [, signal] = (await once(spawnVictim(), "exit")) as [unknown, string];
    assert.equal(signal, "SIGKILL");
  };

  it("is buried after a few times, and nobody who was beside it", { timeout: 120_000 }, async () => {
    const { id } = await starter.app.tasks.start(post, { name: "poison" });
    await starter.app.tasks.startMany(
      post,
      Array.from({ length: 60 }, (_, i) => ({ name: `${i}` })),
    );
    for (let death = 1; death < 4; death++) await die();
    await endLeases();
    assert.equal(await count(database, "plimsoll.tasks where lease is not null"), 61, "they were claimed together each time");
    await database.admin("select plimsoll.rescue_tasks($1)", [limits.taskRescues]);
    // By now they come at different times. The poison is made the last here, so that the test need not wait for chance.
    const [spread] = await database.admin<{ n: number; ms: string }>(
      "select count(distinct due)::integer as n, max(due) - plimsoll.now_ms() as ms from plimsoll.task_later",
    );
    assert.ok(spread!.n > 40 && Number(spread!.ms) <= 10_000, JSON.stringify(spread));
    await database.admin("update plimsoll.task_later set due = case when id = $1 then 9e15 else 0 end", [id]);
    const heals = spawnVictim();
    await shown(database, "select where not exists (select from plimsoll.tasks) and (select count(*) from plimsoll.task_later) = 1");
    await Promise.all([once(heals, "exit"), heals.kill("SIGKILL")]);
    for (let death = 4; death <= limits.taskRescues; death++) {
      await database.admin("update plimsoll.task_later set due = 0");
      await die();
      await endLeases();
      await database.admin("select plimsoll.rescue_tasks($1)", [limits.taskRescues]);
    }
    const dead = await starter.app.tasks.dead();
    assert.deepEqual(
      dead.map((letter) => [letter.id, letter.rescues, letter.reason]),
      [[id, limits.taskRescues, "Its process ended 5 times while it ran."]],
    );
    assert.equal(await count(database, "plimsoll.tasks"), 0);
  });
});

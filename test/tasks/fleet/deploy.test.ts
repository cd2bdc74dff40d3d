import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type TestApp, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { session } from "../../integration/scratch.ts";
import { idle, shown } from "../books/books.ts";
import { emptyTasks, untilCount } from "../books/task-tables.ts";
import { fleet, fresh, plain, type Version } from "./versions.ts";

const path = fileURLToPath(new URL("./worker.ts", import.meta.url));

describe("a rolling deploy", () => {
  let database: TestDatabase;
  let starter: TestApp;
  const workers: ChildProcess[] = [];
  before(async () => {
    database = await testDatabase({ modules: [fleet("new")] });
    starter = await testApp({ modules: [fleet("new")], database, ...idle });
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) {
      worker.kill("SIGKILL");
      await once(worker, "exit");
    }
    await emptyTasks(database, { workers: true });
  });
  after(async () => {
    await starter.stop();
    await database.drop();
  });
  const work = async (...versions: readonly Version[]) => {
    const started = versions.map((version) => fork(path, [database.url, version], { execArgv: ["--conditions=source"], stdio: "ignore" }));
    workers.push(...started);
    await Promise.all(started.map((worker) => once(worker, "message")));
    await shown(database, "select from plimsoll.task_workers where queues <> '{}' having count(*) = $1", workers.length);
  };
  /** Alone, so that they are handed over where a worker is idle, and together. */
  const start = async (n: number) => {
    for (let i = 0; i < n / 2; i++) await starter.app.tasks.start(fresh, { n: i });
    await starter.app.tasks.startMany(
      fresh,
      Array.from({ length: n / 2 }, (_, i) => ({ n: i })),
    );
  };
  const outcomes = () =>
    database.admin<{ what: string; attempt: number; n: number }>(
      `select what, attempt, count(*)::integer as n from (
         select 'done' as what, attempt from plimsoll.task_done where name = 'fleet.fresh'
         union all select 'dead letter', attempt from plimsoll.task_dead_letters
         union all select 'put off', attempt from plimsoll.task_later where due > plimsoll.now_ms() + 5000) t group by 1, 2 order by 1, 2`,
    );
  const settled =
    "select where (select count(*) from plimsoll.task_done where name = 'fleet.fresh') = $1 or exists (select from plimsoll.task_dead_letters) or exists (select from plimsoll.task_later where due > plimsoll.now_ms() + 5000)";

  it("with two old workers and a new one costs no attempt of a task that only the new one knows", { timeout: 120_000 }, async () => {
    await work("old", "old", "new");
    await start(40);
    await shown(database, settled, 40);
    assert.deepEqual(await outcomes(), [{ what: "done", attempt: 2, n: 40 }], "the first attempt of each failed as it was asked to");
  });

  it("with old workers only leaves it as it is until a new one comes", { timeout: 120_000 }, async () => {
    await work("old", "old");
    await start(10);
    await starter.app.tasks.startMany(
      plain,
      Array.from({ length: 10 }, (_, n) => ({ n })),
    );
    await untilCount(database, "done", { count: 10, name: "fleet.plain" });
    assert.deepEqual(await database.admin("select name, lease, attempt, count(*)::integer as n from plimsoll.tasks group by 1, 2, 3"), [
      { name: "fleet.fresh", lease: null, attempt: 0, n: 10 },
    ]);
    await work("new");
    await shown(database, settled, 10);
    assert.deepEqual(await outcomes(), [{ what: "done", attempt: 2, n: 10 }]);
  });

  /** How long a claim took behind tasks that its worker does not know, the shortest of five that were undone. *Units*: milliseconds. */
  const claimMs = async (fairnessKeys: string) => {
    await emptyTasks(database, { workers: true });
    await database.admin(
      `insert into plimsoll.tasks (partition, id, name, queue, fairness_key, rank, born, input)
       select p.current, gen_random_uuid(), t.name, 'default', t.key, 1, 1, '{"n":1}' from plimsoll.task_partitions p, (
         select 'fleet.fresh', ${fairnessKeys} from generate_series(1, 20000) i union all select 'fleet.plain', 'z') t (name, key)`,
    );
    await using asked = await session(database.adminUrl, "select");
    const { rows } = await asked.query("select plimsoll.join_workers('old', 60000, '{fleet.plain}', '{default}') as token");
    const claim = "select name from plimsoll.claim_tasks($1, 'default', 100, null, 0, '{}', null, null, null)";
    const took: number[] = [];
    for (let i = 0; i < 5; i++) {
      await asked.query("begin");
      const startedAt = performance.now();
      assert.deepEqual((await asked.query(claim, [rows[0].token])).rows, [{ name: "fleet.plain" }]);
      took.push(performance.now() - startedAt);
      await asked.query("rollback");
    }
    return Math.min(...took);
  };

  it("does not make claims walk through the fairness keys of what they do not know", { timeout: 120_000 }, async () => {
    const [together, apart] = [await claimMs("''"), await claimMs("'k' || i")];
    assert.ok(apart < 50 + 5 * together, `${apart} ms behind tasks of a fairness key each, ${together} ms behind tasks of one`);
  });
});

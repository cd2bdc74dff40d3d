import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import { session } from "../integration/scratch.ts";
import { bodies, booksApp, booksDatabase, evenClock, gate, idle, names, once, post, shown } from "./books/books.ts";
import { allDone, countStored, emptyPart, emptyTasks, stored, untilStored } from "./books/task-tables.ts";

// What a worker loses when its lease ends is what another worker has by then. A lease is ended here as the database ends it: in the database.
const endLeases = "update plimsoll.task_workers set expires_at = plimsoll.now() - interval '1 ms'";

describe("a worker that lost its lease", () => {
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
    await Promise.all([emptyTasks(database, { workers: true }), database.admin("delete from books.entries")]);
  });
  after(async () => {
    await starter.stop();
    await database.drop();
  });
  const work = async () => {
    const worker = await booksApp(database, { roles: ["worker"] });
    workers.push(worker);
    return worker;
  };
  const start = (name = "a") => starter.app.tasks.start(post, { name }, { tenant: "acme" });
  const rescue = async () => {
    let rescued = 0;
    // Between the two a worker may look by itself: it renews its lease, and this restarts, or it is the one who rescues.
    for (let leased = true; rescued === 0 && leased; ) {
      await database.admin(endLeases);
      const [row] = await database.admin<{ n: number }>("select plimsoll.rescue_tasks($1) as n", [limits.taskRescues]);
      rescued = row?.n ?? 0;
      leased = (await database.admin("select from plimsoll.tasks where lease is not null")).length > 0;
    }
    // Those that were there at several deaths would come apart from each other.
    await database.admin("update plimsoll.task_later set due = 0; select plimsoll.promote_tasks(100)");
    return Math.max(1, rescued);
  };

  const endings: readonly [string, (attempt: number) => unknown][] = [
    ["complete", () => undefined],
    [
      "retry",
      () => {
        throw new Fault({ code: "unavailable", type: "test", message: "again" });
      },
    ],
    [
      "dead-letter",
      () => {
        throw new Fault({ code: "not_found", type: "test", message: "gone" });
      },
    ],
  ];
  for (const [verb, ending] of endings)
    it(`cannot ${verb} its task: another has it`, async () => {
      const begun = gate();
      const lost = gate();
      const attempts: number[] = [];
      bodies.set("books.post", async (_input, { attempt }) => {
        attempts.push(attempt);
        if (attempts.length > 1) return;
        begun.open();
        await lost.opened;
        return ending(attempt);
      });
      const worker = await work();
      // It learns so from what it writes, or from its regular look before.
      const noticed = Promise.race([
        worker.app.tasks.signals.lost.next(),
        worker.app.tasks.signals.ended.next(({ outcome }) => outcome === "lost"),
      ]);
      const { id } = await start();
      await begun.opened;
      assert.equal(await rescue(), 1);
      // Another session holds it, and goes on for long.
      const [{ token }] = (await database.admin<{ token: string }>("select plimsoll.join_workers('other', 60000) as token")) as [
        { token: string },
      ];
      await database.admin("update plimsoll.tasks set lease = $1, attempt = attempt + 1", [token]);
      lost.open();
      await noticed;
      const [task] = await stored(database, "tasks", { columns: ["id", "lease", "attempt", "rescues"] });
      assert.deepEqual(task, { id, lease: token, attempt: 1, rescues: 1 });
      assert.deepEqual([await countStored(database, "deadLetters"), await countStored(database, "later")], [0, 0]);
      await database.admin("select plimsoll.leave_workers($1)", [token]);
      await allDone(database);
      assert.deepEqual(attempts, [1, 1]);
    });

  it("cannot commit, and leaves nothing behind", async () => {
    const begun = gate();
    const lost = gate();
    const refusals: unknown[] = [];
    bodies.set("books.post", async ({ name }, { commit }) => {
      begun.open();
      await lost.opened;
      await commit(({ sql }) => sql`insert into books.entries (id, name) values (gen_random_uuid(), ${name})`.run()).catch(
        (error: unknown) => {
          refusals.push((error as Fault).type);
          throw error;
        },
      );
    });
    await work();
    await start();
    await begun.opened;
    await rescue();
    lost.open();
    await allDone(database);
    assert.deepEqual([await names(database), refusals.length], [["a"], 1]);
  });

  it("stops what runs, joins again and goes on", async () => {
    const worker = await work();
    const begun = gate();
    const reasons: unknown[] = [];
    bodies.set("books.post", async ({ name }, { signal }) => {
      if (name === "b") return;
      begun.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      reasons.push((signal.reason as Fault).type);
    });
    await start();
    await begun.opened;
    const lost = worker.app.tasks.signals.ended.next(({ outcome }) => outcome === "lost");
    await emptyPart(database, "workers");
    await lost;
    await untilStored(database, "workers");
    const ended = worker.app.tasks.signals.ended.next(({ outcome }) => outcome === "completed");
    await start("b");
    await ended;
    assert.deepEqual(reasons, ["lease_lost"]);
    await emptyPart(database, "tasks");
  });

  it("learns so from a claim too", async () => {
    const worker = await work();
    await emptyPart(database, "workers");
    await start();
    await untilStored(database, "workers");
    await allDone(database);
    assert.ok(worker.app.tasks.works);
  });

  describe("is replaced", () => {
    /** A worker that stands still: what it claimed stays claimed. */
    const stall = async (task: string) => {
      const [{ token }] = (await database.admin<{ token: string }>("select plimsoll.join_workers('stalled', $1) as token", [
        limits.taskLeaseMs,
      ])) as [{ token: string }];
      await database.admin("update plimsoll.tasks set lease = $1, attempt = attempt + 1 where id = $2", [token, task]);
      await database.admin("select plimsoll.begin_suspects($1, $2, true)", [token, [task]]);
      return token;
    };

    it("within its lease and two seconds of durable time", async () => {
      const { id } = await start();
      await stall(id);
      await database.admin("update plimsoll.task_workers set expires_at = plimsoll.now() + interval '300 ms'");
      const [{ due }] = (await database.admin<{ due: number }>(
        "select (extract(epoch from expires_at) * 1000)::float8 as due from plimsoll.task_workers",
      )) as [{ due: number }];
      const worker = await work();
      const rescued = worker.app.tasks.signals.rescued.next();
      let healed = 0;
      bodies.set("books.post", async () => {
        const [row] = await database.admin<{ now: number }>("select (extract(epoch from plimsoll.now()) * 1000)::float8 as now");
        healed = row!.now;
      });
      assert.equal((await rescued).tasks, 1);
      await allDone(database);
      assert.ok(healed >= due && healed < due + 2_000, `${healed - due} ms after the end of the lease`);
    });

    it("not before: who renews keeps what it has", async () => {
      const begun = gate();
      const free = gate();
      let runs = 0;
      bodies.set("books.post", () => {
        runs++;
        begun.open();
        return free.opened;
      });
      const worker = await work();
      await start();
      await begun.opened;
      await database.admin("update plimsoll.task_workers set expires_at = plimsoll.now() + interval '4 s'");
      const [before] = await database.admin<{ at: string }>("select expires_at::text as at from plimsoll.task_workers");
      await shown(database, "select from plimsoll.task_workers where expires_at::text <> $1", before!.at);
      assert.equal(await countStored(database, "tasks", { leased: true, rescues: 0 }), 1);
      free.open();
      await allDone(database);
      assert.deepEqual([runs, worker.app.tasks.works], [1, true]);
    });

    it("and what it had keeps its attempt, its place and its key", async () => {
      const { id } = await starter.app.tasks.start(once, { name: "a" }, { key: "k" });
      const look = "select attempt, rank, key from plimsoll.tasks";
      const [before] = await database.admin(look);
      await stall(id);
      assert.equal(await rescue(), 1);
      assert.deepEqual((await database.admin(look))[0], before);
    });

    it("and a task that took too many with it becomes a dead letter, and its key is free", async () => {
      const { id } = await starter.app.tasks.start(once, { name: "a" }, { key: "k" });
      const { id: other } = await start("other");
      for (let death = 1; death <= limits.taskRescues; death++) {
        await stall(id);
        if (death === limits.taskRescues) await stall(other);
        await rescue();
      }
      const [letter] = await starter.app.tasks.deadLetters();
      assert.deepEqual([letter?.id, letter?.rescues], [id, 5]);
      assert.match(
        letter?.reason ?? "",
        /^Its worker was lost 5 times while it had this task, the last 3 times with no other task beside it/,
      );
      assert.equal(await starter.app.tasks.state(other), "available", "one death is not enough");
      assert.ok((await starter.app.tasks.start(once, { name: "b" }, { key: "k" })).started);
    });

    it("and one that was done in between restarts the count", async () => {
      const { id } = await start();
      for (let death = 1; death < limits.taskRescues; death++) {
        await stall(id);
        await rescue();
      }
      const failed = gate();
      bodies.set("books.post", (_input, { attempt }) => {
        if (attempt > 1) return failed.opened;
        throw new RangeError("it ends, and its process lives");
      });
      await work();
      await untilStored(database, "tasks", { attempt: 2, rescues: 0 });
      failed.open();
      await allDone(database);
    });
  });

  it("releases what a claim takes that is on its way while it leaves", async () => {
    await start();
    const [{ token }] = (await database.admin<{ token: string }>("select plimsoll.join_workers('leaving', 60000) as token")) as [
      { token: string },
    ];
    await using claiming = await session(database.adminUrl, "begin");
    await claiming.query("select from plimsoll.claim_tasks($1, 'default', 10, null, 0, '{}', null, null, null)", [token]);
    const left = database.admin("select plimsoll.leave_workers($1)", [token]);
    await shown(database, "select from pg_locks where locktype = 'transactionid' and not granted");
    await claiming.query("commit");
    await left;
    assert.deepEqual(await stored(database, "tasks", { columns: ["lease", "attempt"] }), [{ lease: null, attempt: 0 }]);
  });

  it("takes itself for lost before others do when it cannot reach the database for a lease", async () => {
    let skipMs = 0;
    const worker = await booksApp(database, { roles: ["worker"], clock: { ...evenClock, monotonic: () => performance.now() + skipMs } });
    workers.push(worker);
    const begun = gate();
    bodies.set("books.post", async (_input, { signal }) => {
      begun.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    await start();
    await begun.opened;
    const ended = worker.app.tasks.signals.ended.next();
    await database.admin("alter function plimsoll.worker_heartbeat rename to worker_heartbeat_away");
    try {
      skipMs = limits.taskLeaseMs;
      assert.equal((await ended).outcome, "lost");
    } finally {
      await database.admin("alter function plimsoll.worker_heartbeat_away rename to worker_heartbeat");
      await emptyPart(database, "tasks");
    }
  });
});

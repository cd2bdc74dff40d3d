import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { TestDatabase } from "plimsoll/testing";
import { systemClock } from "../../../src/core/clock.ts";
import { LoadLines } from "../../../src/core/load-line/load-lines.ts";
import { Metrics } from "../../../src/core/metrics.ts";
import { PostgresDatabase } from "../../../src/postgres/database.ts";
import type { ClaimedTask, Place, Settlement } from "../../../src/tasks/ports/claim-store.ts";
import { booksDatabase } from "../books/books.ts";
import { countStored, emptyTasks } from "../books/task-tables.ts";

// A crash of the server forgets claims. The worker that had one still runs that task, and another task, which it claims after the crash, may lie at the same place.

const row = (name: string) => ({
  ...{ id: systemClock.uuid(), name, queue: "default", fairnessKey: "", priority: 0, capped: false, input: "{}", context: undefined },
});

describe("a task that lies where another one lay", () => {
  let database: TestDatabase;
  let opened: PostgresDatabase;
  let token: number;
  before(async () => {
    database = await booksDatabase();
    const modules = {
      modules: [],
      metrics: new Metrics(),
      loadLines: new LoadLines(systemClock),
      clock: systemClock,
      serviceName: "places",
    };
    opened = new PostgresDatabase({}, modules, async () => ({ url: database.url, adminUrl: database.adminUrl }));
    await opened.start();
  });
  afterEach(() => emptyTasks(database, { workers: true }));
  after(async () => {
    await opened.stop();
    await database.drop();
  });

  /** Two that this worker has, and where the second one lies with the id of the first. */
  const claimTwo = async (): Promise<{ readonly first: ClaimedTask; readonly second: ClaimedTask; readonly stale: Place }> => {
    const { tasks } = opened;
    token = await tasks.join("worker", { names: ["first", "second", "more"], queues: ["default"] });
    await tasks.insert([row("first"), row("second")]);
    const asked = { queue: "default", limit: 2, after: undefined, floor: 0, except: [], maxPerKey: undefined, rate: undefined };
    const [first, second] = await tasks.claim(token, asked);
    assert.ok(first !== undefined && second !== undefined);
    return { first, second, stale: { ...second, id: first.id } };
  };
  /** `claimedAt`: as far as the worker knows, the server may have crashed since. */
  const done = (place: Place, claimedAt = -1) => ({ ...place, claimedAt });
  const settle = (over: Partial<Settlement>) =>
    opened.tasks.settle(token, { ...{ completed: [], kept: [], retried: [], deadLettered: [] }, ...over });
  const retry = (place: Place) => ({ ...place, delayMs: 0, spent: true, context: null });
  const letter = (place: Place) => ({ ...place, code: "c", reason: "r", context: null });

  const ends: Record<string, (place: Place) => Partial<Settlement>> = {
    "is completed": (place) => ({ completed: [done(place)] }),
    "is completed and remembered": (place) => ({ kept: [done(place)] }),
    "is to be retried": (place) => ({ retried: [retry(place)] }),
    "is dead-lettered": (place) => ({ deadLettered: [letter(place)] }),
  };
  for (const [title, of] of Object.entries(ends))
    it(`stays as it is when the other ${title}`, async () => {
      const { first, second, stale } = await claimTwo();
      assert.equal(await settle(of(stale)), 0);
      assert.equal(await countStored(database, "tasks", { leased: true }), 2);
      assert.deepEqual([await countStored(database, "done"), await countStored(database, "deadLetters")], [0, 0]);
      assert.deepEqual(await opened.tasks.held(token, [first, second]), new Set([first.id, second.id]));
    });

  it("stays as it is when the other is completed with those that lie where they lay", async () => {
    const { second, stale } = await claimTwo();
    const more = Array.from({ length: 20 }, () => row("more"));
    await opened.tasks.insert(more);
    const asked = { queue: "default", limit: 100, after: undefined, floor: 0, except: [], maxPerKey: undefined, rate: undefined };
    const claimed = await opened.tasks.claim(token, asked);
    assert.equal(await settle({ completed: [...claimed, stale].map((place) => done(place)) }), 20);
    assert.deepEqual(await opened.tasks.held(token, [second]), new Set([second.id]));
  });

  it("stays as it is where others end in other ways beside it", async () => {
    const { first, second, stale } = await claimTwo();
    await opened.tasks.insert(["more", "more", "more"].map(row));
    const asked = { queue: "default", limit: 100, after: undefined, floor: 0, except: [], maxPerKey: undefined, rate: undefined };
    const [ended, again, lost] = await opened.tasks.claim(token, asked);
    assert.equal(await settle({ completed: [done(stale), done(ended!)], retried: [retry(again!)], deadLettered: [letter(lost!)] }), 3);
    assert.deepEqual(await opened.tasks.held(token, [first, second, ended!, again!, lost!]), new Set([first.id, second.id]));
    assert.deepEqual([await countStored(database, "tasks"), await countStored(database, "deadLetters")], [3, 1]);
    assert.equal(await settle({ completed: [done(first), done(second)] }), 2, "the connections can be used");
  });

  it("is completed itself, also with the other that lay there", async () => {
    const { second, stale } = await claimTwo();
    assert.equal(await settle({ completed: [done(stale), done(second)] }), 1);
    assert.equal(await countStored(database, "tasks", { id: second.id }), 0);
  });

  it("is not looked for where the same backends have served since before the claims, as no crash has left them any", async () => {
    const { stale } = await claimTwo();
    assert.equal(await settle({ completed: [done(stale, Math.floor(systemClock.monotonic()))] }), 1);
  });

  it("stays as it is where the backends are others than at the claims", async () => {
    const { stale } = await claimTwo();
    const claimedAt = Math.floor(systemClock.monotonic());
    await database.admin(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    const settled = async (): Promise<number> => settle({ completed: [done(stale, claimedAt)] }).catch(settled);
    assert.equal(await settled(), 0);
    assert.equal(await countStored(database, "tasks", { leased: true }), 2);
  });

  it("stays as it is when the other is released", async () => {
    const { stale } = await claimTwo();
    await opened.tasks.release(token, [stale]);
    assert.equal(await countStored(database, "tasks", { leased: true }), 2);
  });

  it("stays as it is when the other is completed in a transaction, which is undone", async () => {
    const { stale } = await claimTwo();
    const { text, values } = opened.tasks.completion(token, stale, false);
    const read = database.admin(text.replace(/\$(\d)/g, (_, n) => `'${values[n - 1]}'`));
    await assert.rejects(read, { type: "lease_lost" });
    assert.equal(await countStored(database, "tasks", { leased: true }), 2);
  });
});

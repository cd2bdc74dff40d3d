import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { command, module, signedIn, task } from "plimsoll";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { Fault } from "../../../src/core/fault.ts";
import { idle } from "../books/books.ts";
import { countStored, emptyTasks, stored, untilCount } from "../books/task-tables.ts";

const keep = task("bulk.keep", {
  input: z.object({ n: z.number(), text: z.string().optional() }),
  budget: "30s",
  run: async () => undefined,
});
const sole = task("bulk.sole", { input: z.object({ n: z.number() }), budget: "30s", unique: "active", run: async () => undefined });
const fill = command("bulk.fill", {
  input: z.object({ count: z.number(), chars: z.number() }),
  output: z.object({}),
  access: signedIn(),
  idempotent: "no",
  budget: { deadline: "20s", calls: 1_000 },
  async run({ count: n, chars }, { start }) {
    for (let i = 0; i < n; i++) await start(keep, { n: i, text: "x".repeat(chars) });
    return {};
  },
});
const bulk = module("bulk", { schema: "bulk", operations: [keep, sole, fill] });
/** Of one statement; a task has 256 KiB at most. */
const mostBytes = 4_194_304;
const large = 250_000;

describe("tasks that are started together", () => {
  let database: TestDatabase;
  let starter: TestApp;
  before(async () => {
    database = await testDatabase({ modules: [bulk] });
    starter = await testApp({ modules: [bulk], database, actor: testActor({ tenant: "acme" }), ...idle });
  });
  afterEach(() => emptyTasks(database));
  after(async () => {
    await starter.stop();
    await database.drop();
  });
  const inputs = (n: number, chars = 0) => Array.from({ length: n }, (_, i) => ({ n: i, ...(chars > 0 && { text: "x".repeat(chars) }) }));
  const statements = async () => {
    const rows = await stored<{ xmin: string; cmin: string; input: string }>(database, "tasks", { columns: ["xmin", "cmin", "input"] });
    return [...Map.groupBy(rows, ({ xmin, cmin }) => `${xmin} ${cmin}`).values()].map((part) => ({
      tasks: part.length,
      bytes: part.reduce((sum, { input }) => sum + Buffer.byteLength(input), 0),
    }));
  };
  const areBounded = async (tasks: number) => {
    const parts = await statements();
    assert.equal(
      parts.reduce((sum, part) => sum + part.tasks, 0),
      tasks,
    );
    const largest = Math.max(...parts.map(({ bytes }) => bytes));
    assert.ok(largest <= mostBytes, `${largest} bytes in one statement`);
    assert.ok(parts.length <= Math.ceil((tasks * large) / (mostBytes - 2 * large)) + 2, `${parts.length} statements are enough`);
  };

  it("are written by their size as well as by their number", async () => {
    const ids = await starter.app.tasks.startMany(keep, inputs(60, large));
    await areBounded(60);
    const rows = await stored<{ id: string }>(database, "tasks", { columns: ["id"] });
    assert.deepEqual(rows.map(({ id }) => id).toSorted(), ids.toSorted());
  });

  it("by many callers at once are written by their size as well", async () => {
    await Promise.all(inputs(60, large).map((input) => starter.app.tasks.start(keep, input)));
    await areBounded(60);
  });

  it("by one transaction are written by their size as well, all or none", async () => {
    await starter.call(fill, { count: 60, chars: large });
    await areBounded(60);
  });

  it("by one transaction have a bound, and none of them is started beyond it", async () => {
    await assert.rejects(
      starter.call(fill, { count: 280, chars: large }),
      (error) => error instanceof Fault && error.type === "task_too_large",
    );
    assert.equal(await countStored(database, "tasks"), 0);
  });

  it("that are small are written a thousand at a time (as before)", async () => {
    await starter.app.tasks.startMany(keep, inputs(2_500));
    assert.deepEqual(
      (await statements()).map(({ tasks }) => tasks).toSorted((a, b) => a - b),
      [500, 1_000, 1_000],
    );
  });

  it("are all checked before the first is written (as before)", async () => {
    const wrong = [...inputs(3_000), { n: "no number" }] as never;
    await assert.rejects(starter.app.tasks.startMany(keep, wrong), (error) => error instanceof Fault && error.type === "invalid_input");
    assert.equal(await countStored(database, "tasks"), 0);
  });

  describe("with keys", () => {
    const taken = (started: Promise<readonly string[]>) =>
      started.catch((error: Error) => assert.fail(`a key is refused: ${error.message}`));
    const startMany = (n: number, key: unknown, of: typeof keep = keep) =>
      taken(starter.app.tasks.startMany(of, inputs(n), { tenant: "acme", key } as never));

    for (const [what, key] of [
      ["one word for all", "import-7"],
      ["one of each", ({ n }: { n: number }) => `row-${n}`],
    ] as const)
      it(`are started once, however often the call is repeated: ${what}`, async () => {
        const first = await startMany(1_500, key);
        assert.deepEqual(await startMany(1_500, key), first);
        const longer = await startMany(1_700, key);
        assert.deepEqual(longer.slice(0, 1_500), first);
        assert.equal(await countStored(database, "tasks"), 1_700);
      });

    it("are known to a start of one of them", async () => {
      const ids = await startMany(3, ({ n }: { n: number }) => `row-${n}`);
      assert.deepEqual(await starter.app.tasks.start(keep, { n: 1 }, { key: "row-1", tenant: "acme" }), { id: ids[1], started: false });
    });

    it("are started once where two have one key", async () => {
      const ids = await taken(
        starter.app.tasks.startMany(keep, [{ n: 1 }, { n: 2 }, { n: 1 }], {
          key: ({ n }: { n: number }) => `k${n}`,
        } as never),
      );
      assert.deepEqual([ids[0] === ids[2], new Set(ids).size, await countStored(database, "tasks")], [true, 2, 2]);
    });

    it("are refused where a key stands for another input", async () => {
      await startMany(2, "a");
      await assert.rejects(
        starter.app.tasks.startMany(keep, [{ n: 0 }, { n: 5 }], { tenant: "acme", key: "a" } as never),
        (error) => error instanceof Fault && error.type === "task_key_mismatch",
      );
      assert.equal(await countStored(database, "tasks"), 2);
    });

    it("that stand while a task is active are free once it is done (as before)", async () => {
      const first = await startMany(3, "a", sole as never);
      await using _worker = await testApp({ modules: [bulk], database, roles: ["worker"] });
      await untilCount(database, "tasks", { count: 0 });
      assert.equal(await countStored(database, "keys"), 0);
      assert.equal(
        (await startMany(3, "a", sole as never)).some((id) => first.includes(id)),
        false,
      );
    });

    it("are started once by two processes that start the same ones in another order at the same time", async () => {
      await using other = await testApp({ modules: [bulk], database, ...idle });
      const all = inputs(2_000);
      const key = ({ n }: { n: number }) => `row-${n}`;
      const [one, two] = await Promise.all([
        taken(starter.app.tasks.startMany(keep, all, { key } as never)),
        taken(other.app.tasks.startMany(keep, all.toReversed(), { key } as never)),
      ]);
      assert.deepEqual(two.toReversed(), one);
      assert.equal(await countStored(database, "tasks"), 2_000);
    });
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command, type Fault, fault, module, type Sql, signedIn, task, type WriteScope } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { FaultProxy, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { runtimeOf } from "../../../src/app/app.ts";
import { fail } from "../../../src/core/fault.ts";
import { countStored, emptyPart } from "../../tasks/books/task-tables.ts";
import { bank } from "../bank/bank.ts";

const alice = testActor({ id: "alice", tenant: "acme" });
const quick = { input: z.object({}), output: z.object({}), access: signedIn(), budget: "2s" } as const;
const Taken = fault("taken", { code: "already_exists", message: "It is taken. Take another." });
type Attempting = WriteScope & { attempt<T>(work: () => Promise<T>): Promise<T> };

describe("attempt", () => {
  let database: TestDatabase;
  let names = 0;
  before(async () => {
    database = await testDatabase({ modules: [bank] });
    await database.admin("create table bank.notes (id text primary key); grant all on bank.notes to public");
  });
  after(() => database.drop());
  const note = (sql: Sql, id: string) => sql`insert into bank.notes (id) values (${id})`.run();
  const noted = task("a.noted", { input: z.object({ id: z.string() }), budget: "1s", run: async () => undefined });
  const takes = command("a.takes", {
    ...{ ...quick, input: z.object({ row: z.int().optional() }), idempotent: "no", faults: [Taken] },
    async run(_, { sql }) {
      await note(sql, "called");
      return fail(Taken, {});
    },
  });

  async function outcome(
    run: (scope: Attempting) => Promise<unknown>,
    { key = false, through }: { key?: boolean; through?: FaultProxy } = {},
  ) {
    await database.admin("truncate bank.notes");
    await emptyPart(database, "tasks");
    const runs = command(`a.c${names++}`, {
      ...{ ...quick, idempotent: key ? "key" : "no", faults: [Taken] },
      run: async (_: object, scope: WriteScope) => {
        await run(scope as Attempting);
        return {};
      },
    } as never) as never;
    await using app = await testApp({
      modules: [bank, module("a", { operations: [runs, takes, noted] })],
      actor: alice,
      roles: ["serve"],
      database: postgres({ url: through?.through(database.url) ?? database.url, connections: 1 }),
    });
    await runtimeOf(app.app).database?.ping();
    const before = through?.flights ?? 0;
    const executed = app.executed(runs);
    await (app.call(runs, {} as never) as Promise<unknown>).catch(() => undefined);
    const flights = (through?.flights ?? 0) - before;
    const { fault: ended } = await executed;
    const notes = (await database.admin("select id from bank.notes order by id")).map(({ id }) => id);
    const tasks = await countStored(database, "tasks");
    return { type: ended?.type ?? "ok", notes, tasks, flights };
  }
  const caught = (promise: Promise<unknown>) =>
    promise.then(
      () => assert.fail("it was kept"),
      (error) => error,
    );

  const kept: Record<string, [run: (scope: Attempting) => Promise<unknown>, notes: readonly string[], tasks?: number]> = {
    "keeps what succeeds": [async ({ sql, attempt }) => attempt(() => note(sql, "a")), ["a"]],
    "undoes a statement that the server refuses, and lets the rest commit": [
      async ({ sql, attempt }) => {
        await note(sql, "a");
        await caught(
          attempt(async () => {
            await note(sql, "b");
            await note(sql, "a");
          }),
        );
        await note(sql, "c");
      },
      ["a", "c"],
    ],
    "undoes it where it is the last thing that the handler does": [
      async ({ sql, attempt }) => {
        await note(sql, "a");
        await caught(attempt(() => note(sql, "a")));
      },
      ["a"],
    ],
    "undoes it where it is the only thing": [async ({ sql, attempt }) => void (await caught(attempt(() => sql`select 1 / 0`.run()))), []],
    "undoes what the handler throws after statements that succeeded": [
      async ({ sql, attempt }) => {
        const error = await caught(
          attempt(async () => {
            await note(sql, "a");
            return fail(Taken, {});
          }),
        );
        assert.equal(error.type, "taken");
        await note(sql, "b");
      },
      ["b"],
    ],
    "undoes a called command, whose fault would otherwise doom the transaction": [
      async ({ sql, call, attempt }) => {
        await caught(attempt(() => call(takes, {})));
        await note(sql, "b");
      },
      ["b"],
    ],
    "undoes one() that found nothing": [
      async ({ sql, attempt }) => {
        await caught(
          attempt(async () => {
            await note(sql, "a");
            await sql`select 1 where false`.one();
          }),
        );
        await note(sql, "b");
      },
      ["b"],
    ],
    "undoes an error that its work swallowed": [
      async ({ sql, attempt }) => {
        await caught(
          attempt(async () => {
            await note(sql, "a");
            await sql`select 1 / 0`.run().catch(() => undefined);
          }),
        );
        await note(sql, "b");
      },
      ["b"],
    ],
    "undoes starts of tasks, and keeps those before and after": [
      async ({ start, attempt }) => {
        await start(noted, { id: "before" });
        await caught(
          attempt(async () => {
            await start(noted, { id: "within" });
            return fail(Taken, {});
          }),
        );
        await start(noted, { id: "after" });
      },
      [],
      2,
    ],
    "undoes the first start of a task, and keeps one after it": [
      async ({ start, attempt }) => {
        await caught(
          attempt(async () => {
            await start(noted, { id: "within" });
            return fail(Taken, {});
          }),
        );
        await start(noted, { id: "after" });
      },
      [],
      1,
    ],
    "undoes the only start of a task": [
      async ({ start, attempt }) =>
        void (await caught(
          attempt(async () => {
            await start(noted, { id: "within" });
            return fail(Taken, {});
          }),
        )),
      [],
      0,
    ],
    "nests: the inner one is undone alone": [
      async ({ sql, attempt }) => {
        await attempt(async () => {
          await note(sql, "outer");
          await caught(attempt(() => note(sql, "outer")));
          await note(sql, "more");
        });
      },
      ["more", "outer"],
    ],
    "nests: the outer one undoes what the inner one kept": [
      async ({ sql, start, attempt }) => {
        await caught(
          attempt(async () => {
            await attempt(async () => {
              await note(sql, "inner");
              await start(noted, { id: "inner" });
            });
            return fail(Taken, {});
          }),
        );
        await note(sql, "b");
      },
      ["b"],
    ],
    "may be made one after the other": [
      async ({ sql, attempt }) => {
        for (const id of ["a", "a", "b", "a", "c"]) await attempt(() => note(sql, id)).catch(() => undefined);
      },
      ["a", "b", "c"],
    ],
    "may be empty": [
      async ({ sql, attempt }) => {
        await attempt(async () => undefined);
        await note(sql, "a");
      },
      ["a"],
    ],
  };
  for (const [name, [run, notes, tasks = 0]] of Object.entries(kept)) {
    for (const key of [false, true]) {
      it(`${name}${key ? ", under a key" : ""}`, async () => {
        const { flights: _, ...ended } = await outcome(run, { key });
        assert.deepEqual(ended, { type: "ok", notes, tasks });
      });
    }
  }

  const lost: Record<string, [run: (scope: Attempting) => Promise<unknown>, type: string]> = {
    "fails the whole where the handler does not catch its fault": [async ({ attempt }) => attempt(async () => fail(Taken, {})), "taken"],
    "is no way around a conflict: the command is run again, and fails": [
      async ({ sql, attempt }) => {
        await note(sql, "a");
        await attempt(() => sql`do $$ begin raise sqlstate '40001'; end $$`.run()).catch(() => undefined);
      },
      "conflict",
    ],
    "runs beside no statement": [
      async ({ sql, attempt }) => {
        await Promise.allSettled([attempt(() => note(sql, "a")), note(sql, "b")]);
      },
      "attempt_overlapped",
    ],
    "runs beside no other attempt": [
      async ({ sql, attempt }) => {
        await Promise.allSettled([attempt(() => note(sql, "a")), attempt(() => note(sql, "b"))]);
      },
      "attempt_overlapped",
    ],
    "leaves no statement running": [
      async ({ sql, attempt }) => {
        await attempt(async () => void note(sql, "a")).catch(() => undefined);
        await note(sql, "b");
      },
      "floating_statements",
    ],
  };
  for (const [name, [run, type]] of Object.entries(lost)) {
    it(name, async () => {
      const ended = await outcome(run);
      assert.deepEqual([ended.type, ended.notes], [type, []]);
    });
  }

  it("costs no flight: the savepoint goes out with the first statement, its end with the next", async () => {
    await using proxy = new FaultProxy({ host: new URL(database.url).hostname, port: Number(new URL(database.url).port) });
    await proxy.start();
    const one = await outcome(({ sql, attempt }) => attempt(() => note(sql, "a")), { through: proxy, key: true });
    assert.deepEqual([one.type, one.flights], ["ok", 2]);
    const undone = await outcome(
      async ({ sql, attempt }) => {
        await attempt(() => sql`select 1 / 0`.run()).catch(() => undefined);
        await note(sql, "b");
      },
      { through: proxy },
    );
    assert.deepEqual([undone.type, undone.flights, undone.notes], ["ok", 3, ["b"]]);
  });

  it("lets a handler choose otherwise, as the guide shows it", async () => {
    const takeSeat = takes;
    const { type, notes } = await outcome(async ({ sql, call, attempt }) => {
      // The guide quotes this.
      const seat = await attempt(() => call(takeSeat, { row: 1 })).catch((error: Fault) =>
        error.type === "taken" ? undefined : Promise.reject(error),
      );
      if (seat === undefined) await sql`insert into bank.notes (id) values ('waits')`.run();
    });
    assert.deepEqual([type, notes], ["ok", ["waits"]]);
  });

  it("is in the commit of a task", async () => {
    await database.admin("truncate bank.notes");
    const commits = task("a.commits", {
      ...{ input: z.object({}), budget: "2s", retry: { attempts: 1 } },
      run: (_, { commit }) =>
        commit(async (scope) => {
          const { sql, attempt } = scope as unknown as Attempting;
          await note(sql, "a");
          await attempt(() => note(sql, "a")).catch(() => undefined);
        }),
    });
    await using app = await testApp({
      modules: [bank, module("a", { operations: [commits] })],
      actor: alice,
      database: postgres({ url: database.url }),
    });
    const executed = app.executed(commits as never);
    await app.app.tasks.start(commits, {});
    assert.equal((await executed).outcome, "ok");
    assert.deepEqual(await database.admin("select id from bank.notes"), [{ id: "a" }]);
  });
});

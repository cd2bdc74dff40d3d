import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type ActionScope, action, command, fault, module, query, type Sql, signedIn, sqlFragment, task, type WriteScope } from "plimsoll";
import { kysely } from "plimsoll/kysely";
import { postgres } from "plimsoll/postgres";
import { type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { fail } from "../../../src/core/fault.ts";
import { bank } from "../bank/bank.ts";

const alice = testActor({ id: "alice", tenant: "acme" });
const quick = { input: z.object({}), output: z.object({}), access: signedIn(), budget: "2s" } as const;
const Missing = fault("missing", { code: "not_found", message: "It is missing. Look elsewhere." });

describe("what a handler forgot", () => {
  let database: TestDatabase;
  let names = 0;
  before(async () => {
    database = await testDatabase({ modules: [bank] });
    await database.admin("create table bank.notes (id text primary key); grant all on bank.notes to public");
  });
  after(() => database.drop());
  const notes = async () => (await database.admin("select id from bank.notes order by id")).map(({ id }) => id);
  const insert = (sql: Sql, id: string) => sql`insert into bank.notes (id) values (${id})`;
  const misses = query("f.misses", { ...quick, faults: [Missing], run: async () => fail(Missing, {}) });
  const reads = query("f.reads", {
    ...quick,
    async run(_, { sql }) {
      await sql`select pg_sleep(0.02)`.run();
      return {};
    },
  });
  const idle = task("f.idle", { input: z.object({}), budget: "1s", run: async () => undefined });

  /** Runs a handler once in an app of its own; returns how its execution ended, and what was left in the table. */
  async function outcome(operation: ReturnType<typeof action> | ReturnType<typeof command> | ReturnType<typeof query>) {
    await database.admin("truncate bank.notes");
    const app = await testApp({
      modules: [bank, module("f", { operations: [misses, reads, idle, operation] as never })],
      actor: alice,
      database: postgres({ url: database.url, connections: 2 }),
    });
    const strays: unknown[] = [];
    const stray = (error: unknown) => void strays.push(error);
    // The runner's own listeners would take a stray rejection for a failure of the test itself; here it is what is looked for.
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", stray);
    try {
      const executed = app.executed(operation as never);
      await app.call(operation as never, {} as never).catch(() => undefined);
      const { fault: ended } = await executed;
      await app.stop();
      await new Promise((resolve) => setImmediate(resolve));
      return { type: ended?.type ?? "ok", message: ended?.message ?? "", notes: await notes(), strays: strays.length };
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const other of others) process.on("unhandledRejection", other);
    }
  }
  type Run<S> = (scope: S) => unknown;
  const ran = (run: Run<WriteScope>, more: object = {}) =>
    outcome(
      command(`f.c${names++}`, {
        ...quick,
        idempotent: "no",
        faults: [Missing],
        ...more,
        run: async (_: object, scope: WriteScope) => {
          await run(scope);
          return {};
        },
      } as never) as never,
    );
  const acted = (run: Run<ActionScope>) =>
    outcome(
      action(`f.a${names++}`, {
        ...quick,
        idempotent: "no",
        faults: [Missing],
        async run(_: object, scope: ActionScope) {
          await run(scope);
          return {};
        },
      } as never) as never,
    );
  // Types refuse to await a statement; what was written in JavaScript does it all the same.
  const untyped = (value: unknown): Promise<unknown> => value as Promise<unknown>;

  describe("a statement that was never run undoes its execution and names its line", () => {
    const cases: Record<string, Run<WriteScope>> = {
      alone: ({ sql }) => void insert(sql, "never"),
      awaited: async ({ sql }) => untyped(await untyped(insert(sql, "never"))),
      "awaited, and its rejection swallowed": async ({ sql }) =>
        void (await untyped(insert(sql, "never")).then(undefined, () => undefined)),
      "after one that was run": async ({ sql }) => {
        await insert(sql, "run").run();
        void sql`delete from bank.notes`;
      },
      "with the schema of its rows": ({ sql }) => void sql(z.object({ id: z.string() }))`delete from bank.notes returning id`,
      "behind a comment": ({ sql }) =>
        void sql`-- all of them
        /* really */ delete from bank.notes`,
      "that only selects, for what its function does": ({ sql }) => void sql`select pg_advisory_xact_lock(1)`,
      "with a fragment inside": ({ sql }) => void sql`delete from bank.notes where ${sqlFragment`id = ${"a"}`}`,
      "that begins with a fragment": ({ sql }) => void sql`${sqlFragment`delete`} from bank.notes`,
      "in a common table expression": ({ sql }) => void sql`with gone as (delete from bank.notes returning id) select count(*) from gone`,
      "sent as text": ({ sql }) => void sql.unsafe("delete from bank.notes"),
      "sent as text with values": ({ sql }) => void sql.unsafe("delete from bank.notes where id = $1", ["a"]),
    };
    for (const [name, run] of Object.entries(cases)) {
      it(name, async () => {
        const { type, message, notes: left } = await ran(run);
        assert.equal(type, "statement_not_run");
        assert.match(message, /forgotten\.test\.ts:\d+:\d+/);
        assert.deepEqual(left, []);
      });
    }

    it("in a keyed command", async () => {
      const { type } = await ran(({ sql }) => void insert(sql, "never"), { idempotent: "key" });
      assert.equal(type, "statement_not_run");
    });

    it("in a query", async () => {
      const forgets = query(`f.q${names++}`, {
        ...quick,
        async run(_, { sql }) {
          void sql`select 1`;
          return {};
        },
      });
      assert.equal((await outcome(forgets as never)).type, "statement_not_run");
    });

    it("in owns, where it would have admitted every caller", async () => {
      const owns = query(`f.q${names++}`, {
        ...quick,
        owns: (_: object, { sql }: { sql: Sql }) => sql`select 1 from bank.notes where false` as never,
        run: async () => ({}),
      } as never);
      assert.equal((await outcome(owns as never)).type, "statement_not_run");
    });

    it("in a called command, caught or not", async () => {
      const inner = command(`f.c${names++}`, {
        ...quick,
        idempotent: "no",
        async run(_, { sql }) {
          void insert(sql, "inner");
          return {};
        },
      });
      await database.admin("truncate bank.notes");
      const outer = command("f.outer", {
        ...quick,
        idempotent: "no",
        async run(_, { sql, call }) {
          await insert(sql, "outer").run();
          await call(inner, {}).catch(() => undefined);
          return {};
        },
      });
      await using app = await testApp({
        modules: [bank, module("f", { operations: [inner, outer] })],
        actor: alice,
        database: postgres({ url: database.url }),
      });
      const executed = app.executed(outer);
      await app.call(outer, {}).catch(() => undefined);
      assert.equal((await executed).fault?.type, "statement_not_run");
      assert.deepEqual(await notes(), []);
    });

    it("in the commit of a task", async () => {
      const commits = task("f.commits", {
        input: z.object({}),
        budget: "2s",
        retry: { attempts: 1 },
        async run(_, { commit }) {
          await commit(async ({ sql }) => {
            await insert(sql, "task").run();
            void sql`delete from bank.notes`;
          });
        },
      });
      await database.admin("truncate bank.notes");
      await using app = await testApp({
        modules: [bank, module("f", { operations: [commits] })],
        actor: alice,
        database: postgres({ url: database.url }),
      });
      const executed = app.executed(commits as never);
      await app.app.tasks.start(commits, {});
      assert.equal((await executed).fault?.type, "statement_not_run");
      assert.deepEqual(await notes(), []);
    });
  });

  describe("what is rightly never sent by itself is none (as before)", () => {
    const cases: Record<string, Run<WriteScope>> = {
      "a fragment inside a statement (as before)": async ({ sql }) => {
        const mine = sql`id = ${"a"}`;
        await sql`delete from bank.notes where ${mine}`.run();
      },
      "a subquery inside a fragment inside a statement (as before)": async ({ sql }) => {
        const all = sql`select id from bank.notes`;
        await sql`select 1 where ${sql`exists (${all})`}`.many();
      },
      "a fragment that one path does not need (as before)": ({ sql }) =>
        void [sql`order by id desc`, sql`and id = ${1}`, sql`set id = ${"a"}`, sql`do nothing`, sql`update set id = ${"a"}`],
      "a subquery of sqlFragment that one path does not need (as before)": () => void sqlFragment`select id from bank.notes`,
      "Kysely (as before)": async ({ sql }) => {
        const db = kysely<{ "bank.notes": { id: string } }>(sql);
        await db.insertInto("bank.notes").values({ id: "a" }).execute();
        await db.deleteFrom("bank.notes").where("id", "in", db.selectFrom("bank.notes").select("id")).execute();
      },
    };
    for (const [name, run] of Object.entries(cases)) it(name, async () => assert.equal((await ran(run)).type, "ok"));
  });

  describe("a rejection that was not awaited fails its execution and nothing else", () => {
    const cases: Record<string, [type: string, run: Run<WriteScope>]> = {
      "of a statement that the server refuses": [
        "check_violation",
        async ({ sql }) => {
          void sql`insert into bank.accounts (tenant_id, id, owner, balance) values ('acme', 1, 'alice', -1)`.run();
          await sql`select 1`.run();
        },
      ],
      "of one() that found nothing": [
        "internal",
        async ({ sql }) => {
          void sql`select 1 where false`.one();
          await insert(sql, "kept").run();
        },
      ],
      "of maybe() that found two": [
        "internal",
        async ({ sql }) => {
          void sql`select generate_series(1, 2)`.maybe();
          await insert(sql, "kept").run();
        },
      ],
      "of a row that its schema refuses": [
        "invalid_row",
        async ({ sql }) => {
          void sql(z.object({ id: z.string() }))`select 1 as id`.many();
          await insert(sql, "kept").run();
        },
      ],
      "of a parameter that is undefined": [
        "internal",
        async ({ sql }) => {
          void sql`select ${undefined}`.many();
          await insert(sql, "kept").run();
        },
      ],
      "of a called query": [
        "promise_not_awaited",
        async ({ sql, call }) => {
          void call(misses, {});
          await insert(sql, "kept").run();
        },
      ],
      "of a start": [
        "promise_not_awaited",
        async ({ sql, start }) => {
          void start(idle, { wrong: 1n } as never, { delay: "never" as never });
          await insert(sql, "kept").run();
        },
      ],
      "of a span": [
        "promise_not_awaited",
        async ({ sql, span }: WriteScope) => {
          void span("s", () => assert.fail("inside"));
          await insert(sql, "kept").run();
        },
      ],
      "of a statement that is still running": ["floating_statements", ({ sql }) => void sql`select 1 / 0`.run()],
    };
    for (const [name, [expected, run]] of Object.entries(cases)) {
      it(name, async () => {
        const { type, strays, notes: left } = await ran(run);
        assert.deepEqual({ type, strays, left }, { type: expected, strays: 0, left: [] });
      });
    }

    it("of a call in an action", async () => {
      const { type, strays } = await acted(async ({ call }) => {
        void call(misses, {});
        await call(reads, {});
      });
      assert.deepEqual({ type, strays }, { type: "promise_not_awaited", strays: 0 });
    });

    it("of an upstream in an action", async () => {
      const { type, strays } = await acted(async ({ upstream, call }) => {
        void upstream("mail", () => assert.fail("refused"));
        await call(reads, {});
      });
      assert.deepEqual({ type, strays }, { type: "promise_not_awaited", strays: 0 });
    });

    it("of a called query that still runs when the handler returns", async () => {
      assert.equal((await ran(({ call }) => void call(reads, {}))).type, "promise_not_awaited");
      assert.equal((await acted(({ call }) => void call(reads, {}))).type, "promise_not_awaited");
    });

    it("while one that was caught fails nothing (as before)", async () => {
      const { type, notes: left } = await ran(async ({ sql, call }) => {
        await call(misses, {}).catch(() => undefined);
        await insert(sql, "kept").run();
      });
      assert.deepEqual({ type, left }, { type: "ok", left: ["kept"] });
    });

    it("and a race that an action lost fails nothing (as before)", async () => {
      const { type } = await acted(({ upstream, call }) =>
        Promise.race([upstream("slow", () => new Promise(() => undefined)), call(reads, {})]),
      );
      assert.equal(type, "ok");
    });
  });

  it("does not end a supervised process, also where a function of its own forgot to await", async () => {
    const child: ChildProcess = spawn(
      process.execPath,
      ["--conditions=source", fileURLToPath(new URL("../fixtures/forgets.ts", import.meta.url)), database.url],
      {
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    const [output] = await Promise.all([text(child.stdout ?? assert.fail()), once(child, "exit")]);
    assert.equal(output.trim(), "direct internal\nwrapped internal\nafter ok", "every call was answered, and the process went on");
    assert.equal(child.exitCode, 0);
  });
});

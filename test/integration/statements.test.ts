import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command, module, query, type Sql, signedIn, sqlFragment } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { makeSql } from "../../src/operation/sql.ts";
import { bank } from "./bank/bank.ts";
import { connectionGauges } from "./bank/gauges.ts";
import { probe, read, write } from "./bank/probe.ts";
import { testServers } from "./servers.ts";

const alice = testActor({ id: "alice", tenant: "acme" });
const Nothing = z.object({});
const quick = { input: Nothing, output: Nothing, access: signedIn(), budget: "2s" } as const;

/** Every type that tables hold, as it is written, sent and read. */
const types: readonly (readonly [type: string, sent: unknown, read: unknown])[] = [
  ["int8", 9_007_199_254_740_991, 9_007_199_254_740_991],
  ["int8", "-9007199254740991", -9_007_199_254_740_991],
  ["int4", -2_147_483_648, -2_147_483_648],
  ["float8", 0.1, 0.1],
  ["numeric", "123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"],
  ["numeric(10,2)", 12.5, "12.50"],
  ["text", "ünï\u0001'\"\\", "ünï\u0001'\"\\"],
  ["bool", true, true],
  ["uuid", "01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8057"],
  ["timestamptz", "2026-11-21T09:15:30.123456+01:00", "2026-11-21T08:15:30.123456Z"],
  ["timestamptz", new Date(Date.UTC(2026, 10, 21)), "2026-11-21T00:00:00Z"],
  ["timestamptz", "infinity", "infinity"],
  ["timestamp", "2026-11-21 08:15:30.5", "2026-11-21T08:15:30.5"],
  ["date", "2026-02-28", "2026-02-28"],
  ["json", { a: [1, null, "x"] }, { a: [1, null, "x"] }],
  ["jsonb", { b: { c: 1.5 } }, { b: { c: 1.5 } }],
  ["jsonb", JSON.stringify([1, 2]), [1, 2]],
  ["int8[]", [1, 2, null], [1, 2, null]],
  ["text[]", ["a,b", 'c"d', null, ""], ["a,b", 'c"d', null, ""]],
  ["numeric[]", ["1.10", "2"], ["1.10", "2"]],
  ["uuid[]", ["01890a5d-ac96-774b-bcce-b302099a8057"], ["01890a5d-ac96-774b-bcce-b302099a8057"]],
  ["timestamptz[]", ["2026-11-21T08:15:30Z"], ["2026-11-21T08:15:30Z"]],
  ["date[]", ["2026-02-28"], ["2026-02-28"]],
  ["int8[]", [], []],
];

for (const server of await testServers()) {
  describe(`statements, on ${server.name}`, () => {
    let database: TestDatabase;
    let app: TestApp;
    const start = (operations: Parameters<typeof module>[1]["operations"], connections = 2): Promise<TestApp> =>
      testApp({
        modules: [bank, probe, ...(operations.length > 0 ? [module("t", { operations })] : [])],
        actor: alice,
        database: postgres({ url: database.url, connections }),
      });
    /** Resolves when every connection has come back: a query that failed gives its own back a moment after its answer. */
    const allFree = async (of: TestApp) => {
      for (;;) {
        const { open, idle } = connectionGauges(of.app);
        if (open === idle) return;
        await database.admin("select 1");
      }
    };

    before(async () => {
      database = await testDatabase({ modules: [bank, probe], server });
      app = await start([], 1);
    });
    after(async () => {
      await app.stop();
      await database.drop();
      await server.stop();
    });

    for (const [type, sent, expected] of types) {
      it(`brings ${type} ${JSON.stringify(sent)} there and back`, async () => {
        const roundTrip = query("t.round-trip", {
          ...quick,
          output: z.object({ value: z.unknown(), nothing: z.unknown() }),
          run: (_, { sql }) =>
            sql<{
              value: unknown;
              nothing: unknown;
            }>`select ${sent}::${sql.unsafe(type)} as value, null::${sql.unsafe(type)} as nothing`.one(),
        });
        await using typed = await start([roundTrip]);
        assert.deepEqual(await typed.call(roundTrip, {}), { value: expected, nothing: null });
      });
    }

    it("brings bytes there and back", async () => {
      const seen: Buffer[] = [];
      const bytes = Buffer.from([0, 1, 92, 255]);
      const roundTrip = query("t.bytes", {
        ...quick,
        run: async (_, { sql }) => {
          seen.push((await sql<{ value: Buffer }>`select ${bytes}::bytea as value`.one()).value);
          return {};
        },
      });
      await using typed = await start([roundTrip]);
      await typed.call(roundTrip, {});
      assert.deepEqual(seen, [bytes]);
    });

    it("refuse an int8 that is no safe number, and use the connection again", async () => {
      for (const text of ["select 9007199254740992::int8 as n", "select array[1, 9007199254740992::int8] as n"])
        await assert.rejects(app.call(read, { text }), { code: "internal" });
      assert.deepEqual(await app.call(read, { text: "select 9007199254740992::int8::text as n" }), { rows: [{ n: "9007199254740992" }] });
      await allFree(app);
    });

    it("keep at most 512 of them prepared on a connection", async () => {
      const texts = Array.from({ length: 600 }, (_, i) => `select ${i} as n, $1::int as one`);
      for (const [i, text] of texts.entries()) assert.deepEqual(await app.call(read, { text, values: [1] }), { rows: [{ n: i, one: 1 }] });
      assert.deepEqual(await app.call(read, { text: texts[599] as string, values: [1] }), { rows: [{ n: 599, one: 1 }] });
      const { rows } = await app.call(read, { text: "select count(*) as n from pg_prepared_statements" });
      assert.equal(rows[0]?.n, 512);
    });

    it("name columns for each as it asks, also where two have the same text", async () => {
      const text = "select $1::int as total_cents";
      await using fresh = await start([], 1);
      const asIs = { rows: [{ total_cents: 1 }] };
      const camel = { rows: [{ totalCents: 1 }] };
      assert.deepEqual(await fresh.call(read, { text, values: [1] }), camel);
      assert.deepEqual(await fresh.call(read, { text, values: [1], columnsAsIs: true }), asIs);
      assert.deepEqual(await fresh.call(read, { text, values: [1] }), camel);
    });

    it("may be sent many at once, also with the same text before it was prepared", async () => {
      const many = query("t.many", {
        ...quick,
        output: z.object({ sum: z.int() }),
        run: async (_, { sql }) => {
          const twice = (n: number) => sql<{ n: number }>`select ${n}::int * 2 as n`.one();
          const rows = await Promise.all(Array.from({ length: 20 }, (_, n) => twice(n)));
          return { sum: rows.reduce((sum, { n }) => sum + n, 0) };
        },
      });
      await using fresh = await start([many], 1);
      assert.deepEqual(await fresh.call(many, {}), { sum: 380 });
    });

    it("that are wrong in the first flight are reported by their own error, and leave the connection as it was", async () => {
      const processId = async () => (await app.call(read, { text: "select pg_backend_pid() as id" })).rows[0]?.id;
      const before = await processId();
      const failed = app.executed(write);
      await assert.rejects(app.call(write, { texts: ["select nonsense"] }, { key: "first-flight" }), { code: "internal" });
      const { cause } = (await failed).fault as { cause: { code?: string } };
      assert.equal(cause.code, "42703");
      await assert.rejects(app.call(read, { text: "select $1::int / 0", values: [1] }), { code: "internal" });
      await assert.rejects(app.call(read, { text: "select $1::int / 0", values: [1] }), { code: "internal" });
      assert.equal(await processId(), before);
      // Nothing was kept under the key.
      await app.call(write, { texts: ["select 1"] }, { key: "first-flight-2" });
      await assert.rejects(app.call(write, { texts: ["select nonsense"] }, { key: "first-flight" }), { code: "internal" });
    });

    it("are prepared again where a migration changed what they answer", async () => {
      await database.admin(
        "create table bank.changing (a int); insert into bank.changing values (1); grant select on bank.changing to public",
      );
      const all = { ...quick, output: z.object({ row: z.unknown() }) };
      const select = ({ sql }: { sql: Sql }) => sql`select * from bank.changing where a = ${1}`.one().then((row) => ({ row }));
      const asQuery = query("t.changing-query", { ...all, run: (_, scope) => select(scope) });
      const asCommand = command("t.changing-command", { ...all, idempotent: "key", run: (_, scope) => select(scope) });
      await using served = await start([asQuery, asCommand], 2);
      await Promise.all([served.call(asQuery, {}), served.call(asQuery, {}), served.call(asCommand, {})]);
      await database.admin("alter table bank.changing add column b int default 2");
      // A command is run again by itself.
      assert.deepEqual(await served.call(asCommand, {}), { row: { a: 1, b: 2 } });
      for (let i = 0; i < 4; i++) assert.deepEqual(await served.call(asQuery, {}), { row: { a: 1, b: 2 } });
      await database.admin("alter table bank.changing add column c int default 3");
      await assert.rejects(served.call(asQuery, {}), { code: "aborted", type: "plan_changed" });
      for (let i = 0; i < 4; i++) assert.deepEqual(await served.call(asQuery, {}), { row: { a: 1, b: 2, c: 3 } });
    });

    it("are counted against the budget, those of called operations included", async () => {
      const inner = query("t.inner", {
        ...quick,
        async run(_, { sql }) {
          await sql`select 1`.run();
          return {};
        },
      });
      const over = query("t.over", {
        ...quick,
        budget: { deadline: "2s", queries: 3 },
        async run(_, { sql, call }) {
          await sql`select 1`.run();
          await call(inner, {});
          await call(inner, {});
          await sql`select 1`.run();
          return {};
        },
      });
      await using counted = await start([inner, over]);
      const executed = counted.executed(over);
      await assert.rejects(counted.call(over, {}), {
        type: "query_budget_exceeded",
        details: { limit: "t.over queries", value: 3, load: 4 },
      });
      assert.equal((await executed).refusal?.limit, "t.over queries");
      await allFree(counted);
    });

    it("run at the isolation that their command declares, and read-only in a query", async () => {
      const state = { ...quick, output: z.object({ isolation: z.string(), readOnly: z.string() }) };
      const show = async (sql: Sql) =>
        sql<{ isolation: string; readOnly: string }>`
          select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only`.one();
      const plain = command("t.plain", { ...state, idempotent: "no", run: (_, { sql }) => show(sql) });
      const repeatable = command("t.repeatable", {
        ...state,
        idempotent: "no",
        isolation: "repeatable read",
        run: (_, { sql }) => show(sql),
      });
      const serializable = command("t.serializable", {
        ...state,
        idempotent: "key",
        isolation: "serializable",
        run: (_, { sql }) => show(sql),
      });
      const reading = query("t.reading", { ...state, run: (_, { sql }) => show(sql) });
      await using isolated = await start([plain, repeatable, serializable, reading]);
      assert.deepEqual(await isolated.call(plain, {}), { isolation: "read committed", readOnly: "off" });
      assert.deepEqual(await isolated.call(repeatable, {}), { isolation: "repeatable read", readOnly: "off" });
      assert.deepEqual(await isolated.call(serializable, {}), { isolation: "serializable", readOnly: "off" });
      assert.deepEqual(await isolated.call(reading, {}), { isolation: "read committed", readOnly: "on" });
    });
  });
}

describe("sql", () => {
  const sql = makeSql(undefined);

  it("makes every value a parameter, and fragments part of the text", () => {
    const paid = sqlFragment`status = ${"paid"}`;
    const either = sql`(${paid} or total > ${100})`;
    const { text, values } = (sql`select * from orders where ${either} and note = ${"it's; drop table"}` as never as Compiled).compile();
    assert.equal(text, "select * from orders where (status = $1 or total > $2) and note = $3");
    assert.deepEqual(values, ["paid", 100, "it's; drop table"]);
  });

  it("takes text without values as a fragment, and refuses one that numbers its own", () => {
    const column = sql.unsafe("id desc");
    const compiled = (sql`select ${1} order by ${column}` as never as Compiled).compile();
    assert.equal(compiled.text, "select $1 order by id desc");
    assert.throws(() => (sql`select ${sql.unsafe("$1", [1])}` as never as Compiled).compile(), /numbers its own parameters/);
  });

  it("refuses undefined, and a fragment that is sent by itself", async () => {
    assert.throws(() => (sql`select ${undefined}` as never as Compiled).compile(), /write null/);
    assert.throws(() => (sql`select ${sql`a = ${undefined}`}` as never as Compiled).compile(), /write null/);
    await assert.rejects(sqlFragment`select 1`.run(), /belongs to no transaction/);
  });
});

interface Compiled {
  compile(): { text: string; values: readonly unknown[] };
}

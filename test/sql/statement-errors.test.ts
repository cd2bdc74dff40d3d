import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Sql } from "plimsoll";
import * as plimsoll from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { logs } from "plimsoll/telemetry";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { testServers } from "../integration/servers.ts";
import { cells, doWork, work } from "./cells/cells.ts";

const alice = testActor({ id: "alice", tenant: "acme" });

interface Cause {
  readonly message?: string;
  readonly code?: string;
  readonly statement?: string;
  readonly position?: number;
  readonly writtenAt?: string;
}
interface Failure {
  readonly code?: string;
  readonly type?: string;
  readonly details?: { readonly problems?: readonly { readonly pointer: string; readonly message: string }[] };
}

/** Values that came with the input and that the database cannot keep, with what the statement does with them. */
const unstorable: readonly (readonly [name: string, field: unknown, run: (sql: Sql, field: never) => Promise<unknown>, pointer: string])[] =
  [
    ["an int4 that overflows", 3_000_000_000, (sql, field) => sql`insert into cells.cells (c_int4) values (${field})`.run(), "/field"],
    [
      "an int8 that overflows",
      "9223372036854775808",
      (sql, field) => sql`insert into cells.cells (c_int8) values (${field})`.run(),
      "/field",
    ],
    ["a number that is no integer", 1.5, (sql, field) => sql`insert into cells.cells (c_int2) values (${field})`.run(), "/field"],
    ["a text that is too long", "12345", (sql, field) => sql`insert into cells.cells (c_short) values (${field})`.run(), "/field"],
    [
      "one of several texts",
      "12345",
      (sql, field) => sql`insert into cells.cells (c_text, c_short) values (${"abc"}, ${field})`.run(),
      "/field",
    ],
    ["a bad uuid", "no uuid", (sql, field) => sql`select from cells.cells where c_uuid = ${field}`.exists(), "/field"],
    ["a bad date", "2026-02-30", (sql, field) => sql`insert into cells.cells (c_date) values (${field})`.run(), "/field"],
    [
      "a bad time zone",
      "2026-01-01T00:00:00 Mars/Olympus",
      (sql, field) => sql`insert into cells.cells (c_timestamptz) values (${field})`.run(),
      "/field",
    ],
    ["a bad enum", "angry", (sql, field) => sql`insert into cells.cells (c_mood) values (${field})`.run(), "/field"],
    ["a numeric that overflows", 1_000, (sql, field) => sql`insert into cells.cells (c_price) values (${field})`.run(), "/field"],
    [
      "a field of a field",
      { "a/b": ["x", "no uuid"] },
      (sql, field) => sql`select ${(field as { "a/b": string[] })["a/b"][1]}::uuid`.run(),
      "/field/a~1b/1",
    ],
    [
      "an element of an array",
      [1, 3_000_000_000],
      (sql, field) => sql`insert into cells.cells (c_ints) values (${field})`.run(),
      "/field/1",
    ],
    [
      "an element of an array made from it",
      [{ id: "no uuid" }],
      (sql, field) => sql`select ${(field as { id: string }[]).map(({ id }) => id)}::uuid[]`.run(),
      "/field/0/id",
    ],
    ["a value that only the run of a statement refuses", "no number", (sql, field) => sql`select (${field}::text)::int4`.run(), "/field"],
    ["a bad pattern", "(", (sql, field) => sql`select 'a' ~ ${field}::text`.run(), "/field"],
  ];
const unstorableTexts: readonly (readonly [name: string, field: unknown, run: (sql: Sql, field: never) => Promise<unknown>])[] = [
  ["U+0000", "a\0b", (sql, field) => sql`insert into cells.cells (c_text) values (${field})`.run()],
  ["U+0000 inside of JSON", { a: "\0" }, (sql, field) => sql`insert into cells.cells (c_jsonb) values (${field})`.run()],
  ["U+0000 in a pattern", "a\0b", (sql, field) => sql`select from cells.cells where c_text like ${`%${field}%`}`.run()],
  ["half a surrogate pair", "a\ud800", (sql, field) => sql`insert into cells.cells (c_text) values (${field})`.run()],
];

for (const server of await testServers()) {
  describe(`a statement that fails, on ${server.name}`, () => {
    let database: TestDatabase;
    let app: TestApp;

    before(async () => {
      database = await testDatabase({ modules: [cells], server });
      app = await testApp({ modules: [cells], actor: alice, database: postgres({ url: database.url, connections: 1 }) });
    });
    after(async () => {
      await app.stop();
      await database.drop();
      await server.stop();
    });

    const failureOf = async (run: (sql: Sql) => Promise<unknown>, input: { field?: unknown; other?: unknown } = {}) => {
      work.run = async (sql) => void (await run(sql));
      const executed = app.executed(doWork);
      const failure = (await app.call(doWork, input).then(
        () => ({ code: "nothing failed" }),
        (error: unknown) => error,
      )) as Failure;
      return { failure, cause: ((await executed).fault?.cause ?? {}) as Cause };
    };
    const backend = async () => {
      let id = 0;
      work.run = async (sql) => {
        id = (await sql<{ id: number }>`select pg_backend_pid() as id`.one()).id;
      };
      await app.call(doWork, {});
      return id;
    };

    for (const [name, field, run, pointer] of unstorable)
      it(`of ${name} is the caller's, and names the field`, async () => {
        const { failure, cause } = await failureOf((sql) => run(sql, field as never), { field });
        assert.deepEqual([failure.code, failure.type], ["invalid_argument", "invalid_input"], cause.message);
        assert.deepEqual(
          failure.details?.problems?.map((problem) => problem.pointer),
          [pointer],
        );
        assert.doesNotMatch(JSON.stringify(failure), /select|insert|varchar|character varying|SQLSTATE/);
      });

    for (const [name, field, run] of unstorableTexts)
      it(`of ${name} is the caller's, and names the field`, async () => {
        const { failure } = await failureOf((sql) => run(sql, field as never), { field });
        assert.deepEqual([failure.code, failure.type], ["invalid_argument", "text_unstorable"]);
        assert.ok(failure.details?.problems?.[0]?.pointer.startsWith("/field"));
      });

    for (const [name, , run] of unstorable.slice(0, 10))
      it(`of ${name} that the handler made is a bug, with its statement (and SQLSTATE) for the log`, async () => {
        const field = unstorable.find((row) => row[0] === name)![1];
        const { failure, cause } = await failureOf((sql) => run(sql, field as never), { field: "something else" });
        assert.equal(failure.code, "internal");
        assert.match(String(cause.statement), /cells/);
        assert.match(String(cause.writtenAt), /statement-errors\.test\.ts:\d+/);
      });

    it("of U+0000 that the handler made is a bug", async () => {
      const { failure } = await failureOf((sql) => sql`select ${"\0"}::text`.run(), { field: "x" });
      assert.equal(failure.code, "internal");
    });

    it("of a value that could be one of two is a bug: the caller is not blamed without proof", async () => {
      const run = (sql: Sql) => sql`insert into cells.cells (c_short, c_text) values (${"123456"}, ${"1234567"})`.run();
      const { failure, cause } = await failureOf(run, { field: "123456", other: "1234567" });
      assert.equal(failure.code, "internal");
      assert.match(String(cause.statement), /c_short/);
    });

    it("of a kind that the column does not take is a bug, also where the value came with the input", async () => {
      const field = { a: 1 };
      const { failure, cause } = await failureOf((sql) => sql`insert into cells.cells (c_text) values (${field})`.run(), { field });
      assert.equal(failure.code, "internal");
      assert.match(String(cause.message), /Parameter \$1 is an object, and text does not take it/);
    });

    it("says for the log what was sent, where in it the error is, its SQLSTATE, and where the handler wrote it", async () => {
      const { failure, cause } = await failureOf((sql) => sql`select 1 as one, nonsense from cells.cells`.many());
      assert.equal(failure.code, "internal");
      assert.deepEqual([cause.code, cause.statement, cause.position], ["42703", "select 1 as one, nonsense from cells.cells", 18]);
      assert.match(String(cause.writtenAt), /statement-errors\.test\.ts:\d+:\d+/);
      assert.doesNotMatch(JSON.stringify(failure), /nonsense/);
    });

    it("is in the log with all of that", async () => {
      const lines: string[] = [];
      const telemetry = [logs({ destination: { write: (line) => void lines.push(line) } })];
      await using logged = await testApp({
        ...{ modules: [cells], actor: alice, telemetry },
        database: postgres({ url: database.url, connections: 1 }),
      });
      work.run = async (sql) => void (await sql`select 1 as one, nonsense from cells.cells`.many());
      await assert.rejects(logged.call(doWork, {}));
      const { error } = JSON.parse(lines.find((line) => line.includes("nonsense")) ?? '{"error":{}}');
      assert.deepEqual([error.sqlstate, error.statement, error.position], ["42703", "select 1 as one, nonsense from cells.cells", 18]);
      assert.match(String(error.written_at), /statement-errors\.test\.ts:\d+:\d+/);
    });

    it("says the same of a broken rule, and shows no caller anything of it", async () => {
      const { failure, cause } = await failureOf((sql) => sql`insert into cells.cells (c_cents) values (${-1})`.run(), { field: 1 });
      assert.equal(failure.code, "failed_precondition");
      assert.match(String(cause.statement), /insert into cells/);
      assert.match(String(cause.writtenAt), /statement-errors\.test\.ts/);
    });

    for (const [name, run] of Object.entries({
      "more parameters than PostgreSQL takes": (sql: Sql) => sql.unsafe("select $1::int", new Array(70_000).fill(0)).run(),
      "more parameters than its text names": (sql: Sql) => sql.unsafe("select $1::int", [1, 2]).run(),
      "fewer parameters than its text names": (sql: Sql) => sql.unsafe("select $1::int + $2::int", [1]).run(),
      "a parameter in a comment": (sql: Sql) => sql`select 1 -- ${1}`.run(),
      "two statements in one text (as before)": (sql: Sql) => sql`select ${1}::int; select 2`.run(),
    }))
      it(`is a bug and no outage, after which the connection is used again, with ${name}`, async () => {
        const before = await backend();
        const { failure, cause } = await failureOf(run);
        assert.equal(failure.code, "internal", `${failure.type}: ${cause.message}`);
        assert.equal(await backend(), before);
      });

    it("with 65,536 parameters is refused before it is sent, with what to write", async () => {
      const { cause } = await failureOf((sql) => sql.unsafe("select $1", new Array(65_536).fill(0)).run());
      assert.match(String(cause.message), /65536 parameters, and PostgreSQL takes 65535.*unnest/);
    });

    it("may have 65,535 parameters (as before)", async () => {
      const many = Array.from({ length: 65_535 }, (_, at) => `$${at + 1}::int`).join(",");
      const { failure } = await failureOf((sql) => sql.unsafe(`select 1 where 0 in (${many})`, new Array(65_535).fill(0)).run());
      assert.deepEqual(failure, { code: "nothing failed" });
    });

    it("takes no array beside more than 32,767 others: what it is for is not asked of the server", async () => {
      const many = Array.from({ length: 32_767 }, (_, at) => `$${at + 2}::int`).join(",");
      const { cause } = await failureOf((sql) =>
        sql.unsafe(`select $1::jsonb where 0 in (${many})`, [[], ...new Array(32_767).fill(0)]).run(),
      );
      assert.match(String(cause.message), /Parameter \$1 is an array.*unnest/);
    });

    describe("what is read", () => {
      const rowsOf = async (run: (sql: Sql) => Promise<unknown>) => {
        let rows: unknown;
        const { failure, cause } = await failureOf(async (sql) => {
          rows = await run(sql);
        });
        return failure.code === "nothing failed" ? rows : `${failure.code}: ${cause.message}`;
      };

      for (const [name, run] of Object.entries({
        "two columns of one name": (sql: Sql) => sql`select 1 as id, 2 as id`.one(),
        "two that are one in camel case": (sql: Sql) => sql`select 1 as total_cents, 2 as "totalCents"`.one(),
        "two of a join, with no row": (sql: Sql) => sql`select a.c_int4, b.c_int4 from cells.cells a, cells.cells b where false`.many(),
        "two without a name": (sql: Sql) => sql`select 1, 2`.maybe(),
        "two through unsafe, as they are": (sql: Sql) => sql.unsafe("select 1 as a, 2 as a", [], { columnsAsIs: true }).many(),
      }))
        it(`is refused where it has ${name}`, async () => assert.match(String(await rowsOf(run)), /internal: two columns are named/));

      it("is refused where a column would be a prototype", async () =>
        assert.match(String(await rowsOf((sql) => sql.unsafe(`select '{"a":1}'::jsonb as "__proto__"`).one())), /internal: .*__proto__/));

      it("may have two columns of one name that are not read (as before)", async () => {
        assert.equal(await rowsOf((sql) => sql`select pg_advisory_xact_lock(1), pg_advisory_xact_lock(2)`.run()), 1);
        assert.equal(await rowsOf((sql) => sql`select 1, 2`.exists()), true);
      });
    });

    describe("exists", () => {
      for (const [name, run] of Object.entries<(sql: Sql) => Promise<boolean>>({
        "a semicolon": (sql) => sql`select ${1}::int;`.exists(),
        "semicolons and spaces": (sql) => sql`select ${1}::int ; ;\n `.exists(),
        "a comment of one line": (sql) => sql`select ${1}::int -- the only one`.exists(),
        "a comment with a semicolon (as before)": (sql) => sql`select ${1}::int -- the only one;\n`.exists(),
        "a semicolon and a comment": (sql) => sql`select ${1}::int; -- done (`.exists(),
        "a block comment in another": (sql) => sql`select ${1}::int /* a /* b ; */ ) */;`.exists(),
        "text that looks like a comment": (sql) => sql`select ${1}::int where '; -- ' <> $$ ; /* $$;`.exists(),
        "a fragment with a comment": (sql) => sql`select ${plimsoll.sqlFragment`${1}::int -- what is sought`} where true`.exists(),
      }))
        it(`takes at the end ${name}`, async () => {
          let found: boolean | undefined;
          const { failure, cause } = await failureOf(async (sql) => {
            found = await run(sql);
          });
          assert.deepEqual([failure.code, found], ["nothing failed", true], cause.message);
        });

      it("is no other question for what stands inside of it (as before)", async () => {
        let found: boolean | undefined;
        await failureOf(async (sql) => {
          found = await sql`select 1 where '--;' = ${"x"}`.exists();
        });
        assert.equal(found, false);
      });
    });

    describe("list", () => {
      const found = async (run: (sql: Sql, list: (values: readonly unknown[]) => unknown) => Promise<unknown>) => {
        assert.ok("list" in plimsoll, "plimsoll exports list");
        const { list } = plimsoll;
        let rows: unknown;
        const { failure, cause } = await failureOf(async (sql) => {
          rows = await run(sql, list);
        });
        return failure.code === "nothing failed" ? rows : `${failure.code}: ${cause.message}`;
      };
      const numbers = (sql: Sql) => sql.unsafe("from generate_series(1, 4) n");

      it("stands after in and not in, with any number of values", async () => {
        const rows = (values: readonly number[]) =>
          found((sql, list) => sql<{ n: number }>`select n ${numbers(sql)} where n in ${list(values)} order by n`.many());
        assert.deepEqual(await rows([1, 3]), [{ n: 1 }, { n: 3 }]);
        assert.deepEqual(await rows([4]), [{ n: 4 }]);
        assert.deepEqual(await rows(Array.from({ length: 70_000 }, (_, at) => at + 2)), [{ n: 2 }, { n: 3 }, { n: 4 }]);
        const others = await found((sql, list) =>
          sql`select n ${numbers(sql)} where n NOT  IN ${list([1, 3])} and ${true} order by n`.many(),
        );
        assert.deepEqual(others, [{ n: 2 }, { n: 4 }]);
      });

      it("finds nothing where it is empty, and with not in everything", async () => {
        assert.deepEqual(await found((sql, list) => sql`select n ${numbers(sql)} where n in ${list([])}`.many()), []);
        assert.equal(
          ((await found((sql, list) => sql`select n ${numbers(sql)} where n not in ${list([])}`.many())) as unknown[]).length,
          4,
        );
      });

      it("takes values of every type, and fragments around it", async () => {
        for (const [type, value] of [
          ["text", "a,'b\""],
          ["uuid", "01890a5d-ac96-774b-bcce-b302099a8057"],
          ["cells.mood", "a b"],
          ["timestamptz", new Date(0)],
          ["numeric", "1.50"],
        ] as const)
          assert.equal(
            await found((sql, list) => sql`select where ${value}::${sql.unsafe(type)} in ${list([value])}`.exists()),
            true,
            type,
          );
        assert.equal(await found((sql, list) => sql`select where true and ${sql`1 in ${list([1])}`} and 'in' <> ${"x"}`.exists()), true);
      });

      it("is refused with what to write where it cannot stand, or holds what it cannot", async () => {
        assert.match(String(await found((sql, list) => sql`select 1 in (${list([1])})`.run())), /internal: .*without parentheses/);
        assert.match(String(await found((sql, list) => sql`select ${list([1])}`.run())), /internal: .*right after in/);
        assert.match(String(await found((sql, list) => sql`select 1 in ${list([undefined])}`.run())), /internal: .*undefined/);
        assert.match(String(await found((sql, list) => sql`select 1 in ${list([[1]])}`.run())), /internal: .*single values/);
      });
    });

    for (const [name, run] of Object.entries({
      "right after in": (sql: Sql) => sql`select 1 in ${[1, 2]}`.run(),
      "after not in": (sql: Sql) => sql`select 1 not in ${[1, 2]}`.run(),
      "in the parentheses of in": (sql: Sql) => sql`select ${"a"}::text in (${["a"]})`.run(),
      "of numbers in the parentheses of in": (sql: Sql) => sql`select 1 in (${[1, 2]})`.run(),
    }))
      it(`with an array ${name} says to write list(…) or = any(…)`, async () => {
        const { failure, cause } = await failureOf(run);
        assert.equal(failure.code, "internal");
        assert.match(String(cause.message), /list\(.*= any\(/);
      });
  });
}

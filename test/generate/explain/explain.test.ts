// What PostgreSQL plans for the statements that tests ran, and which of them hurt.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { recordVariable } from "../../../src/testing/statement-record.ts";
import { runCommand } from "../../cli/run-command.ts";
import { testServers } from "../../integration/servers.ts";
import { findBooks, shelves } from "./shelves.ts";

interface Result {
  readonly statements: readonly {
    readonly place: string;
    readonly outline: string;
    readonly harms: readonly { readonly hurts: string; readonly table: string; readonly says: string; readonly fix: string }[];
  }[];
  readonly notPlanned: readonly { readonly place: string; readonly reason: string }[];
}

const cases: readonly (readonly [statement: string, ...harms: string[]])[] = [
  ["select id from shelves.books where id = $1"],
  ["select id from shelves.books where owner_id = $1 order by id limit 10"],
  ["select id from shelves.books where owner_id = $1 and id < $2 order by id desc limit 10"],
  ["select exists (select from shelves.books where owner_id = $1) as found"],
  ["select id from shelves.books where id = any ($1::bigint[])"],
  ["select id from shelves.books limit 10"],
  ["select id from shelves.books order by id limit $1"],
  ["select id from shelves.books where status = 'lost'"],
  ["select title from shelves.books where id = $1 order by added_at"],
  ["select b.id, s.room from shelves.books b join shelves.shelves s on s.id = b.shelf_id where b.owner_id = $1 order by b.id"],
  ["insert into shelves.notes (book_id, note) values ($1, $2)"],
  ["update shelves.books set title = $2 where id = $1"],
  ["select word from unnest($1::text[]) as word order by word"],
  ["select id from shelves.books", "scan shelves.books"],
  ["select id from shelves.books where title = $1", "scan shelves.books"],
  ["select id from shelves.books where title = $1 limit 1", "scan shelves.books"],
  ["select exists (select from shelves.notes where book_id = $1) as found", "scan shelves.notes"],
  ["select count(*) from shelves.books", "scan shelves.books"],
  ["delete from shelves.notes where book_id = $1", "scan shelves.notes"],
  ["select id from shelves.books where owner_id = $1 order by added_at limit 10", "sort shelves.books"],
  ["select id from shelves.books where title = $1 order by added_at", "scan shelves.books", "sort shelves.books"],
  ["select n.note from shelves.books b join shelves.notes n on n.book_id = b.id where b.owner_id = $1", "loop shelves.notes"],
  ["-- plimsoll-allow scan: one row for each room\nselect id from shelves.shelves"],
  ["-- plimsoll-allow scan: short\nselect id from shelves.shelves", "scan shelves.shelves"],
];

for (const server of await testServers())
  describe(`plimsoll db explain, on ${server.name}`, () => {
    let folder: string;
    let database: TestDatabase;
    const record = (statements: readonly string[]) => {
      const path = join(folder, ".data/statements");
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path, { recursive: true });
      const site = (at: number) => `${pathToFileURL(join(folder, "src/shelves.ts")).href}:${at + 1}:9`;
      writeFileSync(join(path, "1.jsonl"), statements.map((text, at) => JSON.stringify({ site: site(at), text })).join("\n"));
    };
    const explain = (...more: readonly string[]) => runCommand(["db", "explain", ...more], { folder, env: { DATABASE_URL: database.url } });
    const explained = async () => (JSON.parse((await explain("--json")).out) as { result: Result }).result;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "plimsoll-explain-"));
      database = await testDatabase({ modules: [shelves], server });
    });
    after(async () => {
      await database.drop();
      await server.stop();
      rmSync(folder, { recursive: true });
    });

    it("names what hurts, and nothing else", async () => {
      record(cases.map(([text]) => text));
      const { statements, notPlanned } = await explained();
      assert.deepEqual(notPlanned, []);
      const found = statements.map(({ harms }, at) => [cases[at]![0], ...harms.map(({ hurts, table }) => `${hurts} ${table}`)]);
      assert.deepEqual(found, cases);
    });

    it("finds the same on tables with rows", async () => {
      await database.admin(
        "insert into shelves.books select n, 'o' || n % 500, 't' || n % 100, 'kept', n, now() from generate_series(1, 20000) n",
      );
      await database.admin("insert into shelves.notes select n, 'n' from generate_series(1, 20000) n");
      await database.admin("insert into shelves.shelves select n, 'r' from generate_series(1, 20000) n");
      await database.admin("analyze shelves.books, shelves.notes, shelves.shelves");
      record(cases.map(([text]) => text));
      const found = (await explained()).statements.map(({ harms }, at) => [
        cases[at]![0],
        ...harms.map(({ hurts, table }) => `${hurts} ${table}`),
      ]);
      assert.deepEqual(found, cases);
    });

    it("says where, why and what to do, in both languages", async () => {
      record(["select id from shelves.books where title = $1"]);
      const { code, out } = await explain();
      assert.equal(code, 1);
      assert.match(
        out,
        /^src\/shelves\.ts:1: .*Scan.*\n {2}scan: no index of shelves\.books serves \(.*title = \$1\): all rows are read\.\n/,
      );
      assert.match(out, /Add an index on the columns[^\n]*\n1 statements, 1 places that hurt\.\n$/);
      const chinese = await runCommand(["数据库", "计划"], { folder, env: { DATABASE_URL: database.url } });
      assert.equal(chinese.code, 1);
      assert.match(chinese.out, /shelves\.books 没有适合 .*的索引：会读取所有行。[\s\S]*1 条语句，1 处会拖慢。/);
    });

    it("is fine where nothing hurts, and says what PostgreSQL does not plan", async () => {
      record(["select id from shelves.books where id = $1"]);
      assert.equal((await explain()).code, 0);
      record(["select id from shelves.nowhere"]);
      const { code, out } = await explain();
      assert.equal(code, 1);
      assert.match(
        out,
        /src\/shelves\.ts:1: PostgreSQL does not plan it: relation "shelves\.nowhere" does not exist\. Check that all migrations/,
      );
    });

    it("runs nothing", async () => {
      record(["insert into shelves.notes (book_id, note) values (-1, 'made')", "delete from shelves.notes"]);
      await explain();
      assert.deepEqual(await database.admin("select from shelves.notes where book_id = -1"), []);
    });

    it("needs a record, and a database that is there", async () => {
      rmSync(join(folder, ".data"), { recursive: true });
      const none = await explain();
      assert.deepEqual([none.code, /Run plimsoll test first/.test(none.err)], [66, true]);
      record(["select 1"]);
      const away = await runCommand(["db", "explain"], { folder, env: { DATABASE_URL: "postgres://x:x@127.0.0.1:1/x" } });
      assert.deepEqual([away.code, /Check DATABASE_URL/.test(away.err)], [69, true]);
    });

    it("tests record what their handlers ran, each statement once, with its place", async () => {
      const path = join(folder, "recorded");
      process.env[recordVariable] = path;
      try {
        await using recording = await testDatabase({ modules: [shelves], server });
        await using app = await testApp({ modules: [shelves], database: recording, actor: testActor() });
        for (const owner of ["ada", "ben"]) await app.call(findBooks, { owner });
      } finally {
        delete process.env[recordVariable];
      }
      const [name, ...rest] = readdirSync(path);
      assert.deepEqual(rest, []);
      const lines = readFileSync(join(path, name!), "utf8").trimEnd().split("\n");
      assert.equal(lines.length, 1);
      const { site, text } = JSON.parse(lines[0]!) as { site: string; text: string };
      assert.equal(text, "select id from shelves.books where owner_id = $1 order by id limit 10");
      const source = fileURLToPath(new URL("shelves.ts", import.meta.url));
      const line =
        readFileSync(source, "utf8")
          .split("\n")
          .findIndex((one) => one.includes("from shelves.books")) + 1;
      assert.match(site, new RegExp(`shelves\\.ts:${line}:\\d+$`));
    });
  });

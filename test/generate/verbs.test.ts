// The verbs around the code: a PRD to begin with, and what is known of the database.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runInit } from "../../src/generate/run-init.ts";
import { runCommand } from "../cli/run-command.ts";
import { root } from "./project.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-verbs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const run = (line: string, env: Record<string, string> = {}) => runCommand(line.split(" "), { folder, env });

describe("plimsoll init", () => {
  it("with --yes it writes a PRD that needs no further answer to become code", async () => {
    for (const lang of ["en", "zh"]) {
      assert.equal((await run(`init ${lang} --yes --lang ${lang}`)).code, 0);
      const inside = (line: string) => runCommand(line.split(" "), { folder: join(folder, lang) });
      const design = await inside("design");
      assert.equal(design.code, 0, design.out);
      assert.equal((await inside("api")).code, 0);
      for (const act of ["create", "get", "update", "remove"])
        assert.ok(existsSync(join(folder, lang, `src/notes/operations/${act}-note.ts`)), `${lang} ${act}`);
    }
  });

  it("asks three questions, and writes what was said", async () => {
    const asked: string[] = [];
    const answers = ["Bike hire", "bike, hire station", "70 or so"];
    const ask = async (question: string) => answers[asked.push(question) - 1];
    await runInit({ folder, named: ".", language: "en", ask });
    const prd = readFileSync(join(folder, "PRD.md"), "utf8");
    assert.equal(asked.length, 3);
    assert.match(
      prd,
      /^# Bike hire\n[\s\S]*\*\*Bike\*\*[\s\S]*\*\*HireStation\*\*[\s\S]*`POST \/hire-stations`[\s\S]*70 requests per second/,
    );
  });

  it("never writes over a PRD", async () => {
    mkdirSync(join(folder, "docs"));
    writeFileSync(join(folder, "docs/PRD.md"), "mine");
    const { code, err } = await run("init --yes");
    assert.equal(code, 73);
    assert.match(err, /docs.PRD\.md is there already/);
    assert.ok(!existsSync(join(folder, "PRD.md")));
  });
});

describe("plimsoll db", () => {
  const prd =
    "# Orders\n\n## Data model\n- **Order**: total\n- **Order Item**: order_id, sku\n\n## API\n- POST /orders\n- GET /orders\n- POST /orders/{id}/items\n- GET /orders/{id}/items\n";
  const migration = () => join(folder, "src/orders/migrations/0001_orders.sql");
  beforeEach(async () => {
    writeFileSync(join(folder, "PRD.md"), prd);
    await run("design --assume");
    await run("api");
  });

  it("shows the tables as a diagram", async () => {
    const { code, out } = await run("db");
    assert.equal(code, 0);
    assert.match(out, /^erDiagram\n {2}orders_orders \{\n {4}uuid id PK\n/);
    assert.match(out, /uuid order_id FK\n[\s\S]*orders_orders \|\|--o\{ orders_order_items : "order_id"\n$/);
  });

  it("finds nothing in what is written, and names what is wrong, with its line and source", async () => {
    assert.match((await run("db lint")).out, /^1 migrations, 0 statements/);
    writeFileSync(join(folder, "src/orders/migrations/0002_mine.sql"), "-- mine\n\nalter table orders.orders drop column total_cents;\n");
    const { code, out } = await run("数据库 检查 --lang en");
    assert.equal(code, 1);
    assert.match(
      out,
      /^src\/orders\/migrations\/0002_mine\.sql:3 column-lost: alter table[\s\S]*Deploy a version[\s\S]*\(PostgreSQL manual/,
    );
  });

  it("has an index for each declared read, and says which one is missing", async () => {
    const fine = await run("db indexes");
    assert.equal(fine.code, 0, fine.out);
    assert.match(fine.out, /orders\.list-orders reads orders\.orders by \(owner_id, id\): orders_by_owner/);
    writeFileSync(migration(), readFileSync(migration(), "utf8").replace(/^create index orders_by_owner.*\n/m, ""));
    const { code, out } = await run("db indexes");
    assert.equal(code, 1);
    assert.match(
      out,
      /missing: orders\.list-orders reads orders\.orders by \(owner_id, id\): create index orders_by_owner on orders\.orders \(owner_id, id\);/,
    );
  });

  const refused: readonly (readonly [string, number, RegExp])[] = [
    ["db tables", 64, /has no part "tables"\. Name one of diagram, lint/],
    ["db dry-run", 64, /needs DATABASE_URL and ADMIN_DATABASE_URL/],
    ["db explain", 64, /needs DATABASE_URL\. Set it, as the application/],
    ["test nothing", 64, /no suite "nothing"\. The suites are unit, property/],
    ["test --floor much", 64, /--floor is much\. Use a percentage/],
  ];
  for (const [line, expected, message] of refused)
    it(`${line} is refused with what to write`, async () => {
      const { code, err } = await run(line);
      assert.equal(code, expected);
      assert.match(err, message);
    });

  it("without migrations or tests it says where they would lie", async () => {
    rmSync(join(folder, "src"), { recursive: true });
    rmSync(join(folder, "test"), { recursive: true });
    assert.match((await run("db lint")).err, /There is no migration here/);
    assert.match((await run("test")).err, /There is no test here\. Tests are files/);
  });
});

describe("plimsoll test", () => {
  it("runs the fast suites first, and prints one summary with coverage and every failure", () => {
    const files: Readonly<Record<string, string>> = {
      "package.json": '{ "type": "module" }',
      "src/sum.ts": "export const sum = (a: number, b: number) => a + b;\nexport function never() {\n  return 1;\n}\n",
      "test/sum.test.ts": `import { it } from "node:test"; import { sum } from "../src/sum.ts"; it("adds", (t) => t.assert.equal(sum(1, 2), 3)); it.skip("later", () => {});`,
      "test/crash.test.ts": `import { describe, it } from "node:test"; describe("all", () => { it("fails", (t) => t.assert.equal(1, 2)); });`,
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const ran = spawnSync(process.execPath, ["--conditions=source", join(root, "src/cli/main.ts"), "test", "--json", "--floor", "99"], {
      ...{ cwd: folder, env, encoding: "utf8" },
    });
    assert.equal(ran.status, 1, ran.stderr);
    const { result } = JSON.parse(ran.stdout) as {
      result: { suites: object[]; failures: { file: string; message: string }[]; coverage: { lines: number } };
    };
    const counts = result.suites.map(({ durationMs: _, ...rest }: { durationMs?: number }) => rest);
    assert.deepEqual(counts, [
      { suite: "unit", files: 1, passed: 1, failed: 0, skipped: 1 },
      { suite: "crash", files: 1, passed: 0, failed: 1, skipped: 0 },
    ]);
    assert.deepEqual(
      result.failures.map(({ file }) => file),
      [join("test", "crash.test.ts")],
    );
    assert.match(result.failures[0]!.message, /1 ==+ 2/);
    assert.ok(result.coverage.lines > 0 && result.coverage.lines < 99, String(result.coverage.lines));
  });
});

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runCommand } from "../cli/run-command.ts";

const prd =
  "# Orders\n\n## Data model\n- **Order**: total\n\n## API\n- POST /orders\n- GET /orders\n\n## Load\n- 50 requests per second at peak\n";

describe("plimsoll api", () => {
  let folder = "";
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "plimsoll-api-"));
    writeFileSync(join(folder, "PRD.md"), prd);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const run = (...args: string[]) => runCommand(args, { folder });
  const design = (): string => readFileSync(join(folder, "design/design.json"), "utf8");
  const write = (text: string): void => writeFileSync(join(folder, "design/design.json"), text);
  const all = (): readonly string[] => readdirSync(folder, { recursive: true }).map(String).toSorted();

  it("writes the project, says what comes next, and then that nothing is to do", async () => {
    await run("design", "--assume");
    const first = await run("api");
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /files written\.\nmigration: src\/orders\/migrations\/0001_orders\.sql[\s\S]*Next: npm install/);
    assert.ok(existsSync(join(folder, "src/orders/operations/create-order.ts")));
    const second = await run("api");
    assert.match(second.out, /Every file is as the design says\./);
  });

  it("says what a changed PRD changes", async () => {
    await run("design", "--assume");
    await run("api");
    writeFileSync(
      join(folder, "PRD.md"),
      prd.replace("total", "total, note").replace("- GET /orders\n", "- GET /orders\n- GET /orders/{id}\n"),
    );
    await run("design", "--assume");
    const { out } = await run("api", "--json");
    const { result } = JSON.parse(out) as { result: { differences: object; migrations: string[] } };
    assert.deepEqual(result.differences, {
      operations: ["+ orders.get-order GET /orders/{orderId}"],
      columns: ["+ orders.orders.note"],
      budget: [],
    });
    assert.deepEqual(result.migrations, ["src/orders/migrations/0002_change_orders.sql"]);
  });

  it("speaks Chinese", async () => {
    await run("design", "--assume", "--lang", "zh");
    const { out, code } = await run("接口", "--lang", "zh");
    assert.equal(code, 0);
    assert.match(out, /写入了 \d+ 个文件/);
    assert.match(readFileSync(join(folder, "README.md"), "utf8"), /由 `plimsoll api` 根据/);
  });

  const nonsense: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    ["no JSON", (text) => text.replace('"format": 1,', '"format": 1'), /design\/design\.json:4: this is no JSON\./],
    [
      "a text for a list",
      (text) => text.replace('"roles": []', '"roles": "all"'),
      /design\.json:\d+: roles is not as it must be\. Expected: \[ … \]\./,
    ],
    [
      "an unknown member",
      (text) => text.replace('"format": 1,', '"format": 1,\n  "colour": "red",'),
      /design\.json:4: colour is not as it must be/,
    ],
    [
      "a negative deadline",
      (text) => text.replace(/"deadlineMs": \d+/, '"deadlineMs": -1'),
      /design\.json:\d+: deadlineMs is not[^\n]*number > 0/,
    ],
    ["an empty list", () => "[]", /design\.json:1: the design is not as it must be\. Expected: \{ … \}/],
    ["nothing", () => "", /design\.json:1: this is no JSON/],
  ];
  for (const [name, change, message] of nonsense)
    it(`refuses a design with ${name}, with the line, and writes nothing`, async () => {
      await run("design", "--assume");
      write(change(design()));
      const before = all();
      const { code, err } = await run("api");
      assert.equal(code, 65);
      assert.match(err, message);
      assert.match(err, /Nothing was written/);
      assert.deepEqual(all(), before);
    });

  it("names the line of a value that is deep in the design", async () => {
    await run("design", "--assume");
    const lines = design().split("\n");
    const at = lines.findIndex((line) => line.includes('"fields": ['));
    write(lines.toSpliced(at + 1, 1, "        7").join("\n"));
    const { err } = await run("api");
    assert.ok(err.includes(`design.json:${at + 2}: entities.0.fields.0 is not`), err);
  });

  it("without a design it says what makes one", async () => {
    const { code, err } = await run("api");
    assert.equal(code, 66);
    assert.match(err, /There is no design\/design\.json\. Run plimsoll design first/);
  });

  it("a design that asks for nothing gives no project", async () => {
    writeFileSync(join(folder, "PRD.md"), "# Thoughts\n\nWe are thinking of 20 requests per second.\n");
    await run("design", "--assume");
    const { code, err } = await run("api");
    assert.equal(code, 65);
    assert.match(err, /no entity and no operation.*Say in the PRD/);
  });

  it("a record that cannot be read stops it before it writes", async () => {
    await run("design", "--assume");
    writeFileSync(join(folder, "design/manifest.json"), "{");
    const { code, err } = await run("api");
    assert.equal(code, 65);
    assert.match(err, /manifest\.json cannot be read/);
    assert.ok(!existsSync(join(folder, "src")));
  });

  it("a folder that cannot be written loses nothing", async (t) => {
    if (process.getuid?.() === 0) {
      // Root may write everywhere: a file in the place of a folder does the same.
      await run("design", "--assume");
      writeFileSync(join(folder, "src"), "mine");
      const { code, err } = await run("api");
      assert.equal(code, 73, err);
      assert.match(err, /cannot be written \(\w+\)\. Give this user the right/);
      assert.equal(readFileSync(join(folder, "src"), "utf8"), "mine");
      assert.ok(!existsSync(join(folder, "package.json")));
      return t.diagnostic("as root");
    }
    await run("design", "--assume");
    mkdirSync(join(folder, "src"));
    chmodSync(join(folder, "src"), 0o555);
    const { code, err } = await run("api");
    chmodSync(join(folder, "src"), 0o755);
    assert.equal(code, 73);
    assert.match(err, /cannot be written \(EACCES\)/);
    assert.ok(!existsSync(join(folder, "package.json")));
  });
});

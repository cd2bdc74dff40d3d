import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runCommand } from "./run-command.ts";

const document = "# Shop\n\n## Performance\n- 200 requests per second at peak\n- p99 latency 300 ms\n";

describe("plimsoll design", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "plimsoll-design-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const prd = (content: string | Uint8Array): void => writeFileSync(join(folder, "PRD.md"), content);
  const run = (...args: string[]) => runCommand(["design", ...args], { folder });

  it("writes the design of the PRD in the folder, twice the same", async () => {
    prd(document);
    const { code, out } = await run();
    assert.equal(code, 0, out);
    const files = readdirSync(join(folder, "design"));
    assert.deepEqual(files, ["DESIGN.md", "context-map.svg", "data-flow.svg", "design.json", "design.schema.json"]);
    const first = files.map((name) => readFileSync(join(folder, "design", name), "utf8"));
    await run();
    assert.deepEqual(
      files.map((name) => readFileSync(join(folder, "design", name), "utf8")),
      first,
    );
  });

  it("writes nothing while a question blocks, and ends with 2", async () => {
    prd("# Shop\n\nIt sells things.\n");
    const { code, out } = await run();
    assert.equal(code, 2);
    assert.match(out, /! rate: .*\n[\s\S]*rate = "100 requests per second"/);
    assert.ok(!existsSync(join(folder, "design")));
  });

  it("takes the defaults with --assume, or answers from design/decisions.toml", async () => {
    prd("# Shop\n\nIt sells things.\n");
    assert.equal((await run("--assume")).code, 0);
    assert.match(readFileSync(join(folder, "design/DESIGN.md"), "utf8"), /\| `rate` \| 100 requests per second \|/);
    writeFileSync(join(folder, "design/decisions.toml"), 'rate = "700 requests per second"\n');
    assert.equal((await run()).code, 0);
    assert.match(readFileSync(join(folder, "design/DESIGN.md"), "utf8"), /Serve 700 requests a second/);
  });

  it("prints the questions and the design as JSON", async () => {
    prd(document);
    const { result } = JSON.parse((await run("--json")).out) as {
      result: { questions: object[]; written: string[]; design: { load: { peak: number } } };
    };
    assert.equal(result.design.load.peak, 200);
    assert.ok(result.questions.length > 0 && result.written.includes("design/design.json"));
  });

  it("speaks Chinese", async () => {
    prd("# 商店\n\n## 性能\n- 峰值 200 QPS\n");
    const { code, out } = await runCommand(["设计", "--lang", "zh"], { folder });
    assert.equal(code, 0);
    assert.match(out, /已写出/);
  });

  it("shows defaults in Chinese, and takes them as answers", async () => {
    prd("# 商店\n\n它售卖商品。\n");
    const asked = await runCommand(["设计"], { folder });
    assert.equal(asked.code, 2);
    const shown = [...asked.out.matchAll(/^[!?] ([a-z-]+): .*? \[(.*?)\] /gm)].map(([, code, value]) => [code!, value!] as const);
    const languages = shown.filter(([, value]) => /\p{Script=Han}/u.test(value)).map(([code]) => code);
    assert.deepEqual(
      languages.toSorted(),
      ["availability", "entities", "not-understood", "rate", "recovery", "retention", "tenancy"].toSorted(),
    );
    const peak = async (...args: readonly string[]) =>
      (JSON.parse((await runCommand(["设计", "--json", ...args], { folder })).out) as { result: { design: { load: object } } }).result
        .design.load;
    const assumed = await peak("--assume");
    assert.match(readFileSync(join(folder, "design/DESIGN.md"), "utf8"), /\| `retention` \| 1 年 \|/);
    writeFileSync(join(folder, "design/decisions.toml"), shown.map(([code, value]) => `${code} = "${value}"\n`).join(""));
    const { formula: _, ...decided } = (await peak()) as { formula: string };
    assert.equal((decided as { peak?: number }).peak, (assumed as { peak?: number }).peak);
  });

  const refused: readonly (readonly [string, Uint8Array | undefined, number, RegExp])[] = [
    ["no PRD", undefined, 66, /There is no PRD\.md/],
    ["an empty one", Buffer.from("\n"), 65, /PRD\.md is empty\. Write what/],
    ["10 MB", Buffer.alloc(10_000_000, "a"), 65, /at most 4 MiB are read/],
    ["a binary one", Buffer.from([0, 1, 2]), 65, /is not a text in UTF-8/],
  ];
  for (const [name, content, expected, message] of refused) {
    it(`refuses ${name}, with what to do`, async () => {
      if (content !== undefined) prd(content);
      const { code, err } = await run("--assume");
      assert.equal(code, expected);
      assert.match(err, message);
      assert.ok(!existsSync(join(folder, "design")));
    });
  }
});

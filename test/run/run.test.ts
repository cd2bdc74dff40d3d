import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runFile, testEnv } from "./process.ts";

const start = 'import { it } from "node:test"; import assert from "node:assert";';

describe("test runner", { concurrency: 2 }, () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "plimsoll-run-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const cases: readonly [name: string, text: string, passed: number, failed: number, skipped: number, says: RegExp | undefined][] = [
    ["passes", `${start} it("a", () => {}); it("b", () => {});`, 2, 0, 0, undefined],
    ["fails", `${start} it("a", () => {}); it("b", () => assert.equal(1, 2));`, 1, 1, 0, /✖ b\n {2}at .*fails\.test\.mjs:1[\s\S]*1 == 2/],
    ["skips", `${start} it("a", () => {}); it.skip("b"); it("c", { todo: true }, () => assert.fail());`, 1, 0, 2, undefined],
    ["holds no test", "", 0, 1, 0, /holds no test/],
    ["does not load", `${start} nowhere();`, 0, 1, 0, /nowhere is not defined/],
    ["exits with 0 before its tests end", `${start} it("a", () => process.exit(0));`, 0, 1, 0, /ended with 0 before its tests did/],
    ["leaves with a code", `${start} it("a", () => {}); process.on("exit", () => { process.exitCode = 3; });`, 1, 1, 0, /ended with 3/],
    ["never returns", `${start} process.on("SIGTERM", () => {}); it("a", () => { for (;;); });`, 0, 1, 0, /hung/],
    ["leaves a timer behind", `${start} it("a", () => { setInterval(() => {}, 1000); });`, 0, 1, 0, /hung/],
    [
      "sees the source condition",
      `${start} it("a", () => assert.match(process.env.NODE_OPTIONS, /--conditions=source/));`,
      1,
      0,
      0,
      undefined,
    ],
  ];
  for (const [name, text, passed, failed, skipped, says] of cases) {
    it(`counts a file that ${name}`, async () => {
      const file = join(folder, `${name.replaceAll(" ", "-")}.test.mjs`);
      await writeFile(file, text);
      const outcome = await runFile(file, { killMs: says?.source === "hung" ? 2_000 : 60_000 });
      assert.deepEqual([outcome.passed, outcome.failed, outcome.skipped], [passed, failed, skipped], outcome.failures.join("\n"));
      if (says) assert.match(outcome.failures.join("\n"), says);
      else assert.deepEqual(outcome.failures, []);
    });
  }

  it("keeps what tests say of their runs, and not the counts of the runner", async () => {
    const file = join(folder, "notes.test.mjs");
    await writeFile(file, `${start} it("a", (t) => { t.diagnostic("12 points"); }); it("b", (t) => { t.diagnostic("3 points"); });`);
    const { notes } = await runFile(file, { killMs: 60_000 });
    assert.deepEqual(notes, ["12 points", "3 points"]);
  });

  it("names the tests that had not ended in a file that hung", async () => {
    const file = join(folder, "hangs.test.mjs");
    const lines = [
      `${start} import { describe } from "node:test";`,
      'describe("a", () => {',
      '  it("ends", () => {});',
      '  it("waits", (_, done) => { setInterval(() => done.never, 1000); });',
      "});",
    ];
    await writeFile(file, lines.join("\n"));
    const { failures, tests } = await runFile(file, { killMs: 10_000 });
    assert.match(failures.join("\n"), /hung: .* These had not ended: "a > waits" of line 4\./);
    assert.deepEqual(tests, [{ kind: "pass", name: "a > ends" }]);
  });

  it("adds the source condition and its way of importing once", () => {
    const added = `--conditions=source --import=${new URL("relative-imports.ts", import.meta.url).href}`;
    assert.equal(testEnv({}).NODE_OPTIONS, added);
    assert.equal(testEnv(testEnv({ NODE_OPTIONS: "--no-warnings" })).NODE_OPTIONS, `--no-warnings ${added}`);
  });

  it("says which file is missing where an import names none", async () => {
    const file = join(folder, "missing-import.test.ts");
    await writeFile(file, 'import "./none.ts";\n');
    const { failures } = await runFile(file, { killMs: 60_000 });
    assert.match(failures.join("\n"), /none\.ts/);
  });
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../.ci/run", import.meta.url));
const bill = `echo '{"bomFormat": "CycloneDX"}'`;
const failing = `
✖ test/a.test.ts (2 passed, 1 failed, 12 ms)

✖ a > breaks
  at test/a.test.ts:7
    Expected values to be strictly equal: 1 !== 2

✔ test/b.test.ts (1 passed, 5 ms)

Failed:
  test/a.test.ts
✖ a > breaks
  at test/a.test.ts:7
    Expected values to be strictly equal: 1 !== 2

3 passed, 1 failed`;

describe(".ci/run", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "plimsoll-ci-"));
    mkdirSync(join(folder, ".ci"));
    mkdirSync(join(folder, "bin"));
    cpSync(script, join(folder, ".ci/run"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs it with an npm whose commands do what `npm` gives them. */
  function run(npm: Readonly<Record<string, string>>): { code: number | null; lines: string[] } {
    const cases = Object.entries({ ci: ":", run: ":", sbom: bill, audit: ":", ...npm }).map(([name, text]) => `${name}) ${text} ;;`);
    writeFileSync(join(folder, "bin/npm"), `#!/bin/sh\ncase $1 in\n${cases.join("\n")}\nesac\n`, { mode: 0o755 });
    const env = { ...process.env, SBOM: join(folder, "sbom.json"), PATH: `${join(folder, "bin")}${delimiter}${process.env.PATH}` };
    const { status, stdout } = spawnSync("bash", [join(folder, ".ci/run")], { env, encoding: "utf8" });
    return { code: status, lines: stdout.trimEnd().split("\n") };
  }

  it("ends with its counts alone, each check as one", () => {
    const { code, lines } = run({ test: "echo '4 passed, 0 failed, 1 skipped'" });
    assert.deepEqual([code, lines.at(-1)], [0, "7 passed, 0 failed"], lines.join("\n"));
    assert.ok(!lines.includes("Failed:"), lines.join("\n"));
  });

  it("names the failed tests and checks again right before its last line", () => {
    const { code, lines } = run({ test: `cat <<'END'\n${failing}\nEND\nexit 1`, run: "echo long; exit 1" });
    assert.deepEqual([code, lines.at(-1)], [1, "5 passed, 2 failed"], lines.join("\n"));
    assert.deepEqual(lines.slice(lines.lastIndexOf("Failed:")), [
      "Failed:",
      "✖ test/a.test.ts (2 passed, 1 failed, 12 ms)",
      "✖ a > breaks",
      "  at test/a.test.ts:7",
      "    Expected values to be strictly equal: 1 !== 2",
      "✖ npm run check",
      "",
      "5 passed, 2 failed",
    ]);
  });

  it("names what failed when the tests end without their last line", () => {
    const { code, lines } = run({ test: "printf '%s\\n' '✖ test/a.test.ts (1 failed, 5 ms)' cut; exit 124" });
    assert.deepEqual([code, lines.at(-1)], [1, "3 passed, 1 failed"], lines.join("\n"));
    const named = lines.slice(lines.lastIndexOf("Failed:"), -2);
    assert.ok(named.includes("✖ npm test ended with 124 and without its last line"), lines.join("\n"));
    assert.ok(named.includes("✖ test/a.test.ts (1 failed, 5 ms)"), lines.join("\n"));
  });

  it("fails when nothing ran", () => {
    const { code, lines } = run({ ci: "exit 1" });
    assert.deepEqual([code, ...lines.slice(-4)], [1, "Failed:", "✖ npm ci", "", "0 passed, 1 failed"]);
  });
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { completionFor, shells } from "../../src/cli/completion.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { runCommand } from "./run-command.ts";

const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;

/** What bash offers for the words of a line, the last of which is being typed. */
function offered(...words: string[]): readonly string[] {
  const script = completionFor("bash", { verbs, language: "en" }).join("\n");
  const line = words.map((word) => `'${word}'`).join(" ");
  const { stdout, stderr, status } = spawnSync(
    "bash",
    ["--norc", "-c", `${script}\nCOMP_WORDS=(plimsoll ${line}); COMP_CWORD=${words.length}; _plimsoll; printf '%s\\n' "\${COMPREPLY[@]}"`],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  return stdout.split("\n").filter(Boolean);
}

describe("completion", () => {
  it("of bash offers verbs of both languages", () => {
    assert.deepEqual(offered("comp"), ["completion"]);
    assert.deepEqual(offered("补"), ["补全"]);
    for (const { name, also } of verbs)
      assert.ok(
        [name, ...also].every((own) => offered("").includes(own)),
        name,
      );
  });
  it("of bash offers the options of the verb on the line", () => {
    assert.ok(offered("dev", "--w").includes("--watch="));
    assert.deepEqual(offered("completion", "--j"), ["--json"]);
    assert.deepEqual(offered("/补全", "--j"), ["--json"]);
  });
  for (const shell of shells) {
    it(`for ${shell} names each verb and option, in the language asked for`, async () => {
      const { code, out } = await runCommand(["completion", shell, "--lang=zh"]);
      assert.equal(code, 0);
      for (const { name, also, options } of verbs)
        for (const word of [name, also[0], ...Object.keys(options)]) assert.ok(out.includes(word), word);
      if (shell !== "bash") assert.ok(out.includes(verbs[0]!.summary.zh));
    });
    it(`for ${shell} is read by the shell`, (t) => {
      if (!has(shell)) return t.skip(`${shell} is not installed`);
      const input = completionFor(shell, { verbs, language: "en" }).join("\n");
      const { status, stderr } = spawnSync(shell, shell === "fish" ? ["--no-execute"] : ["-n"], { input, encoding: "utf8" });
      assert.deepEqual([status, stderr], [0, ""]);
    });
  }
});

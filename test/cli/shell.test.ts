// `plimsoll` alone in a terminal: command lines, one after the other.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runShell, wordsOf } from "../../src/cli/shell.ts";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-shell-"));
after(() => rmSync(folder, { recursive: true }));

/** Runs the shell with lines that a person would write; then the input ends. */
async function shell(lines: readonly string[], stopAfter = Number.POSITIVE_INFINITY) {
  const written = { out: "", err: "" };
  const waiting = [...lines];
  const stopping = new AbortController();
  const terminal = {
    out(text: string) {
      written.out += text;
    },
    err(text: string) {
      written.err += text;
    },
    ...{ columns: 80, colours: false, interactive: true, env: {} },
    async *input() {},
    ask: async () => {
      if (lines.length - waiting.length >= stopAfter) stopping.abort();
      return stopping.signal.aborted ? undefined : waiting.shift();
    },
  };
  const code = await runShell({ terminal, folder, signal: stopping.signal, ownSignals: () => undefined });
  return { code, left: waiting.length, ...written };
}

describe("the shell", () => {
  it("begins by saying where the folder stands, and ends with the input", async () => {
    const { code, out } = await shell([]);
    assert.equal(code, 0);
    assert.match(out, /There is no PRD\.md/);
  });
  it("runs one command line after the other, in both languages and with slashes", async () => {
    const { code, out, err } = await shell(["completion fish", "/补全 bash", "plimsoll --version", "chek"]);
    assert.equal(code, 0);
    assert.match(out, /complete -c plimsoll[\s\S]*complete -o default -F _plimsoll plimsoll[\s\S]*\n\d+\.\d+\.\d+\n$/);
    assert.match(err, /has no verb "chek"\. Did you mean plimsoll check\?/);
  });
  it("says again what comes next on an empty line", async () => {
    const { out } = await shell(["", ""]);
    assert.equal(out.match(/There is no PRD\.md/g)?.length, 3);
  });
  for (const word of ["exit", "quit", "/退出"])
    it(`ends with ${word}`, async () => assert.deepEqual(await shell([word, "--version"]).then(({ code, left }) => [code, left]), [0, 1]));
  it("ends with 130 after Ctrl-C", async () => assert.equal((await shell(["--version", "--version"], 1)).code, 130));
});

describe("words of a line", () => {
  for (const [line, words] of [
    ["check  src ", ["check", "src"]],
    ['check "my folder" --lang=zh', ["check", "my folder", "--lang=zh"]],
    ["check --folder='a b'", ["check", "--folder=a b"]],
    ["", []],
  ] as const)
    it(`are ${words.length} in ${JSON.stringify(line)}`, () => assert.deepEqual(wordsOf(line), words));
});

describe("the shell in a terminal", () => {
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  it("asks, responds, and ends by Ctrl-C", async (t) => {
    if (spawnSync("script", ["--version"]).status !== 0) return t.skip("script, which makes terminals, is not installed");
    const child = spawn("script", ["-qec", `"${process.execPath}" "${main}"`, "/dev/null"], {
      cwd: folder,
      env: { ...process.env, LANG: "C" },
    });
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      said.push(line);
      if (/--help lists every verb/.test(line)) child.stdin!.write("--version\r");
      if (/^\d+\.\d+\.\d+\r?$/.test(line)) child.stdin!.write("\u0003");
    }
    const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
    assert.equal(code, 130, said.join("\n"));
  });
});

// Shows that new tests can fail: runs each of them on the code of an earlier commit, where it must fail by its assertion.
// `node test/run/proof.ts --base COMMIT [part of a path …]`. A test that rightly passes on both ends its name with "(as before)".
// The tests of this tree are laid over the earlier commit; only what its `src/` and `examples/` do differs.
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runFile, type TestEnd } from "./process.ts";

const killMs = 10 * 60_000;
const root = fileURLToPath(new URL("../..", import.meta.url));
const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });

/** The earlier commit as a folder, with its own tests or with those of this tree. */
function checkout(folder: string, base: string, ownTests: boolean): string {
  mkdirSync(folder, { recursive: true });
  execFileSync("sh", ["-c", `git -C "$1" archive "$2" | tar -x -C "$3"`, "sh", root, base, folder]);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  if (ownTests) return folder;
  rmSync(join(folder, "test"), { recursive: true });
  cpSync(join(root, "test"), join(folder, "test"), { recursive: true });
  for (const file of globSync("examples/**/*.test.ts", { cwd: root })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  return folder;
}

/** What came of one new test on the earlier code, or undefined where that is as it must be. */
function objection(name: string, there: TestEnd | undefined): string | undefined {
  const guard = / \(as before\)( > |$)/.test(name);
  if (there === undefined) return "did not run: its file does not load there, or what holds it failed";
  if (there.kind === "pass") return guard ? undefined : "passes there too";
  if (guard) return "fails there, although it says that it is as before";
  return there.asserted ? undefined : `fails there, but not by an assertion: ${there.error.split("\n", 1)[0]}`;
}

const { values, positionals } = parseArgs({ options: { base: { type: "string" } }, allowPositionals: true });
if (values.base === undefined) {
  console.error("Name the earlier commit, as in: node test/run/proof.ts --base HEAD~1 test/core");
  process.exit(2);
}
const base = values.base;
const scratch = mkdtempSync(join(tmpdir(), "plimsoll-proof-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
const before = checkout(join(scratch, "before"), base, true);
const overlaid = checkout(join(scratch, "overlaid"), base, false);

const files = git("diff", "--name-only", "--diff-filter=AMR", base, "--", "test/**/*.test.ts", "examples/**/*.test.ts")
  .split("\n")
  .filter((file) => file !== "" && (positionals.length === 0 || positionals.some((part) => file.includes(part))));
const existed = new Set(git("ls-tree", "-r", "--name-only", base).split("\n"));
/** Where a file stood in the earlier commit: a test that has only moved is not new. */
const stood = new Map(
  git("diff", "--name-status", "--find-renames=40%", "--diff-filter=R", base, "--", "test", "examples")
    .split("\n")
    .map((line) => line.split("\t"))
    .map(([, before = "", after = ""]) => [after, before] as const),
);
const isLeaf = (test: TestEnd, all: readonly TestEnd[]) => !all.some(({ name }) => name.startsWith(`${test.name} > `));

let proven = 0;
let guards = 0;
const objections: string[] = [];
for (const file of files) {
  const earlier = existed.has(file) ? file : stood.get(file);
  const known = new Set(earlier === undefined ? [] : (await runFile(earlier, killMs, before)).tests.map(({ name }) => name));
  const here = (await runFile(file, killMs, root)).tests;
  const fresh = here.filter((test) => !known.has(test.name) && isLeaf(test, here));
  if (fresh.length === 0) continue;
  const there = new Map((await runFile(file, killMs, overlaid)).tests.map((test) => [test.name, test]));
  const found = fresh.flatMap(({ name }) => {
    const why = objection(name, there.get(name));
    if (why === undefined) there.get(name)?.kind === "pass" ? guards++ : proven++;
    return why === undefined ? [] : [`${file}: ${name}\n    ${why}`];
  });
  console.log(`${found.length === 0 ? "✔" : "✖"} ${file} (${fresh.length} new, ${found.length} without proof)`);
  objections.push(...found);
}
if (objections.length > 0) console.log(`\n${objections.join("\n")}\n`);
console.log(`${proven} fail on ${base} by their assertion, ${guards} are as before, ${objections.length} without proof`);
process.exitCode = objections.length > 0 || proven === 0 ? 1 : 0;

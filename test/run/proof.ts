// Shows that new tests can fail: runs each of them on the code of an earlier commit, where it must fail by its assertion.
// `node --conditions=source test/run/proof.ts --base COMMIT [part of a path …]`. A test that rightly passes on both ends its name with "(as before)".
// The tests of this tree are laid over the earlier commit, in its names (`proof/renames.ts`); only what its `src/` and `examples/` do differs.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runFile } from "./process.ts";
import { count, type FileProof, judge, newTests } from "./proof/judge.ts";
import { checkout, overlay } from "./proof/overlay.ts";
import { renamesOf } from "./proof/renames.ts";

const killMs = 5 * 60_000;
const root = fileURLToPath(new URL("../..", import.meta.url));
const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });

const { values, positionals } = parseArgs({ options: { base: { type: "string" } }, allowPositionals: true });
if (values.base === undefined) {
  console.error("Name the earlier commit, as in: node --conditions=source test/run/proof.ts --base HEAD~1 test/core");
  process.exit(2);
}
const base = values.base;
const renames = renamesOf((commit) => git("merge-base", base, commit) === git("rev-parse", `${base}^{commit}`));
const scratch = mkdtempSync(join(tmpdir(), "plimsoll-proof-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
const before = checkout(root, base, join(scratch, "before"));
const overlaid = overlay(checkout(root, base, join(scratch, "overlaid")), root, renames);

/** Tests of the tests' own tools, which are laid over the earlier commit with them, prove nothing there. */
const ofTools = /^test\/(run|tidy)\//;
const files = git("diff", "--name-only", "--diff-filter=AMR", base, "--", "test/**/*.test.ts", "examples/**/*.test.ts")
  .split("\n")
  .filter((file) => file !== "" && !ofTools.test(file) && (positionals.length === 0 || positionals.some((part) => file.includes(part))));
const existed = new Set(git("ls-tree", "-r", "--name-only", base).split("\n"));
/** Where a file stood in the earlier commit: a test that has only moved is not new. */
const stood = new Map(
  git("diff", "--name-status", "--find-renames=40%", "--diff-filter=R", base, "--", "test", "examples")
    .split("\n")
    .map((line) => line.split("\t"))
    .map(([, old = "", now = ""]) => [now, old] as const),
);

async function prove(file: string): Promise<FileProof> {
  const stoodAt = existed.has(file) ? file : stood.get(file);
  const [own, { tests: here }] = await Promise.all([
    stoodAt === undefined ? undefined : runFile(stoodAt, { killMs, cwd: before }),
    runFile(file, { killMs, cwd: root }),
  ]);
  const earlier = own?.tests ?? [];
  if (newTests(file, { earlier, here, renames }).length === 0) return judge(file, { earlier, here, there: [], renames });
  const run = async () => judge(file, { earlier, here, there: (await runFile(file, { killMs, cwd: overlaid })).tests, renames });
  const first = await run();
  if (first.without.length === 0 || first.without.length === first.fresh) return first;
  // Waits end early or late on a loaded machine: what that left open, another run may decide.
  const second = await run();
  return second.without.length < first.without.length ? second : first;
}

const proofs: FileProof[] = [];
for (const file of files) {
  const proof = await prove(file);
  if (proof.fresh === 0) continue;
  proofs.push(proof);
  console.log(`${proof.without.length === 0 ? "✔" : "✖"} ${file}: ${count([proof])}`);
  if (proof.ofNewUnit > 0) console.log(`    new: ${proof.unit}`);
  for (const why of proof.without) console.log(`\n${why}\n`);
}
console.log(`\nOn ${base}, of ${proofs.length} files: ${count(proofs)}`);
process.exitCode = proofs.some(({ without }) => without.length > 0) || proofs.length === 0 ? 1 : 0;

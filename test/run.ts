// Runs every test and example in a process of its own: `node test/run.ts [--chaos] [--coverage] [part of a path …]`.
// The last line is alone and reads "N passed, N failed"; the exit code is 0 only when something ran and nothing failed.
import { chmodSync, existsSync, globSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { TestServer } from "../src/testing/database.ts";
import { killRunning, type Outcome, runFile } from "./run/process.ts";

/** All of the crash labs, in place of a part, takes longer. The longest other file takes 80 s, and 250 s on a machine of a third of the speed. */
const killMs = (process.env.CRASH === "all" ? 60 : 8) * 60_000;
/** What mostly waits: for leases that end, for clocks, for a server that it has killed. */
const waiting = ["test/crash/", "test/tasks/", "test/integration/kill-loop", "test/messaging/", "test/locks/", "test/app/kept"];
/** What takes longest comes first: at the end, the last of it would run alone. */
const slowest = [
  "test/e2e/package/",
  "test/types/",
  "examples/",
  "test/e2e/services/",
  "test/crash/lab",
  "test/tasks/fleet/",
  "test/integration/kill-loop",
  "test/crash/",
];
/** What these run is the built package, processes that are killed before they could say what they ran, or what others call too: following it would only cost time. */
const unfollowed = [
  ...["test/e2e/package/", "test/e2e/services/", "test/integration/kill-loop", "test/campaigns/", "test/chaos/"],
  ...["test/crash/", "test/tasks/fleet/", "examples/"],
];
const root = fileURLToPath(new URL("..", import.meta.url));

function rank(file: string): number {
  const at = slowest.findIndex((part) => file.startsWith(part));
  return at < 0 ? slowest.length : at;
}

const isWaiting = (file: string) => waiting.some((part) => file.startsWith(part));

function select(filters: readonly string[], chaos: boolean): string[] {
  return globSync(["test/**/*.test.ts", "examples/**/*.test.ts"], { exclude: ["**/node_modules/**", "**/fixtures/**"] })
    .filter((file) => chaos || !file.startsWith("test/chaos/") || filters.some((filter) => filter.startsWith("test/chaos/")))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter.replace(/^\.\//, ""))))
    .toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function print({ file, passed, failed, skipped, durationMs, failures, notes }: Outcome): void {
  const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ""}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  console.log(`${failed > 0 ? "✖" : "✔"} ${file} (${counts}, ${Math.round(durationMs)} ms)`);
  for (const note of notes) console.log(`  ${note}`);
  for (const failure of failures) console.log(`\n${failure}\n`);
}

async function runAll(files: readonly string[]): Promise<Outcome[]> {
  // At most four compute at a time on two processors, as each waits for its servers and browsers now and then. While some mostly wait, three do.
  const [waits, computes] = [files.filter(isWaiting), files.filter((file) => !isWaiting(file))];
  const outcomes: Outcome[] = [];
  const worker = async (own: string[], others: string[]) => {
    const next = () => (isStopped ? undefined : (own.shift() ?? others.shift()));
    for (let file = next(); file !== undefined; file = next()) {
      const outcome = await runFile(file, { killMs, env: unfollowed.some((part) => file.startsWith(part)) ? withoutCoverage : {} });
      if (isStopped) return;
      outcomes.push(outcome);
      print(outcome);
    }
  };
  const each = Math.min(2, availableParallelism());
  const workers = Array.from({ length: each }, (_, nth) => [worker(waits, nth === 0 ? computes : []), worker(computes, waits)]).flat();
  await Promise.all([...workers, ...(each > 1 ? [worker(computes, waits)] : [])]);
  return outcomes;
}

/** Where there is enough of it, memory: most of a test's wait for a disk is for the hundreds of files of each of its databases. */
const memory = "/dev/shm";
const memoryBytes = 8 * 1024 ** 3;

function hasMemory(): boolean {
  if (!existsSync(memory)) return false;
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= memoryBytes;
}

/** Starts the server that tests share, for the whole run: otherwise the last file that uses it at a time stops it, and the next one starts it again. */
async function holdServer(): Promise<TestServer | undefined> {
  const { embeddedTestServer } = await import("../src/testing/database.ts");
  // The tests themselves say why there is none.
  return await embeddedTestServer().catch(() => undefined);
}

/** Of a test whose coverage does not count. */
const withoutCoverage = { NODE_V8_COVERAGE: undefined };

process.chdir(root);
/** Whether a signal has ended the run: no file starts any more, and none that it killed counts. */
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    // What the run does after its last file, it does here too. At the second signal, it does not wait.
    if (isStopped) process.exit(130);
    isStopped = true;
    killRunning();
  });
const { values, positionals } = parseArgs({
  options: { chaos: { type: "boolean", default: false }, coverage: { type: "boolean", default: false } },
  allowPositionals: true,
});
const files = select(positionals, values.chaos);
if (files.length === 0)
  console.log(
    `No test file matches ${positionals.join(" ") || "test/**/*.test.ts"}. Give a part of its path, as in: npm test -- test/core`,
  );

// Most of a short test is compiling what it imports, which is the same for all. For a few files, writing it costs more than reading it saves.
const compiled = files.length > 10 ? mkdtempSync(join(tmpdir(), "plimsoll-compiled-")) : undefined;
if (compiled !== undefined) process.env.NODE_COMPILE_CACHE ??= compiled;
const folder = files.length > 10 && hasMemory() ? mkdtempSync(join(memory, "plimsoll-")) : undefined;
const covered = values.coverage ? mkdtempSync(join(tmpdir(), "plimsoll-coverage-")) : undefined;
if (covered !== undefined) process.env.NODE_V8_COVERAGE = covered;
// From here on: what coverage writes is too much for memory.
if (folder !== undefined) {
  process.env.TMPDIR = folder;
  // As every folder for temporary files: where this is root, the servers are another user's.
  chmodSync(folder, 0o1777);
  // Also where it is stopped: this memory would be lost until the machine restarts.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
}
const held = files.length > 10 ? await holdServer() : undefined;
const outcomes = await runAll(files);
await held?.stop();
delete process.env.NODE_V8_COVERAGE;
if (compiled !== undefined) rmSync(compiled, { recursive: true, force: true });
if (isStopped) process.exit(130);
let isReached = true;
if (covered !== undefined) {
  // Loaded only here: without the flag nothing of it is needed.
  const { describeCoverage, readCoverage } = await import("./run/coverage.ts");
  const { text, holds } = describeCoverage(await readCoverage(covered, root));
  console.log(`\n${text}`);
  isReached = holds || positionals.length > 0;
  rmSync(covered, { recursive: true, force: true });
}
const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + count(outcome), 0);
const [passed, failed, skipped] = [sum((o) => o.passed), sum((o) => o.failed), sum((o) => o.skipped)];
const broken = outcomes.filter((outcome) => outcome.failed > 0);
// Once more at the end: of a long log, its end is what is kept and read.
if (broken.length > 0)
  console.log(`\nFailed:\n${broken.map(({ file, failures }) => `  ${file}\n${failures.join("\n").slice(0, 4_000)}`).join("\n\n")}\n`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 || !isReached ? 1 : 0;

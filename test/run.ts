// Runs every test and example in a process of its own: `node test/run.ts [--chaos] [part of a path …]`.
// The last line is alone and reads "N passed, N failed"; the exit code is 0 only when something ran and nothing failed.
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Outcome, runFile } from "./run/process.ts";

const killMs = 5 * 60_000;
const root = fileURLToPath(new URL("..", import.meta.url));

function select(filters: readonly string[], chaos: boolean): string[] {
  return globSync(["test/**/*.test.ts", "examples/**/*.test.ts"], { exclude: ["**/node_modules/**", "**/fixtures/**"] })
    .filter((file) => chaos || !file.startsWith("test/chaos/") || filters.some((filter) => filter.startsWith("test/chaos/")))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter.replace(/^\.\//, ""))))
    .toSorted();
}

function print({ file, passed, failed, skipped, durationMs, failures }: Outcome): void {
  const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ""}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  console.log(`${failed > 0 ? "✖" : "✔"} ${file} (${counts}, ${Math.round(durationMs)} ms)`);
  for (const failure of failures) console.log(`\n${failure}\n`);
}

async function runAll(files: readonly string[]): Promise<Outcome[]> {
  const waiting = [...files];
  const outcomes: Outcome[] = [];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const outcome = await runFile(file, killMs);
      outcomes.push(outcome);
      print(outcome);
    }
  };
  const processes = Math.min(3, Math.max(2, availableParallelism()));
  await Promise.all(Array.from({ length: processes }, worker));
  return outcomes;
}

process.chdir(root);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
const { values, positionals } = parseArgs({ options: { chaos: { type: "boolean", default: false } }, allowPositionals: true });
const files = select(positionals, values.chaos);
if (files.length === 0)
  console.log(
    `No test file matches ${positionals.join(" ") || "test/**/*.test.ts"}. Give a part of its path, as in: npm test -- test/core`,
  );

const outcomes = await runAll(files);
const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + count(outcome), 0);
const [passed, failed, skipped] = [sum((o) => o.passed), sum((o) => o.failed), sum((o) => o.skipped)];
const broken = outcomes.filter((outcome) => outcome.failed > 0);
if (broken.length > 0) console.log(`\nFailed:\n${broken.map(({ file }) => `  ${file}`).join("\n")}\n`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReportLine } from "./reporter.ts";

/** What one test file came to. */
export interface Outcome {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly durationMs: number;
  /** What to print: the failures, and what the process wrote where that helps. */
  readonly failures: readonly string[];
  /** What its tests say of their runs beside how they ended. */
  readonly notes: readonly string[];
  /** Every test that ended, with those that hold others. */
  readonly tests: readonly TestEnd[];
}

/** How one test ended; `name` is its path through the tests around it. */
export type TestEnd = Extract<ReportLine, { kind: "pass" | "fail" }>;

/** How a test file is run: for how long at most, where, and what its environment has beside, or undefined where it has it not. */
export interface RunSpec {
  readonly killMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const reporter = fileURLToPath(new URL("./reporter.ts", import.meta.url));
const outputChars = 20_000;
/** What ends the groups of the processes that run. */
const running = new Set<() => void>();
const relativeImports = new URL("./relative-imports.ts", import.meta.url).href;

process.once("exit", killRunning);

/** The environment of test processes: what they start, in whatever way, resolves the package to its sources as they do. */
export function testEnv(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const options = env.NODE_OPTIONS ?? "";
  if (options.includes("--conditions=source")) return env;
  return { ...env, NODE_OPTIONS: `${options} --conditions=source --import=${relativeImports}`.trim() };
}

/**
 * Runs one test file in a process of its own and tells what it came to.
 * *Guarantees*: resolves at most `killMs` and a little after the start; then neither the process nor what it started in its group lives.
 * A file in which no test ran, which exits before its tests ended or which leaves with a code other than 0 counts at least one failure.
 */
export async function runFile(file: string, { killMs, cwd = process.cwd(), env = {} }: RunSpec): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-test-"));
  const reportFile = join(folder, "report.jsonl");
  const startedAt = performance.now();
  const { exit, output, killed } = await runProcess([`--test-reporter=${reporter}`, `--test-reporter-destination=${reportFile}`, file], {
    killMs,
    cwd,
    env,
  });
  const lines = (await readFile(reportFile, "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as ReportLine);
  await rm(folder, { recursive: true, force: true });
  const durationMs = performance.now() - startedAt;

  const end = lines.find((line) => line.kind === "end");
  const failures = lines.filter((line) => line.kind === "fail").map((line) => `✖ ${line.name}\n  at ${line.place}\n${indent(line.error)}`);
  const broken = brokenBecause({ killed, killMs, exit, end, failures: failures.length, running: stillRunning(lines) });
  if (broken) failures.push(`✖ ${file}\n  ${broken}`);
  if (failures.length > 0 && output) failures.push(`  what the process wrote:\n${indent(output)}`);
  // A crash may come before the counts: then the failures themselves are counted.
  const failed = Math.max(end?.failed ?? 0, lines.filter((line) => line.kind === "fail").length) + (broken ? 1 : 0);
  const tests = lines.filter((line) => line.kind === "pass" || line.kind === "fail");
  const notes = lines.flatMap((line) => (line.kind === "note" ? [line.text] : []));
  return { file, passed: end?.passed ?? 0, failed, skipped: end?.skipped ?? 0, durationMs, failures, notes, tests };
}

/** Kills every test process that runs, with what it started in its group. */
export function killRunning(): void {
  for (const kill of running) kill();
}

interface Ending {
  readonly killed: boolean;
  readonly killMs: number;
  readonly exit: number | string;
  readonly end: Extract<ReportLine, { kind: "end" }> | undefined;
  readonly failures: number;
  /** The tests that had begun and had not ended. */
  readonly running: readonly string[];
}

/** The paths of the tests that had begun and had not ended, without those that only hold others of them. */
function stillRunning(lines: readonly ReportLine[]): readonly string[] {
  const open: Extract<ReportLine, { kind: "begins" | "over" }>[] = [];
  for (const line of lines) {
    if (line.kind === "begins") open.push(line);
    if (line.kind !== "over") continue;
    const at = open.findIndex(({ name, depth, line: place }) => name === line.name && depth === line.depth && place === line.line);
    if (at >= 0) open.splice(at, 1);
  }
  const deepest = Math.max(...open.map(({ depth }) => depth));
  const around = open.filter(({ depth }) => depth < deepest).map(({ name }) => name);
  return open.filter(({ depth }) => depth === deepest).map(({ name, line }) => `"${[...around, name].join(" > ")}" of line ${line}`);
}

function brokenBecause({ killed, killMs, exit, end, failures, running }: Ending): string | undefined {
  const still = running.length > 0 ? ` These had not ended: ${running.join(", ")}.` : "";
  if (killed)
    return `hung: it was killed after ${killMs / 1_000} s.${still} Look for a test or a hook that waits for ever, or a server, timer or process that outlives its test.`;
  if (!end)
    return `ended with ${exit} before its tests did, or holds no test.${still} Look for process.exit, a crash while loading, or a file without a test.`;
  if (end.passed + end.failed + end.skipped === 0) return "ran no test. Write one or delete the file.";
  if (exit !== 0 && failures === 0) return `ended with ${exit} though no test failed. Look for an error after the last test.`;
  return undefined;
}

interface Ended {
  readonly exit: number | string;
  readonly output: string;
  readonly killed: boolean;
}

function runProcess(args: readonly string[], { killMs, cwd, env }: Required<RunSpec>): Promise<Ended> {
  return new Promise((resolve) => {
    // A group of its own, so that a kill reaches what the tests started too.
    const child = spawn(process.execPath, args, { cwd, env: { ...testEnv(), ...env }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let killed = false;
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-outputChars);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const killGroup = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // No process of the group is left.
      }
    };
    const timer = setTimeout(() => {
      killed = true;
      killGroup();
    }, killMs);
    running.add(killGroup);
    // Not "close": a grandchild that holds the pipes would keep it from coming.
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      killGroup();
      running.delete(killGroup);
      setImmediate(() => resolve({ exit: code ?? signal ?? "an unknown end", output, killed }));
    });
  });
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, "    ");
}

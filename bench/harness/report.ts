import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** One contender's figures. A bench adds what only it measures. */
export interface Result {
  /** The subject is `plimsoll`, the baseline `raw`, a peer is named by its package. */
  readonly name: string;
  /** Median of the rounds; undefined where the bench answers no requests. */
  readonly perSecond?: number | undefined;
  /** Median over the rounds of `perSecond` ÷ that of `raw` in the same round; of `types`, of the seconds of the type-check. */
  readonly ratio: number;
  /** Inter-quartile range of those ratios. */
  readonly ratioIqr: number;
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
  /** Median over the rounds of `p99Ms` ÷ that of `raw` in the same round. */
  readonly p99Ratio?: number | undefined;
  /** Median processor time of the process for one request, execution or start. *Units*: microseconds. */
  readonly cpuUs?: number | undefined;
  /** Median over the rounds of `cpuUs` of `raw` in the same round ÷ `cpuUs`: over HTTP what `ratio` is on a machine at rest. */
  readonly cpuRatio?: number | undefined;
  /** Resident memory of the process after the last round. *Units*: 10^6 bytes. */
  readonly rssMb?: number | undefined;
  readonly peer?: true;
  readonly [figure: string]: unknown;
}

export interface Report {
  readonly bench: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly commit: string;
  readonly rounds: number;
  readonly results: readonly Result[];
}

export function describeMachine(facts: Readonly<Record<string, unknown>> = {}): Report["machine"] {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGb: Math.round(totalmem() / 1e9),
    os: `${process.platform} ${release()}`,
    node: process.versions.node,
    loadAverage: Math.round(loadavg()[0]! * 100) / 100,
    ...facts,
  };
}

/** The commit that was measured, with `-dirty` behind it where the checkout differs from it. */
export function describeCommit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
  try {
    return git("rev-parse", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "-dirty");
  } catch {
    return "unknown";
  }
}

/** The report as a person reads it. */
export function printReport({ bench, machine, commit, rounds, results }: Report): string {
  const names = [...new Set(results.flatMap((result) => Object.keys(result)))].filter((name) => name !== "peer");
  const rows = results.map((result) => names.map((name) => print(result[name])));
  const widths = names.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd();
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  return [
    `${bench}: ${rounds} paired rounds at ${commit.slice(0, 12)}${commit.endsWith("-dirty") ? " (dirty)" : ""}`,
    facts.join(", "),
    "",
    line(names),
    ...rows.map(line),
    "",
  ].join("\n");
}

function print(value: unknown): string {
  if (typeof value === "number") return value >= 1_000 ? Math.round(value).toLocaleString("en") : String(value);
  return value === undefined ? "–" : String(value);
}

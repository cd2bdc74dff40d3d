import { globSync, readFileSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { run } from "node:test";
import type { Language } from "../cli/language.ts";
import { type Report, Stop } from "../cli/verb.ts";
import { recordVariable } from "../testing/statement-record.ts";
import { recordFolder } from "./database/explain/statements.ts";
import { texts } from "./texts.ts";

/** The suites, the fast ones first. */
export const suites = ["unit", "property", "contract", "integration", "crash", "chaos", "security", "load"] as const;
type Suite = (typeof suites)[number];

/** What the verb `test` is asked for. */
export interface TestRun {
  readonly folder: string;
  readonly language: Language;
  readonly signal: AbortSignal;
  /** *Units*: percent of lines. */
  readonly floor: number | undefined;
  /** *Default*: all. */
  readonly only: readonly string[];
}

interface Failure {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

interface SuiteResult {
  readonly suite: Suite;
  files: number;
  passed: number;
  failed: number;
  skipped: number;
  durationMs: number;
}

/** Runs the tests of a project in one go, each file in a process of its own, in the order of the suites. */
export async function runTests({ folder, language, signal, floor, only }: TestRun): Promise<Report> {
  const text = texts[language];
  const files = filesBySuite(folder).filter(({ suite }) => only.length === 0 || only.includes(suite));
  if (files.length === 0) throw new Stop("missing", { message: text.noTests, fix: text.noTestsFix });
  const suiteOf = new Map(files.map(({ path, suite }) => [path, suite]));
  const results = new Map<string, SuiteResult>();
  for (const suite of suites) results.set(suite, { suite, files: 0, passed: 0, failed: 0, skipped: 0, durationMs: 0 });
  for (const { suite } of files) results.get(suite)!.files += 1;
  const failures: Failure[] = [];
  let coverage: { readonly lines: number; readonly branches: number; readonly functions: number } | undefined;
  // Tests on a database record there what `plimsoll db explain` explains. A run of all suites begins it again.
  const record = join(folder, recordFolder);
  if (only.length === 0) rmSync(record, { recursive: true, force: true });
  process.env[recordVariable] = record;
  const stream = run({
    files: files.map(({ path }) => path),
    ...{ cwd: folder, signal, concurrency: true, coverage: true, coverageIncludeGlobs: ["src/**/*.ts"] },
    execArgv: process.execArgv.filter((flag) => flag.startsWith("--conditions") || flag.startsWith("-C")),
  });
  stream.on("test:pass", ({ file, skip, details, name }) => {
    const result = results.get(suiteOf.get(file ?? "") ?? "");
    if (result === undefined || details.type === "suite" || isFile(name, folder)) return;
    if (skip !== undefined && skip !== false) result.skipped += 1;
    else result.passed += 1;
  });
  stream.on("test:fail", ({ file, line = 0, name, details }) => {
    const result = results.get(suiteOf.get(file ?? "") ?? "");
    // A group fails because a test in it did, which is counted.
    if (result === undefined || details.type === "suite") return;
    result.failed += 1;
    failures.push({ name, file: relative(folder, file ?? ""), line, message: messageOf(details.error) });
  });
  stream.on("test:summary", ({ file, duration_ms }) => {
    const result = results.get(suiteOf.get(file ?? "") ?? "");
    if (result !== undefined) result.durationMs += Math.round(duration_ms);
  });
  stream.on("test:coverage", ({ summary: { totals } }) => {
    const share = (value: number): number => Math.round(value * 10) / 10;
    coverage = {
      lines: share(totals.coveredLinePercent),
      branches: share(totals.coveredBranchPercent),
      functions: share(totals.coveredFunctionPercent),
    };
  });
  for await (const _ of stream);
  const ran = [...results.values()].filter((result) => result.files > 0);
  const isLow = floor !== undefined && (coverage?.lines ?? 0) < floor;
  return {
    exit: failures.length > 0 || isLow ? "found" : "fine",
    lines: [
      ...failures.map(({ name, file, line, message }) => `✖ ${file}:${line} ${name}\n  ${message.replaceAll("\n", "\n  ")}`),
      ...ran.map(text.suite),
      ...(coverage === undefined ? [] : [text.coverage(coverage)]),
      ...(isLow ? [text.belowFloor({ lines: coverage?.lines ?? 0, floor })] : []),
    ],
    data: { suites: ran, failures, coverage: coverage ?? null, floor: floor ?? null },
  };
}

/** A file that has no test of its own counts as one. */
function isFile(name: string, folder: string): boolean {
  return /\.test\.[cm]?[jt]s$/.test(name) && (name.startsWith(folder) || name.startsWith("test"));
}

function messageOf(error: Error | undefined): string {
  const cause: unknown = error?.cause;
  return cause instanceof Error ? cause.message : (error?.message ?? "");
}

const byPath: readonly (readonly [RegExp, Suite])[] = [
  [/crash/i, "crash"],
  [/chaos/i, "chaos"],
  [/secur/i, "security"],
  [/load/i, "load"],
  [/propert/i, "property"],
  [/integration|service|e2e/i, "integration"],
  [/contract/i, "contract"],
  [/unit/i, "unit"],
];

/** The test files of a project, the fast suites first: by path, else by whether they start the platform. */
function filesBySuite(folder: string): readonly { readonly path: string; readonly suite: Suite }[] {
  const found = globSync(["test/**/*.test.{ts,mts,js,mjs}", "src/**/*.test.{ts,mts,js,mjs}"], {
    cwd: folder,
    exclude: ["**/node_modules/**"],
  });
  return found
    .map((path) => {
      const named = byPath.find(([pattern]) => pattern.test(path))?.[1];
      const starts = /plimsoll\/testing|\/open\.ts["']/.test(readFileSync(join(folder, path), "utf8"));
      return { path: resolve(folder, path), suite: named ?? (starts ? "contract" : "unit") };
    })
    .toSorted((one, other) => suites.indexOf(one.suite) - suites.indexOf(other.suite) || (one.path < other.path ? -1 : 1));
}

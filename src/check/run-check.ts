import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Language } from "../cli/language.ts";
import { paint, type Terminal } from "../cli/terminal/terminal.ts";
import { type Report, Stop } from "../cli/verb.ts";
import { systemClock } from "../core/clock.ts";
import { release } from "../postgres/migrate/release.ts";
import { type Architecture, checkArchitecture } from "./check-architecture.ts";
import { type CheckConfig, problemsOf } from "./config.ts";
import { readFiles } from "./read-files.ts";
import { sarifOf } from "./sarif.ts";
import { texts } from "./texts.ts";

/** What the verb `check` is asked for. */
export interface CheckRun {
  /** The folder with `plimsoll.config.ts`. */
  readonly folder: string;
  readonly language: Language;
  readonly terminal: Pick<Terminal, "colours">;
  readonly isSarif: boolean;
}

const configNames = ["plimsoll.config.ts", "plimsoll.config.mts", "plimsoll.config.js", "plimsoll.config.mjs"];

/** Checks the architecture of the project in a folder. */
export async function runCheck({ folder, language, terminal, isSarif }: CheckRun): Promise<Report> {
  const text = texts[language];
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Stop("missing", { message: text.noFolder(folder), fix: text.noFolderFix });
  const config = await loadConfig(folder, language);
  const { files, problem } = readFiles(folder, [...(config.sources ?? ["."]), ...(config.tests ?? [])]);
  if (problem !== undefined)
    throw new Stop("missing", { message: `${text.noFolder(problem.path)} ${problem.message}.`, fix: text.noFolderFix });
  const architecture = checkArchitecture({ files, config, root: folder, today: new Date(systemClock.now()).toISOString().slice(0, 10) });
  if (architecture.counts.modules === 0) throw new Stop("missing", { message: text.noModules, fix: text.noModulesFix });
  const lines = isSarif
    ? [JSON.stringify(sarifOf(architecture.findings, { language, version: release }), undefined, 2)]
    : linesOf(architecture, { language, terminal });
  const findings = architecture.findings.map((finding) => ({
    ...finding,
    says: text.rules[finding.rule].says(finding),
    fix: text.rules[finding.rule].fix(finding),
  }));
  return { exit: findings.length > 0 ? "found" : "fine", lines, data: { ...architecture.counts, findings } };
}

/** Loads `check` of the configuration. It is a program of the project, and runs as such. */
async function loadConfig(folder: string, language: Language): Promise<CheckConfig> {
  const text = texts[language];
  const file = configNames.find((name) => existsSync(join(folder, name)));
  if (file === undefined) return {};
  let loaded: { readonly check?: unknown };
  try {
    loaded = (await import(pathToFileURL(join(folder, file)).href)) as typeof loaded;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Stop("input", { message: text.configBroken({ file, message }), fix: text.configBrokenFix });
  }
  const problems = loaded.check === undefined ? [] : problemsOf(loaded.check);
  if (problems.length > 0)
    throw new Stop("input", { message: text.configInvalid({ file, problems: problems.join("; ") }), fix: text.configBrokenFix });
  return (loaded.check ?? {}) as CheckConfig;
}

/** Writes findings for people: place and rule, the sentence, the fix, the way. */
function linesOf({ findings, counts }: Architecture, { language, terminal }: Pick<CheckRun, "language" | "terminal">): string[] {
  const text = texts[language];
  const lines = findings.flatMap((finding) => [
    `${paint(terminal, "bold", `${finding.file}:${finding.line}`)}  ${paint(terminal, "red", finding.rule)}`,
    `  ${text.rules[finding.rule].says(finding)}`,
    `  ${text.fix}: ${text.rules[finding.rule].fix(finding)}`,
    ...(finding.path.length === 0
      ? []
      : [`  ${text.way}: ${finding.path.map(({ file, line, name }) => `${file}:${line} ${name}`).join(" → ")}`]),
    "",
  ]);
  const files = new Set(findings.map(({ file }) => file)).size;
  return [
    ...lines,
    findings.length === 0 ? paint(terminal, "green", text.fine(counts)) : text.found({ findings: findings.length, files }),
    ...(counts.excepted > 0 ? [text.excepted(counts.excepted)] : []),
  ];
}

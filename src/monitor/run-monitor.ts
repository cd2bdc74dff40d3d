import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Language } from "../cli/language.ts";
import { type Report, Stop } from "../cli/verb.ts";
import { attempt, messageOf } from "../core/value/thrown.ts";
import { monitorFiles } from "./files.ts";
import { loadApp } from "./load.ts";
import { monitoredOf, type Part, parts } from "./monitored.ts";
import { texts } from "./texts.ts";

/** What `plimsoll monitor` was asked. */
export interface MonitorRun {
  readonly folder: string;
  readonly language: Language;
  /** Exports the app or its modules. */
  readonly file: string;
  readonly out: string;
  readonly check: boolean;
  readonly service: string | undefined;
  readonly job: string | undefined;
  readonly also: readonly string[];
  readonly urls: Readonly<Record<"ops" | "prometheus" | "page" | "ticket", string>>;
  readonly runbooks: string;
}

/** Makes the monitoring of an app and writes it, or with `check` compares it with what is there. */
export async function runMonitor(asked: MonitorRun): Promise<Report> {
  const { folder, language, file, out, check } = asked;
  const text = texts[language];
  for (const part of asked.also)
    if (!parts.includes(part as Part))
      throw new Stop("usage", { message: text.unknownPart({ part, parts: parts.join(", ") }), fix: text.seeHelp("monitor") });
  for (const [option, value] of Object.entries(asked.urls))
    if (!/^https?:$/.test(URL.parse(value)?.protocol ?? ""))
      throw new Stop("usage", { message: text.badUrl({ option, value }), fix: text.badUrlFix });
  const { registry, name } = await loadApp(file, { folder, language });
  const service = asked.service ?? name ?? nameOfPackage(folder);
  const monitored = monitoredOf(registry, { service, job: asked.job, also: asked.also as readonly Part[] });
  const { ops, prometheus, page, ticket } = asked.urls;
  const files = monitorFiles(monitored, {
    ...{ language, places: { ops, prometheus }, receivers: { page, ticket }, runbooks: asked.runbooks },
  });
  const target = resolve(folder, out);
  if (check) return compare(files, target, language);
  write(files, { target, language });
  const count = (pattern: RegExp) => [...files.keys()].filter((path) => pattern.test(path)).length;
  const facts = { operations: monitored.operations.length, alerts: count(/^runbooks\/en\//) + 4, runbooks: count(/^runbooks\/en\//) };
  return {
    exit: "fine",
    lines: [text.wrote({ files: files.size, folder: out }), text.objectives(facts.operations), text.alerts(facts), text.checkThem(out)],
    data: { folder: out, service, ...facts, files: [...files.keys()] },
  };
}

function compare(files: ReadonlyMap<string, string>, target: string, language: Language): Report {
  const text = texts[language];
  const differing = [...files]
    .filter(([path, wanted]) => attempt(() => readFileSync(join(target, path), "utf8")) !== wanted)
    .map(([path]) => path);
  const lines = differing.length === 0 ? [text.same(files.size)] : [...differing.map(text.differs), text.makeAgain];
  return { exit: differing.length === 0 ? "fine" : "found", lines, data: { differing } };
}

function write(files: ReadonlyMap<string, string>, { target, language }: { readonly target: string; readonly language: Language }): void {
  const text = texts[language];
  try {
    for (const [path, content] of files) {
      mkdirSync(dirname(join(target, path)), { recursive: true });
      writeFileSync(join(target, path), content);
    }
  } catch (error) {
    throw new Stop("output", { message: text.unwritable({ folder: target, message: messageOf(error) }), fix: text.unwritableFix });
  }
}

/** The name of the project in the folder, as its package.json has it. */
function nameOfPackage(folder: string): string {
  const file = join(folder, "package.json");
  const name = existsSync(file) ? attempt(() => JSON.parse(readFileSync(file, "utf8")).name as unknown) : undefined;
  return typeof name === "string" && name !== "" ? name.replace(/^@[^/]+\//, "") : "app";
}

import { globSync, readFileSync } from "node:fs";
import { type Code, codes } from "../../src/core/code.ts";
import { httpStatuses } from "../../src/surface/http-status.ts";

const begin = "<!-- written by test/docs.test.ts -->";
const end = "<!-- end -->";

/** Puts what is generated in the place that a document keeps for it. */
export function withGenerated(document: string, generated: string): string {
  const [before, rest] = document.split(begin);
  const after = rest?.split(end)[1];
  return after === undefined ? document : `${before}${begin}\n${generated}\n${end}${after}`;
}

/** The rows of the one table that decides, for docs/reference/faults.md. */
export function codeTable(): string {
  const rows = Object.entries(codes).map(([code, { retry, breaker, objective, undo, stored, level }]) => {
    const yes = (value: boolean) => (value ? "yes" : "no");
    return `| \`${code}\` | ${httpStatuses[code as Code]} | ${retry} | ${yes(breaker)} | ${objective} | ${undo} | ${yes(stored)} | ${level} |`;
  });
  return [
    "| code | HTTP | retry | breaker counts | objective | undo | kept under the key | log level |",
    "|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

/** Every default bound with its unit and its sentence, for docs/reference/limits.md. */
export function limitTable(root: string): string {
  const text = limitsText(root);
  const rows = [...text.matchAll(/^ {2}\/\*\* (.+) \*\/\n {2}(\w+): ([\d_]+),$/gm)].map(
    ([, sentence, name, value]) => `| \`${name}\` | ${shown(name!, Number(value!.replaceAll("_", "")))} | ${sentence} |`,
  );
  return ["| limit | default | what it bounds |", "|---|---|---|", ...rows].join("\n");
}

function shown(name: string, value: number): string {
  const count = value.toLocaleString("en-US");
  if (name.endsWith("Ms")) return duration(value);
  if (/Bytes/.test(name)) return value % 1_048_576 === 0 ? `${value / 1_048_576} MiB` : `${value / 1_024} KiB`;
  if (name.endsWith("Mb")) return `${count} MB`;
  if (name.endsWith("Chars")) return `${count} characters`;
  return count;
}

/** In the largest unit in which it is a whole number. */
function duration(ms: number): string {
  const units = { h: 3_600_000, min: 60_000, s: 1_000, ms: 1 };
  const [unit, size] = Object.entries(units).find(([, each]) => ms % each === 0)!;
  return `${ms / size} ${unit}`;
}

function limitsText(root: string): string {
  const files = ["src/core/limits.ts", ...globSync("src/core/limits/*.ts", { cwd: root }).toSorted()];
  return files.map((file) => readFileSync(`${root}/${file}`, "utf8")).join("\n");
}

/** The names of limits, to see that the table misses none. */
export function limitNames(root: string): readonly string[] {
  return [...limitsText(root).matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name!);
}

/** The faults that the platform throws itself, as they stand in its source: their types, and the code where it stands beside the type. */
export function thrownFaults(root: string): ReadonlyMap<string, string | undefined> {
  const files = globSync("src/**/*.ts", { cwd: root }).filter((file) => !/^src\/(surface|http\/docs)\//.test(file.replaceAll("\\", "/")));
  // A type of one word is of something else, but for these two.
  const known = new Set(["overloaded", "conflict"]);
  const texts = files.map((file) => readFileSync(`${root}/${file}`, "utf8"));
  const found = texts.flatMap((text) => [...text.matchAll(/(?:\bcode: "(\w+)",\s*)?\btype: "([a-z_]+)"/g)]);
  const faults = new Map<string, string | undefined>();
  // Those of operations that the platform declares itself; in doc comments they are examples.
  for (const text of texts)
    for (const [, type, code] of text.matchAll(/^export const \w+ = fault\("([a-z_]+)", \{\s*code: "(\w+)"/gm)) faults.set(type!, code);
  for (const [, code, type] of found) if (type!.includes("_") || known.has(type!)) faults.set(type!, code ?? faults.get(type!));
  return faults;
}

/** The metrics that the source registers. */
export function metricNames(root: string): ReadonlySet<string> {
  const texts = globSync("src/**/*.ts", { cwd: root }).map((file) => readFileSync(`${root}/${file}`, "utf8"));
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/\bname: "((?:plimsoll|process|nodejs)_[a-z0-9_]+)"/g)].map(([, name]) => name!)),
  );
}

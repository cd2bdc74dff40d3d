import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { RecordedStatement } from "../../../testing/statement-record.ts";
import type { HarmKind } from "./plan.ts";

/** Where `plimsoll test` records the statements that tests run, in the folder of the project. */
export const recordFolder = ".data/statements";
const mostStatements = 5_000;

/** A statement to explain. */
export interface WrittenStatement {
  /** As in `src/orders/operations/list-orders.ts:12`. */
  readonly place: string;
  readonly text: string;
  /** What a comment in it allows, with a reason. */
  readonly allows: ReadonlySet<HarmKind>;
}

/** Reads what the tests of a project recorded of its own sources: each statement once, by its place. *Bounds*: 5,000. */
export function readRecord(folder: string): readonly WrittenStatement[] {
  const path = join(folder, recordFolder);
  if (!existsSync(path)) return [];
  const found = new Map<string, WrittenStatement>();
  for (const name of readdirSync(path).filter((one) => one.endsWith(".jsonl")))
    for (const line of readFileSync(join(path, name), "utf8").split("\n")) {
      const read = readLine(line, folder);
      if (read !== undefined && found.size < mostStatements) found.set(`${read.place}\n${read.text}`, read);
    }
  return [...found.values()].toSorted((one, other) => compare(one.place, other.place) || compare(one.text, other.text));
}

/** A process that was stopped may leave half a line. */
function readLine(line: string, folder: string): WrittenStatement | undefined {
  let read: RecordedStatement;
  try {
    read = JSON.parse(line) as RecordedStatement;
  } catch {
    return undefined;
  }
  const place = placeOf(read.site, folder);
  const allows = [...read.text.matchAll(/plimsoll-allow (?<kind>scan|sort|loop): *\S.{9,}/g)].map(({ groups }) => groups!.kind as HarmKind);
  return place === undefined ? undefined : { place, text: read.text, allows: new Set(allows) };
}

/** A place in the project, without its column; undefined for tests and for packages. */
function placeOf(site: string, folder: string): string | undefined {
  const [, url, line] = /^(file:.*?|[^:]+(?::\\.*?)?):(\d+)(?::\d+)?$/.exec(site) ?? [];
  if (url === undefined) return undefined;
  const path = relative(folder, url.startsWith("file:") ? fileURLToPath(url) : url).replaceAll("\\", "/");
  return /^\.\.|node_modules\/|(?:^|\/)test\/|\.test\./.test(path) ? undefined : `${path}:${line}`;
}

function compare(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}

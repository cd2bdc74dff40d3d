import { readFileSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { limits } from "../limits.ts";
import { parseJson } from "./text.ts";

/** What a file held, or why it cannot be read, with the fix. */
export type FileText = { readonly text: string } | { readonly problem: string };
/** The files that were read, by their absolute path. */
export type FileTexts = ReadonlyMap<string, FileText>;

/** One place that names variables: the environment or a file. */
export interface Source {
  /** As in "PORT in …". */
  readonly label: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

interface FileFacts {
  readonly size: number;
  isFile(): boolean;
}

/** Resolves a path against the working directory. */
export function absolute(path: string): string {
  return resolve(path);
}

/** Reads a file at start, within `limits.configFileBytes`, and returns a problem in place of an exception. */
export function readTextSync(path: string): FileText {
  try {
    return refused(path, statSync(path)) ?? { text: readFileSync(path, "utf8") };
  } catch (error) {
    return unreadable(path, error);
  }
}

/** Reads a file as `readTextSync` does, without blocking the event loop. */
export async function readText(path: string): Promise<FileText> {
  try {
    return refused(path, await stat(path)) ?? { text: await readFile(path, "utf8") };
  } catch (error) {
    return unreadable(path, error);
  }
}

function refused(path: string, facts: FileFacts): FileText | undefined {
  if (!facts.isFile()) return { problem: `${path} is not a file. Name a file.` };
  if (facts.size <= limits.configFileBytes) return undefined;
  return { problem: `${path} has ${facts.size} bytes, and configFileBytes allows ${limits.configFileBytes}. Name a smaller file.` };
}

function unreadable(path: string, error: unknown): FileText {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return { problem: `${path} does not exist. Create it, or name another file.` };
  return { problem: `${path} cannot be read (${code ?? "unknown reason"}). Give this process the right to read it.` };
}

/** Reads a file of settings: a JSON object where its name ends in .json, else lines of NAME=VALUE. */
export function parseSource(path: string, text: string): Source | { readonly problem: string } {
  const label = path;
  if (!path.endsWith(".json")) return { label, variables: parseEnv(text) };
  const parsed = parseJson(text)?.value;
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
    return { label, variables: parsed as Record<string, unknown> };
  return { problem: `${path} is not a JSON object. Fix it, or give lines of NAME=VALUE another ending than .json.` };
}

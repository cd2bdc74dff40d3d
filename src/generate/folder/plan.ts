import type { AppModel } from "../model/model.ts";
import { filesOf } from "../writing/project-of.ts";
import { hashOf, type Manifest, manifestOf } from "./manifest.ts";
import { type NextMigration, nextMigrations } from "./next-migration.ts";
import { withHistory } from "./tables.ts";

/** What a generation does with a folder. */
export interface GenerationPlan {
  /** The files to write, by their paths. */
  readonly write: ReadonlyMap<string, string>;
  /** Files that the design does not have any more and that are as they were written. */
  readonly remove: readonly string[];
  /** Files of the design that a person changed: they stay, although the design says something else. */
  readonly kept: readonly string[];
  /** Files that a person changed or removed and that the design does not have any more, or had. */
  readonly left: readonly string[];
  readonly migrations: readonly string[];
  readonly manifest: Manifest;
}

/**
 * Plans a generation. It reads and writes nothing.
 * *Guarantees*: a file that differs from what an earlier generation wrote is neither written nor removed, and neither is one that no generation wrote.
 */
export function planGeneration(
  model: AppModel,
  { present, before }: { readonly present: ReadonlyMap<string, string>; readonly before: Manifest | undefined },
): GenerationPlan {
  const app = withHistory(model, before?.tables);
  const write = new Map<string, string>();
  const files: Record<string, string> = {};
  const [kept, left, migrations]: [string[], string[], string[]] = [[], [], []];
  const wanted = filesOf(app);
  for (const { path, text, owner } of wanted) {
    const found = present.get(path);
    const written = before?.files[path];
    files[path] = written ?? hashOf(text);
    if (found === undefined) {
      // What a person removed and nothing imports stays away.
      if (written !== undefined && owner === "person" && !path.startsWith("src/")) left.push(path);
      else {
        write.set(path, text);
        files[path] = hashOf(text);
      }
    } else if (hashOf(found) === hashOf(text)) files[path] = hashOf(text);
    else if (owner === "design" || isToEmit(text, found)) {
      if (hashOf(found) === written) {
        write.set(path, text);
        files[path] = hashOf(text);
      } else kept.push(path);
    }
  }
  for (const module of app.modules)
    for (const { path, text } of migrationsOf(module.name, {
      next: nextMigrations(module, { app, before: before?.tables ?? {} }),
      present,
    })) {
      write.set(path, text);
      migrations.push(path);
    }
  const remove: string[] = [];
  const paths = new Set(wanted.map(({ path }) => path));
  for (const [path, hash] of Object.entries(before?.files ?? {})) {
    const found = present.get(path);
    if (paths.has(path) || found === undefined) continue;
    if (hashOf(found) === hash) remove.push(path);
    else {
      left.push(path);
      files[path] = hash;
    }
  }
  return { write, remove, kept, left, migrations, manifest: manifestOf(app, { files, before }) };
}

/** Something follows an operation now whose handler does not say so yet. */
function isToEmit(text: string, found: string): boolean {
  return text.includes(" emit(") && !found.includes("emit(");
}

/** The next migrations with their paths, without those that are there already, as after a generation that was cut short. */
function migrationsOf(
  module: string,
  { next, present }: { readonly next: readonly NextMigration[]; readonly present: ReadonlyMap<string, string> },
): readonly { readonly path: string; readonly text: string }[] {
  const folder = `src/${module}/migrations/`;
  const there = [...present.keys()].filter((path) => path.startsWith(folder) && path.endsWith(".sql")).toSorted();
  const latest = new Set(there.slice(-next.length).map((path) => hashOf(present.get(path)!)));
  const last = Math.max(0, ...there.map((path) => Number(/^\d+/.exec(path.slice(folder.length))?.[0] ?? 0)));
  return next
    .filter(({ text }) => !latest.has(hashOf(text)))
    .map(({ name, text }, index) => ({ path: `${folder}${String(last + 1 + index).padStart(4, "0")}_${name}.sql`, text }));
}

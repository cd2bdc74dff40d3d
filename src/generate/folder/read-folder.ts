import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const mostFiles = 5_000;
const mostBytes = 2_097_152;

/** Reads the files of a project that a generation may meet: those named, and all below `src` and `test`. *Bounds*: 5,000 files of up to 2 MiB. */
export function readProject(folder: string, named: Iterable<string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const take = (path: string): void => {
    const stat = statSync(join(folder, path), { throwIfNoEntry: false });
    if (stat?.isFile() === true && stat.size <= mostBytes && found.size < mostFiles)
      found.set(path, readFileSync(join(folder, path), "utf8"));
  };
  const walk = (path: string): void => {
    if (statSync(join(folder, path), { throwIfNoEntry: false })?.isDirectory() !== true) return;
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true }))
      if (entry.isDirectory() && entry.name !== "node_modules") walk(`${path}/${entry.name}`);
      else if (entry.isFile()) take(`${path}/${entry.name}`);
  };
  for (const path of ["src", "test"]) walk(path);
  for (const path of named) if (!found.has(path)) take(path);
  return found;
}

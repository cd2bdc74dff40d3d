import { accessSync, chmodSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { manifestPath } from "./manifest.ts";
import type { GenerationPlan } from "./plan.ts";

/**
 * Does what a plan says. *Guarantees*: each file appears whole. The record is written last: after a stop, the next generation writes what is missing and takes
 * for its own what is there. *Faults*: the error of the file system where a folder cannot be written, before any file is changed.
 */
export function applyPlan(folder: string, { write, remove, manifest }: Pick<GenerationPlan, "write" | "remove" | "manifest">): void {
  for (const path of [...write.keys(), manifestPath]) requireWritable(folder, path);
  for (const [path, text] of write) {
    replace(join(folder, path), text);
    if (text.startsWith("#!")) chmodSync(join(folder, path), 0o755);
  }
  for (const path of remove) rmSync(join(folder, path));
  replace(join(folder, manifestPath), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

function requireWritable(folder: string, path: string): void {
  let place = dirname(join(folder, path));
  while (!existsSync(place)) place = dirname(place);
  if (!statSync(place).isDirectory()) throw Object.assign(new Error(`${place} is no folder`), { code: "ENOTDIR", path: place });
  accessSync(place, constants.W_OK);
  if (existsSync(join(folder, path))) accessSync(join(folder, path), constants.W_OK);
}

function replace(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

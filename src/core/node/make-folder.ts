import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those above it that are missing; one that exists stays as it is.
 * It is what `mkdirSync` with `recursive` does, which never returns where a file system refuses a new folder with ENOENT, as that of `/proc` does.
 * Throws the error of the file system.
 */
export function makeFolder(path: string, options: { readonly mode?: number } = {}): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.push(at);
  for (const folder of missing.toReversed()) makeOne(folder, options);
  // Throws EEXIST for what is no folder.
  if (missing.length === 0 && !statSync(path).isDirectory()) mkdirSync(path);
}

/** Another process may make it at the same time. */
function makeOne(folder: string, options: { readonly mode?: number }): void {
  try {
    mkdirSync(folder, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !statSync(folder).isDirectory()) throw error;
  }
}

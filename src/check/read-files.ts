import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { checkLimits } from "./limits.ts";

const skipped = new Set(["node_modules", "dist", "build", "coverage", "out"]);
const read = /\.(?:[mc]?[jt]s|sql)$/;

/** The files of a project, or why there are too many. */
export interface ReadFiles {
  readonly files: ReadonlyMap<string, string>;
  /** A folder that cannot be read, or the limit that was reached. */
  readonly problem: { readonly path: string; readonly message: string } | undefined;
}

/**
 * Reads the sources, tests and migrations below some folders of a project, by their paths from its root. What begins with a dot, `node_modules` and folders
 * of built files are left out. *Bounds*: `checkLimits.files`; larger files than `checkLimits.fileBytes` are left out.
 */
export function readFiles(root: string, folders: readonly string[]): ReadFiles {
  const files = new Map<string, string>();
  try {
    for (const folder of folders) readFolder(root, posix.normalize(folder.replaceAll("\\", "/")), files);
  } catch (error) {
    const { path = root, message } = error as NodeJS.ErrnoException;
    return { files, problem: { path, message } };
  }
  return { files, problem: undefined };
}

function readFolder(root: string, folder: string, files: Map<string, string>): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (files.size >= checkLimits.files) return;
    const path = folder === "." ? entry.name : posix.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name) && !entry.name.startsWith(".")) readFolder(root, path, files);
    } else if (entry.isFile() && read.test(entry.name) && !entry.name.endsWith(".d.ts")) {
      const text = readFileSync(join(root, path), "utf8");
      if (text.length <= checkLimits.fileBytes) files.set(path, text);
    }
  }
}

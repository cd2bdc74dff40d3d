import fs from "node:fs";
import { extname, join, relative } from "node:path";
import { limits } from "../../core/limits.ts";

/** What a watch reports. */
export interface Watching {
  /** A source file was written, created, deleted or replaced. `path`: relative to the working directory. */
  readonly changed: (path: string) => void;
  /** A folder cannot be watched: why, and what to do. */
  readonly failed: (message: string) => void;
}

const watched = new Set([".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json", ".sql", ".env"]);
const skipped = new Set(["node_modules", "dist", "coverage"]);

/**
 * Watches folders with everything below them, until the process ends. Folders are watched and not files: most editors save by writing a new file and
 * renaming it over the old one, and a watch of the old file then reports nothing.
 * *Bounds*: `limits.devFolders`; source files by their suffix; `node_modules`, `dist`, `coverage` and what begins with a dot are left out.
 */
export function watchFolders(roots: readonly string[], { changed, failed }: Watching): void {
  const watchers = new Map<string, fs.FSWatcher>();
  let full = false;
  /** Watches it, and returns the files that are in it by then. */
  const watch = (folder: string): string[] => {
    if (watchers.has(folder)) return [];
    if (watchers.size >= limits.devFolders) {
      if (!full)
        failed(
          `There are more than ${limits.devFolders} folders, and the others are not watched. Name the folders that matter, as in --watch=src.`,
        );
      full = true;
      return [];
    }
    try {
      const watcher = fs.watch(folder, (_, name) => noticed(folder, name));
      watchers.set(folder, watcher);
      watcher.on("error", () => forget(folder));
      return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return skips(entry.name) ? [] : watch(path);
        return entry.isFile() ? [path] : [];
      });
    } catch (error) {
      forget(folder);
      // A folder that was deleted meanwhile is no problem.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        failed(
          `${folder} cannot be watched: ${error instanceof Error ? error.message : error}. Name the folders that matter, as in --watch=src.`,
        );
      return [];
    }
  };
  const forget = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const noticed = (folder: string, name: string | null): void => {
    if (name === null || skips(name)) return;
    const path = join(folder, name);
    if (fs.statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      // The folder may have replaced one of the same name. Its files were written before it was watched, so they are reported now.
      forget(path);
      for (const file of watch(path)) tell(file);
    } else {
      forget(path);
      tell(path);
    }
  };
  const tell = (path: string): void => {
    if (watched.has(extname(path)) || path.endsWith(".env")) changed(relative(process.cwd(), path));
  };
  for (const root of roots) watch(root);
}

/** `.env` is a file that programs read; whatever else begins with a dot is of tools. */
function skips(name: string): boolean {
  return skipped.has(name) || (name.startsWith(".") && name !== ".env");
}

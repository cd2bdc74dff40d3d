import { chmodSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { cp } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { makeFolder } from "../core/node/make-folder.ts";
import { type Account, isReachable } from "./account.ts";
import type { PostgresBinaries } from "./binaries.ts";

/** What {@link usableBinaries} needs. */
export interface UsableBinariesInit {
  readonly binaries: PostgresBinaries;
  readonly account: Account;
  /** Where a copy may be kept. *Default*: what the platform has for caches, then the temporary directory. */
  readonly cacheDirectory: string | undefined;
  readonly clock: Clock;
}

/**
 * Makes the programs usable by the account that will run them, and resolves with the folder that holds `bin`, `lib` and `share`.
 * That is the package itself where it is whole and reachable. Where its links are missing (installed with `--ignore-scripts`), or the account
 * may not enter a folder on the way to it, it is a copy in a cache directory, made once.
 * *Faults thrown*: `failed_precondition` (`postgres_no_cache`).
 */
export async function usableBinaries(init: UsableBinariesInit): Promise<string> {
  const { binaries, account } = init;
  if (isUsable(binaries.directory, account)) return binaries.directory;
  const problems: string[] = [];
  for (const folder of cacheFolders(init)) {
    try {
      return await cachedCopy(folder, init);
    } catch (error) {
      problems.push(`${folder}: ${(error as Error).message}`);
    }
  }
  throw new Fault({
    code: "failed_precondition",
    type: "postgres_no_cache",
    message: `The programs of ${binaries.name} need a copy that user ${account.uid} can run, and none could be made (${problems.join("; ")}). Give embedded({ cacheDirectory }) a folder on a disk with 100 MB free, not mounted noexec, that every user may enter.`,
  });
}

async function cachedCopy(folder: string, { binaries, account, clock }: UsableBinariesInit): Promise<string> {
  makeFolder(folder, { mode: 0o755 });
  refuseForeign(folder);
  const { size, mtimeMs } = statSync(join(binaries.directory, "bin", "postgres"));
  const target = join(folder, `${basename(binaries.name)}-${binaries.version}-${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}`);
  if (isUsable(target, account)) return target;
  rmSync(target, { recursive: true, force: true });
  const draft = `${target}.draft-${clock.uuid()}`;
  try {
    await copy(binaries.directory, draft);
    renameSync(draft, target);
  } catch (error) {
    // Another process that was faster has made the same copy: then the rename finds it in its place.
    if (!isUsable(target, account)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  if (!isUsable(target, account)) throw new Fault({ code: "failed_precondition", message: `user ${account.uid} cannot reach it` });
  return target;
}

async function copy(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    // Leave out static libraries, a fifth of the package that only compilers read; links are created again below.
    filter: (source) => !source.endsWith(".a") && !lstatSync(source).isSymbolicLink(),
  });
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, entry.isDirectory() || entry.parentPath === join(to, "bin") ? 0o755 : 0o644);
  }
  chmodSync(to, 0o755);
  for (const { source, target } of links(from)) {
    const path = join(to, target);
    symlinkSync(relative(dirname(path), join(to, source)), path);
  }
}

/** Whether every program, file and link is there and the account may use it. */
function isUsable(directory: string, account: Account): boolean {
  const programs = ["postgres", "initdb"].map((name) => join(directory, "bin", name));
  const folders = [join(directory, "lib"), join(directory, "share")];
  if (![...programs, ...folders].every((path) => isReachable(path, account))) return false;
  try {
    return links(directory).every(({ target }) => statSync(join(directory, target)).isFile());
  } catch {
    return false;
  }
}

/** The links that the package's install script would make, relative to `directory`. */
function links(directory: string): { source: string; target: string }[] {
  const rows = JSON.parse(readFileSync(join(directory, "pg-symlinks.json"), "utf8")) as { source: string; target: string }[];
  return rows.map(({ source, target }) => ({ source: relative("native", source), target: relative("native", target) }));
}

function cacheFolders({ account, cacheDirectory }: UsableBinariesInit): string[] {
  if (cacheDirectory !== undefined) return [cacheDirectory];
  const folders = [process.env.XDG_CACHE_HOME, account.other ? "/var/cache" : userCache(), tmpdir()];
  return folders.filter((folder) => folder !== undefined && folder !== "").map((folder) => join(folder!, `plimsoll-${process.getuid!()}`));
}

function userCache(): string {
  return process.platform === "darwin" ? join(homedir(), "Library", "Caches") : join(homedir(), ".cache");
}

/** In a folder that others can write to, what is run later may have been put there by another user. */
function refuseForeign(folder: string): void {
  const stat = lstatSync(folder);
  if (stat.isDirectory() && stat.uid === process.getuid!() && (stat.mode & 0o022) === 0) return;
  throw new Fault({ code: "failed_precondition", message: "it belongs to another user or others may write to it" });
}

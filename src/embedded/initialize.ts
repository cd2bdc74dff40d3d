import { execFile } from "node:child_process";
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { type Account, own } from "./account.ts";
import { explain, explainSpawn } from "./explain.ts";
import { dataArgument, environment } from "./invocation.ts";

/** What {@link initialize} needs. */
export interface InitializeInit {
  /** Must not exist yet. */
  readonly dataDirectory: string;
  /** The folder that holds `bin`, `lib` and `share`. */
  readonly programs: string;
  readonly account: Account;
  readonly logPath: string;
  readonly clock: Clock;
}

/**
 * Makes a new data directory. It is made under another name, synced and then renamed, so that one that exists is always whole.
 * Ask only under the directory's lock.
 * *Faults thrown*: those of {@link explain}, and `postgres_disk_full` before anything is written.
 */
export async function initialize(init: InitializeInit): Promise<void> {
  const { dataDirectory, account, clock } = init;
  const parent = dirname(dataDirectory);
  removeDrafts(dataDirectory);
  refuseFullDisk(parent, limits.embeddedNewBytes);
  const draft = `${dataDirectory}.draft-${clock.uuid()}`;
  try {
    mkdirSync(draft, { mode: 0o700 });
    own(draft, account);
    await initdb(draft, init);
    renameSync(draft, dataDirectory);
    sync(parent);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true, maxRetries: 3 });
    throw error;
  }
}

/** Refuses to start on a disk that is all but full: PostgreSQL would stop in the middle of its work. *Faults thrown*: `unavailable`. */
export function refuseFullDisk(folder: string, neededBytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= neededBytes) return;
  throw new Fault({
    code: "unavailable",
    type: "postgres_disk_full",
    message: `The disk of ${folder} has ${Math.floor((bavail * bsize) / 2 ** 20)} MB free, and PostgreSQL needs ${neededBytes / 2 ** 20} MB. Free some, or choose another directory.`,
  });
}

async function initdb(draft: string, init: InitializeInit): Promise<void> {
  const program = join(init.programs, "bin", "initdb");
  // Not every system has every locale; what sorts and folds is PostgreSQL's own C.UTF-8 in any case.
  for (const locale of ["C.UTF-8", "en_US.UTF-8", "C"]) {
    const failure = await run(program, { draft, init, locale });
    if (failure === undefined) return;
    if (locale !== "C" && /invalid locale|locale settings/.test(failure)) continue;
    throw explain({ output: failure, dataDirectory: init.dataDirectory, logPath: init.logPath, port: undefined });
  }
}

function run(
  program: string,
  { draft, init, locale }: { draft: string; init: InitializeInit; locale: string },
): Promise<string | undefined> {
  const args = ["-D", dataArgument(draft, init.account), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-instructions"];
  args.push("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums");
  const { uid, gid, other } = init.account;
  const options = { cwd: draft, env: environment(locale), timeout: limits.embeddedStartMs, ...(other ? { uid, gid } : {}) };
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(undefined);
      // A text for a code means that the program never ran.
      if (typeof error.code === "string") return reject(explainSpawn(error as NodeJS.ErrnoException, program, uid));
      resolve(`${stdout}\n${stderr}`);
    });
  });
}

/** Removes what an interrupted start left behind. */
export function removeDrafts(dataDirectory: string): void {
  const prefix = `${basename(dataDirectory)}.draft-`;
  for (const name of readdirSync(dirname(dataDirectory))) {
    if (!name.startsWith(prefix)) continue;
    try {
      rmSync(join(dirname(dataDirectory), name), { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // An initdb whose parent was killed may still write into it: the next start removes it.
    }
  }
}

function sync(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

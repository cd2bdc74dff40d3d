import { accessSync, chmodSync, constants, existsSync, lchownSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Fault } from "../core/fault.ts";

/** Whom the server runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** Whether that is another user than that of this process. */
  readonly other: boolean;
}

/** PostgreSQL refuses to run as root; this is the unprivileged account on every system that we know. */
const unprivilegedId = 65_534;

/**
 * Chooses whom the server runs as: this user, and where that is root the owner of the data, at first the unprivileged account.
 * *Faults thrown*: `failed_precondition` where the data belong to another user and we are not root.
 */
export function accountFor(dataDirectory: string): Account {
  const uid = process.getuid!();
  const owner = statSync(dataDirectory, { throwIfNoEntry: false });
  if (uid === 0) {
    if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid === 0 ? unprivilegedId : owner.gid, other: true };
    return { uid: unprivilegedId, gid: unprivilegedId, other: true };
  }
  if (owner && owner.uid !== uid) {
    throw new Fault({
      code: "failed_precondition",
      type: "postgres_data_owner",
      message: `${dataDirectory} belongs to user ${owner.uid}, and this process is user ${uid}. Run as that user or as root, or once: sudo chown -R ${uid} ${dirname(dataDirectory)}`,
    });
  }
  return { uid, gid: process.getgid!(), other: false };
}

/** Gives a data directory to the account, with the mode that PostgreSQL demands. *Faults thrown*: `failed_precondition`. */
export function own(dataDirectory: string, account: Account): void {
  try {
    const stat = statSync(dataDirectory);
    if (stat.uid !== account.uid) {
      for (const entry of readdirSync(dataDirectory, { recursive: true, encoding: "utf8" })) {
        lchownSync(join(dataDirectory, entry), account.uid, account.gid);
      }
      lchownSync(dataDirectory, account.uid, account.gid);
    }
    if ((stat.mode & 0o777) !== 0o700 && (stat.mode & 0o777) !== 0o750) chmodSync(dataDirectory, 0o700);
  } catch (cause) {
    throw new Fault({
      code: "failed_precondition",
      type: "postgres_data_owner",
      cause,
      message: `${dataDirectory} cannot be given to user ${account.uid} (${(cause as Error).message}). Run as an ordinary user instead of root, or in a container that lets root change owners; or choose a directory on a file system that keeps them.`,
    });
  }
}

/** Gives what root has written beside the data to whom the directory belongs, so that its owner can continue without root. */
export function handBack(directory: string, names: readonly string[]): void {
  const { uid, gid } = statSync(directory);
  if (process.getuid!() !== 0 || uid === 0) return;
  for (const name of names) {
    const path = join(directory, name);
    if (existsSync(path)) lchownSync(path, uid, gid);
  }
}

/** Whether the account may enter every folder on the way to `path` and use it (a file: read and execute; a folder: enter). */
export function isReachable(path: string, account: Account): boolean {
  try {
    const real = realpathSync(path);
    if (!account.other) {
      accessSync(real, constants.R_OK | constants.X_OK);
      return true;
    }
    if (!grants(statSync(real), account, 0o5)) return false;
    for (let folder = dirname(real); ; folder = dirname(folder)) {
      if (!grants(statSync(folder), account, 0o1)) return false;
      if (folder === dirname(folder)) return true;
    }
  } catch {
    return false;
  }
}

function grants(stat: Stats, account: Account, bits: number): boolean {
  const shift = stat.uid === account.uid ? 6 : stat.gid === account.gid ? 3 : 0;
  return ((stat.mode >> shift) & bits) === bits;
}

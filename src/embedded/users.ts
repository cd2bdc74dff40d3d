import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../core/node/make-folder.ts";
import { identify, isAlive, type ProcessIdentity } from "./process.ts";

/** Notes in `folder` that this process uses the server, under a name that is unique to one launcher; returns how to take it back. */
export function registerUser(folder: string, id: string): () => void {
  makeFolder(folder);
  const path = join(folder, `${id}.json`);
  writeFileSync(path, JSON.stringify(identify(process.pid)));
  return () => rmSync(path, { force: true });
}

/** Counts the living users of the server and forgets those that ended. Ask only under the directory's lock. */
export function countUsers(folder: string): number {
  let count = 0;
  for (const name of list(folder)) {
    const path = join(folder, name);
    const user = read(path);
    if (user && isAlive(user)) count++;
    else rmSync(path, { force: true });
  }
  return count;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

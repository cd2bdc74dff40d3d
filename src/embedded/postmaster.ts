import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../core/fault.ts";
import { clusterName } from "./invocation.ts";
import { commandLine, identify, type ProcessIdentity } from "./process.ts";

/** A server that lives and serves the data directory that was asked about. */
export interface Postmaster extends ProcessIdentity {
  readonly port: number;
  readonly status: "starting" | "ready" | "stopping";
}

/**
 * Finds the server of a data directory by its `postmaster.pid`, and believes it only when the process says on its command line that it serves
 * this very directory: numbers of processes are given again. What remained of a server that ended is left to PostgreSQL, which checks for survivors,
 * except where the number now belongs to another process, which PostgreSQL could not know.
 * *Faults thrown*: `failed_precondition` (`postgres_foreign_server`) where the process is a PostgreSQL that we did not start.
 */
export function findPostmaster(dataDirectory: string): Postmaster | undefined {
  const path = join(dataDirectory, "postmaster.pid");
  const lines = readLines(path);
  const identity = identify(Number(lines[0]));
  if (!identity) return undefined;
  const command = commandLine(identity.pid) ?? "";
  if (command.split(" ").includes(`cluster_name=${clusterName(dataDirectory)}`)) {
    return { ...identity, port: Number(lines[3]), status: statusOf(lines[7]) };
  }
  if (isUnmarkedPostgres(command) && mayServe(identity.pid, dataDirectory)) throw foreign(path, identity.pid, lines[3]);
  rmSync(path, { force: true });
  return undefined;
}

function isUnmarkedPostgres(command: string): boolean {
  return /(^|\/)(postgres|postmaster)(:|\s|$)/.test(command) && !command.includes("cluster_name=plimsoll-");
}

/** PostgreSQL serves only what belongs to its own user; where the system does not tell whose the process is, it may. */
function mayServe(pid: number, dataDirectory: string): boolean {
  const process = statSync(`/proc/${pid}`, { throwIfNoEntry: false });
  return process === undefined || process.uid === statSync(dataDirectory).uid;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "latin1").split("\n");
  } catch {
    return [];
  }
}

function statusOf(line: string | undefined): Postmaster["status"] {
  const word = (line ?? "").trim();
  return word === "ready" || word === "stopping" ? word : "starting";
}

function foreign(path: string, pid: number, port: string | undefined): Fault {
  return new Fault({
    code: "failed_precondition",
    type: "postgres_foreign_server",
    message: `${path} names process ${pid} (port ${port ?? "unknown"}), a PostgreSQL server that was started by other means. Stop it (kill -INT ${pid}); if it serves another directory, delete that file.`,
  });
}

import { type BigIntStats, statSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "../core/fault.ts";
import { type Account, isReachable } from "./account.ts";

/**
 * How a program of PostgreSQL gets its data directory, which must also be its working directory.
 * Where the account may not enter a folder above it (a project in the home of root), no path leads there for PostgreSQL; but the working directory
 * was entered before the account was taken, and on Linux `/proc/self/cwd` leads to it from within.
 * *Faults thrown*: `failed_precondition` (`postgres_data_unreachable`) on other systems.
 */
export function dataArgument(dataDirectory: string, account: Account): string {
  if (isReachable(dataDirectory, account)) return dataDirectory;
  if (process.platform === "linux") return "/proc/self/cwd";
  throw new Fault({
    code: "failed_precondition",
    type: "postgres_data_unreachable",
    message: `As root, PostgreSQL runs as user ${account.uid}, who may not enter a folder above ${dataDirectory}. Run: chmod o+x on each folder above ${dirname(dataDirectory)}, or choose a directory outside of them, or start as an ordinary user.`,
  });
}

/** The environment of the programs: nothing of ours leaks in (`PGDATA`, `PGPORT`, `LD_PRELOAD`). */
export function environment(locale: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: locale, TZ: "UTC" };
}

/** A name by which a running server is known to serve this very data directory, whatever path leads to it. Shown in `ps`. */
export function clusterName(dataDirectory: string): string {
  const { dev, ino }: BigIntStats = statSync(dataDirectory, { bigint: true });
  return `plimsoll-${dev.toString(36)}-${ino.toString(36)}`;
}

/** What of a server is not the same for all. `fsync`: whether what is committed outlives a loss of power. `connections`: how many it takes at the most. */
export interface ServerSettings {
  readonly port: number;
  readonly dataDirectory: string;
  readonly fsync: boolean;
  readonly connections: number;
}

/** The server's settings. What is not here is in `postgresql.conf`, where a user may change it. */
export function settings({ port, dataDirectory, fsync, connections }: ServerSettings): string[] {
  const safe = fsync ? "on" : "off";
  const rows: Record<string, string | number> = {
    cluster_name: clusterName(dataDirectory),
    port,
    listen_addresses: "127.0.0.1",
    // Paths of sockets end at 107 characters, and a shared folder is open to strangers: TCP only.
    unix_socket_directories: "",
    max_connections: connections,
    shared_buffers: "128MB",
    fsync: safe,
    full_page_writes: safe,
    // Our process owns the log: one file beside the data, turned over at a start.
    logging_collector: "off",
    log_destination: "stderr",
    log_checkpoints: "off",
  };
  return Object.entries(rows).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

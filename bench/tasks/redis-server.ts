import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findProgram, freePort } from "../harness/machine.ts";
import { keep, stop } from "../harness/server.ts";

export interface RedisServer {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

/** How often the log of a Redis reaches the disk: once a second, after the answer, or before each answer. */
export type Fsync = "everysec" | "always";

const program = findProgram("redis-server");

/** Starts a Redis of our own that keeps a log, or gives undefined where none is installed. */
export async function startRedis(appendfsync: Fsync): Promise<RedisServer | undefined> {
  if (program === undefined) return undefined;
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "bench-redis-"));
  const settings = { port, bind: "127.0.0.1", dir: directory, appendonly: "yes", appendfsync, save: "", "maxmemory-policy": "noeviction" };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", 2] });
  keep(child);
  const version = await whenReady(child);
  return {
    url: `redis://127.0.0.1:${port}`,
    version,
    async stop() {
      await stop(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function whenReady(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let version = "unknown";
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    createInterface(child.stdout!).on("line", (line) => {
      version = /Redis version=([\d.]+)/.exec(line)?.[1] ?? version;
      if (line.includes("Ready to accept connections")) resolve(version);
    });
  });
}

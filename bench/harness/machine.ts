import { execFileSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** Where a program is on this machine, or undefined. */
export function findProgram(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(":")
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const taskset = process.platform === "linux" ? findProgram("taskset") : undefined;
const cores = allowedCores();

/** How servers and load are kept apart: said in the report. */
export const pinning = taskset && cores.length > 1 ? `server on core ${cores[0]}, load on core ${cores[1]}` : "none";

/** A command that runs on the core of the servers, or of the load, where the machine can pin it. */
export function pin(role: "server" | "load", command: readonly string[]): readonly [string, ...string[]] {
  const pinned = taskset && cores.length > 1 ? [taskset, "-c", String(cores[role === "server" ? 0 : 1]), ...command] : command;
  return pinned as [string, ...string[]];
}

/** Moves this process, which asks whether a server listens, off the core of the servers: on it, it would take from what it measures. */
export function pinSelf(role: "server" | "load"): void {
  if (taskset && cores.length > 1)
    execFileSync(taskset, ["-a", "-c", "-p", String(cores[role === "server" ? 0 : 1]), String(process.pid)], { stdio: "ignore" });
}

/** Resident memory of a process. *Units*: 10^6 bytes. Undefined where there is no /proc. */
export function rssMb(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? undefined : Math.round((Number(kib) * 1_024) / 1e5) / 10;
  } catch {
    return undefined;
  }
}

/** Processor time that a process has used, all threads. *Units*: microseconds, in steps of 10,000. Undefined where there is no /proc. */
export function cpuUs(pid: number): number | undefined {
  try {
    // The name, in parentheses, may hold spaces; user and system time are the 12th and 13th field behind it.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return undefined;
  }
}

/** A free port of 127.0.0.1; below those that the system gives to outgoing connections, so that none of them takes it meanwhile. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
  throw new Error("no free port between 20000 and 31999 on 127.0.0.1");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function allowedCores(): number[] {
  try {
    const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
    return list.split(",").flatMap((range) => {
      const [first, last = first] = range.split("-").map(Number) as [number, number?];
      return Array.from({ length: last! - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return [];
  }
}

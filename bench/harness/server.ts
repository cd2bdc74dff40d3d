import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { freePort, pin } from "./machine.ts";

const readyTimeoutMs = 20_000;
const stopTimeoutMs = 3_000;
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

export interface ServerOptions {
  readonly name: string;
  /** Path of the program. */
  readonly file: string;
  readonly role: "server" | "load";
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** What the program gets. */
  readonly args?: readonly string[];
}

/** A server process that a bench started, listening at `url`. */
export interface Server {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a program on a free port and waits until it prints `ready`. Rejects with what it printed where it does not. */
export async function startServer({ name, file, role, env = {}, nodeOptions = [], args: given = [] }: ServerOptions): Promise<Server> {
  const port = await freePort();
  const [command, ...args] = pin(role, [process.execPath, ...nodeOptions, file, ...given]);
  const child = spawn(command, args, {
    env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1", ...env, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  keep(child);
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-4_000);
    });
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${name} ${why}. It printed:\n${printed || "(nothing)"}`));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`did not print "ready" within ${readyTimeoutMs} ms`);
    }, readyTimeoutMs);
    child.once("error", (error) => fail(`cannot be started: ${error.message}`));
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
    createInterface(child.stdout).on("line", (line) => {
      if (line !== "ready") return;
      clearTimeout(timer);
      resolve();
    });
  });
  assert(child.pid !== undefined, "a process that printed has an id");
  return { name, url: `http://127.0.0.1:${port}`, pid: child.pid, stop: () => stop(child) };
}

/** Takes a child along when this process ends, however it ends. */
export function keep(child: ChildProcess): void {
  running.add(child);
  child.once("exit", () => running.delete(child));
}

/** Ends a child: asks first, and kills it where it does not listen. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exited;
  clearTimeout(timer);
}

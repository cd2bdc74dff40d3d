import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { pin } from "../harness/machine.ts";
import { keep, stop } from "../harness/server.ts";

const readyTimeoutMs = 20_000;
const pollMs = 2;
const openFiles = 65_536;

export interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** It listens when this URL answers 200, or when it prints this line. */
  readonly ready: { readonly url: string } | { readonly line: string };
}

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  /** From the spawn until it listens. */
  readonly startMs: number;
}

/** Starts a program, with room for many connections, and waits until it listens. */
export async function start({ name, args, env, ready }: Command): Promise<Started> {
  const startedAt = performance.now();
  const child = spawnRoomy("server", args, env);
  let printed = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.on("data", (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-4_000);
    });
  const gaveUp = new AbortController();
  const ended = once(child, "exit", { signal: gaveUp.signal }).then(([code]) => `ended with ${code}`);
  const late = sleep(readyTimeoutMs, `did not listen within ${readyTimeoutMs} ms`, { signal: gaveUp.signal });
  const listens = "url" in ready ? answers(ready.url, gaveUp.signal) : prints(child, ready.line);
  const problem = await Promise.race([listens, ended, late]);
  const startMs = performance.now() - startedAt;
  for (const promise of [ended, late]) promise.catch(() => {});
  gaveUp.abort();
  if (problem === undefined) return { child, pid: child.pid!, startMs };
  await stop(child);
  throw new Error(`${name} ${problem}. It printed:\n${printed || "(nothing)"}`);
}

/** Opens idle keep-alive connections from a process of its own, and holds them while `use` runs. */
export async function withIdleConnections<T>(url: string, connections: number, use: () => Promise<T>): Promise<T> {
  const { port, pathname } = new URL(url);
  const plan = JSON.stringify({ port: Number(port), path: pathname, connections });
  const child = spawnRoomy("load", [process.execPath, fileURLToPath(new URL("idle-clients.ts", import.meta.url)), plan], {});
  let problem = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    problem += chunk.toString();
  });
  try {
    const ended = once(child, "exit").then(() => "ended");
    if ((await Promise.race([prints(child, "open"), ended])) === "ended") throw new Error(`${connections} idle connections: ${problem}`);
    const used = await use();
    if (child.exitCode !== null) throw new Error(`${connections} idle connections: ${problem}`);
    return used;
  } finally {
    child.stdin!.end();
    await stop(child);
  }
}

/** The limit of open files is raised for every contender, the baseline too. */
function spawnRoomy(role: "server" | "load", args: readonly string[], env: Command["env"]): ChildProcess {
  const [program, ...rest] = pin(role, args);
  const child = spawn("sh", ["-c", `ulimit -n ${openFiles} 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"`, "sh", program, ...rest], {
    env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  keep(child);
  return child;
}

function prints(child: ChildProcess, wanted: string): Promise<undefined> {
  return new Promise((resolve) => {
    createInterface(child.stdout!).on("line", (line) => {
      if (line === wanted) resolve(undefined);
    });
  });
}

async function answers(url: string, signal: AbortSignal): Promise<undefined> {
  while (!signal.aborted) {
    if ((await statusOf(url)) === 200) return undefined;
    await sleep(pollMs);
  }
  return undefined;
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once("error", () => resolve(undefined));
  });
}

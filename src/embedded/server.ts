import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Clock, sleep } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type { Account } from "./account.ts";
import { explain, explainSpawn } from "./explain.ts";
import { dataArgument, environment, settings } from "./invocation.ts";
import { findPostmaster, type Postmaster } from "./postmaster.ts";
import { isAlive } from "./process.ts";

/** What {@link startServer} needs. */
export interface ServerInit {
  readonly dataDirectory: string;
  /** The folder that holds `bin`, `lib` and `share`. */
  readonly programs: string;
  readonly account: Account;
  readonly port: number;
  readonly fsync: boolean;
  readonly connections: number;
  readonly logPath: string;
  readonly clock: Clock;
}

/**
 * Starts the server in a session of its own, so that Ctrl-C in the terminal reaches us and not it, and resolves when it accepts connections.
 * *Bounds*: waits `embeddedStartMs`. *Faults thrown*: those of {@link explain}; whatever was started is stopped.
 */
export async function startServer(init: ServerInit): Promise<Postmaster> {
  const { dataDirectory, programs, account, port, fsync, connections, logPath, clock } = init;
  turnOver(logPath);
  const log = openSync(logPath, "a+", 0o600);
  const logStart = fstatSync(log).size;
  const program = join(programs, "bin", "postgres");
  try {
    const child = spawn(program, ["-D", dataArgument(dataDirectory, account), ...settings({ port, dataDirectory, fsync, connections })], {
      cwd: dataDirectory,
      env: environment("C"),
      detached: true,
      stdio: ["ignore", log, log],
      ...(account.other ? { uid: account.uid, gid: account.gid } : {}),
    });
    const outcome = watch(child);
    const ready = await waitUntilReady(dataDirectory, { clock, given: () => outcome.error ?? outcome.exit });
    // The server outlives this process when it must (see EmbeddedPostgres); it does not keep it alive.
    child.unref();
    if (ready) return ready;
    if (outcome.error) throw explainSpawn(outcome.error, program, account.uid);
    const output = tail(log, logStart);
    if (outcome.exit === undefined) {
      child.kill("SIGQUIT");
      throw tooSlow(logPath);
    }
    throw explain({ output, dataDirectory, logPath, port });
  } finally {
    closeSync(log);
  }
}

/** Waits until the server of the directory accepts connections; undefined when it gave up or time ran out. */
export async function waitUntilReady(
  dataDirectory: string,
  { clock, given }: { clock: Clock; given: () => unknown },
): Promise<Postmaster | undefined> {
  const startedAt = clock.monotonic();
  for (let delayMs = 1; clock.monotonic() - startedAt < limits.embeddedStartMs; delayMs = Math.min(delayMs * 1.2, 25)) {
    if (given() !== undefined) return undefined;
    const postmaster = findPostmaster(dataDirectory);
    if (postmaster?.status === "ready") return postmaster;
    await sleep(clock, delayMs);
  }
  return undefined;
}

/**
 * Stops a server: clients are disconnected and all is written to disk. One that does not obey is stopped harder; it then recovers at its next start.
 * *Bounds*: twice `embeddedStopMs`. *Guarantees*: never rejects; resolves with whether it is gone.
 */
export async function stopServer(postmaster: Postmaster, clock: Clock): Promise<boolean> {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    if (!isAlive(postmaster)) return true;
    try {
      process.kill(postmaster.pid, signal);
    } catch {
      // The process has ended meanwhile, or this process may not signal it: the wait below shows which.
    }
    if (await waitUntilGone(postmaster, clock, signal === "SIGINT" ? limits.embeddedStopMs : limits.embeddedStopMs / 2)) return true;
  }
  return false;
}

/** Waits until a server has ended, and returns false if it has not within *boundMs*. */
export async function waitUntilGone(postmaster: Postmaster, clock: Clock, boundMs: number): Promise<boolean> {
  const startedAt = clock.monotonic();
  for (let delayMs = 1; isAlive(postmaster); delayMs = Math.min(delayMs * 1.2, 25)) {
    if (clock.monotonic() - startedAt > boundMs) return false;
    await sleep(clock, delayMs);
  }
  return true;
}

function watch(child: ChildProcess): { error: NodeJS.ErrnoException | undefined; exit: string | undefined } {
  const outcome: { error: NodeJS.ErrnoException | undefined; exit: string | undefined } = { error: undefined, exit: undefined };
  child.once("error", (error) => {
    outcome.error = error;
  });
  child.once("exit", (code, signal) => {
    outcome.exit = String(code ?? signal);
  });
  return outcome;
}

function turnOver(logPath: string): void {
  const stat = statSync(logPath, { throwIfNoEntry: false });
  if (stat && stat.size > limits.embeddedLogBytes) renameSync(logPath, `${logPath}.1`);
}

/** Reads what was logged since `from`, its end at the most. */
function tail(log: number, from: number): string {
  const size = fstatSync(log).size;
  const start = Math.max(from, size - 16_384);
  const buffer = Buffer.alloc(Math.max(0, size - start));
  readSync(log, buffer, 0, buffer.length, start);
  return buffer.toString("utf8");
}

function tooSlow(logPath: string): Fault {
  return new Fault({
    code: "unavailable",
    type: "postgres_not_started",
    message: `The embedded PostgreSQL was not ready after ${limits.embeddedStartMs / 1000} s. See ${logPath}; after a crash it may need several starts to recover, or the machine is overloaded.`,
  });
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, sleep, systemClock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";

/** An app that was started to be measured. Disposing of it ends its process and deletes its files. */
export interface AppProcess extends AsyncDisposable {
  readonly url: string;
  readonly ops: string;
}

/** What is started, and where. */
export interface StartApp {
  readonly folder: string;
  readonly command: readonly [string, ...string[]];
  /** Ends the wait for it, and the app with it. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** How long an app may take to be ready, and to end after SIGTERM. *Units*: milliseconds. */
const [readyMs, endMs, lookMs] = [60_000, 10_000, 50] as const;
/** Of what an app printed, so much is kept for the message of a fault. *Units*: characters. */
const keptOutput = 2_000;

/**
 * Starts a checkout of an app, with `PORT`, `OPS_PORT` and `DATA_DIR` of its own, and waits until it is ready.
 * *Faults thrown*: `unavailable` of type `compared_app_not_ready`, with the last that it printed.
 */
export async function startApp({ folder, command, signal, clock = systemClock }: StartApp): Promise<AppProcess> {
  const [program, ...args] = command;
  const [port, opsPort] = await freePorts();
  const data = mkdtempSync(join(tmpdir(), "plimsoll-compare-"));
  const env = { ...process.env, PORT: String(port), OPS_PORT: String(opsPort), DATA_DIR: data };
  const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-keptOutput);
    });
  let ended: string | undefined;
  const kill = () => child.kill("SIGKILL");
  // If this process ends first, the app does not stay.
  process.once("exit", kill);
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("exit", (code, by) => {
    process.removeListener("exit", kill);
    ended ??= `ended with ${by ?? `exit code ${code}`}`;
  });
  const stop = async () => {
    if (ended === undefined) {
      const exited = once(child, "exit");
      const timer = clock.schedule(endMs, kill);
      child.kill("SIGTERM");
      await exited;
      timer.cancel();
    }
    process.removeListener("exit", kill);
    rmSync(data, { recursive: true, force: true });
  };
  const ops = `http://127.0.0.1:${opsPort}`;
  try {
    const until = clock.monotonic() + readyMs;
    while (!(await isReady(ops))) {
      if (ended !== undefined) throw notReady({ folder, why: ended, output });
      if (clock.monotonic() >= until) throw notReady({ folder, why: `was not ready after ${readyMs / 1_000} s`, output });
      await sleep(clock, lookMs, signal);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, ops, [Symbol.asyncDispose]: stop };
}

function notReady({ folder, why, output }: { readonly folder: string; readonly why: string; readonly output: string }): Fault {
  return new Fault({
    code: "unavailable",
    type: "compared_app_not_ready",
    message: `The app in ${folder} ${why}. It must serve its API on PORT and its ops port on OPS_PORT, with prometheus(). It printed last:\n${output.trim() || "(nothing)"}`,
  });
}

async function isReady(ops: string): Promise<boolean> {
  try {
    const response = await fetch(`${ops}/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Two ports that are free now, found while both are held. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()] as const;
  await Promise.all(servers.map((server) => once(server.listen(0, "127.0.0.1"), "listening")));
  const [one, other] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number];
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return [one, other];
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { pin } from "../../harness/machine.ts";
import { keep } from "../../harness/server.ts";
import { type Order, type Saturation, type Stream, type StreamResult, started } from "./stream.ts";

const file = fileURLToPath(new URL("send.ts", import.meta.url));

/** Sends streams, and rejects where their process fails. `meanwhile` begins with the first call. */
export async function sendStreams(streams: readonly Stream[], meanwhile?: () => Promise<void>): Promise<readonly StreamResult[]> {
  const results = (await ask({ streams }, meanwhile)) as readonly StreamResult[];
  if (process.env.DEBUG_LOAD) for (const { windows: _, ...result } of results) process.stderr.write(`${JSON.stringify(result)}\n`);
  return results;
}

/** How many calls a second can be done. */
export async function measureCapacity(saturation: Saturation): Promise<number> {
  return (await ask({ saturate: saturation })) as number;
}

/** A process for each order: what one leaves behind, such as garbage, does not disturb the next. */
async function ask(order: Order, meanwhile?: () => Promise<void>): Promise<unknown> {
  // Garbage is collected in small steps: a pause would be lag.
  const [command, ...args] = pin("load", [process.execPath, "--max-semi-space-size=4", file, JSON.stringify(order)]);
  const child = spawn(command, args, { env: { ...process.env, NODE_NO_WARNINGS: "1" }, stdio: ["ignore", "pipe", 2] });
  keep(child);
  const exited = once(child, "exit") as Promise<[number | null]>;
  let acted: Promise<void> | undefined;
  let said: string | undefined;
  for await (const line of createInterface(child.stdout!)) {
    if (line === started) acted = meanwhile?.();
    else said = line;
  }
  const [[code]] = await Promise.all([exited, acted]);
  if (code !== 0 || said === undefined)
    throw new Error(`The load ended with ${code} and reported nothing: run it alone with the order ${JSON.stringify(order)}`);
  return JSON.parse(said);
}

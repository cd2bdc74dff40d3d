// node bench/overload/refusal.ts: what one refusal costs the process, beside a constant 503 of node:http. Processor time, so that other load matters little.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { LoadOutcome } from "../harness/load.ts";
import { cpuUs, pin } from "../harness/machine.ts";
import { median, round } from "../harness/rounds.ts";
import { type Server, startServer } from "../harness/server.ts";

const execute = promisify(execFile);
const rounds = 7;
const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Processor time of the server for one refusal. *Units*: microseconds. */
async function costOf({ url, pid }: Server): Promise<number> {
  const load = { url: `${url}/work`, body: "{}", headers: { "content-type": "application/json" }, connections: 16, seconds: 1, pid };
  const before = cpuUs(pid);
  const [command, ...args] = pin("load", [process.execPath, fileOf("../harness/generator.ts"), JSON.stringify(load)]);
  const { requests, failed } = JSON.parse((await execute(command, args)).stdout) as LoadOutcome;
  const after = cpuUs(pid);
  if (failed !== requests) throw new Error(`${requests - failed} of ${requests} requests were not refused: this measures something else.`);
  if (before === undefined || after === undefined) throw new Error("There is no /proc here, so processor time is not known.");
  return (after - before) / requests;
}

const raw = await startServer({ name: "raw", file: fileOf("refusing.ts"), role: "server", args: ["raw"] });
const plimsoll = await startServer({ name: "plimsoll", file: fileOf("refusing.ts"), role: "server" });
try {
  const samples: Record<string, number[]> = { raw: [], plimsoll: [] };
  for (let n = 0; n < rounds; n++) for (const server of [raw, plimsoll]) samples[server.name]!.push(await costOf(server));
  for (const [name, costs] of Object.entries(samples)) console.log(`${name}: ${round(median(costs))} µs of processor time for a refusal`);
} finally {
  await Promise.all([raw, plimsoll].map((server) => server.stop()));
}

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cpuUs, findProgram, pin } from "./machine.ts";
import type { Sample } from "./rounds.ts";

const run = promisify(execFile);
const wrk = findProgram("wrk");
const generator = fileURLToPath(new URL("generator.ts", import.meta.url));

/** What makes the load: said in the report. */
export const loadProgram = wrk && !process.env.BENCH_OWN_LOAD ? "wrk" : "own generator";

export interface Load {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  /** The server's process. */
  readonly pid: number;
  /** A comparison over many rounds counts what succeeded, where a stall of the machine makes a server refuse a few. *Default*: a refusal voids the round. */
  readonly mayRefuse?: boolean;
}

export interface LoadOutcome {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests that were not answered with a 2xx. */
  readonly failed: number;
}

/** Posts as fast as the answers come. Rejects where any of them was not a 2xx: such a round measures something else. */
export async function runLoad(load: Load): Promise<Sample & { readonly requests: number }> {
  const usedBefore = cpuUs(load.pid);
  const { requests, seconds, p50Ms, p99Ms, failed } = loadProgram === "wrk" ? await runWrk(load) : await runGenerator(load);
  const used = cpuUs(load.pid);
  if (failed > 0 && !load.mayRefuse)
    throw new Error(`${failed} of ${requests} requests to ${load.url} failed under load; nothing can be said about its speed.`);
  return {
    requests,
    perSecond: (requests - failed) / seconds,
    p50Ms,
    p99Ms,
    ...(used !== undefined && usedBefore !== undefined && { cpuUs: (used - usedBefore) / requests }),
  };
}

async function runGenerator(load: Load): Promise<LoadOutcome> {
  const [command, ...args] = pin("load", [process.execPath, generator, JSON.stringify(load)]);
  const { stdout } = await run(command, args);
  return JSON.parse(stdout) as LoadOutcome;
}

async function runWrk({ url, body, headers, connections, seconds }: Load): Promise<LoadOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "bench-wrk-"));
  try {
    const script = join(folder, "load.lua");
    writeFileSync(script, wrkScript(body, headers));
    const [command, ...args] = pin("load", [wrk!, "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "5s", "-s", script, url]);
    const { stdout, stderr } = await run(command, args);
    const figures = /^figures (.*)$/m.exec(stdout)?.[1];
    if (figures === undefined) throw new Error(`wrk printed no figures:\n${stdout}${stderr}`);
    const [requests = 0, us = 0, p50 = 0, p99 = 0, failed = 0] = figures.split(" ").map(Number);
    return { requests, seconds: us / 1e6, p50Ms: p50 / 1_000, p99Ms: p99 / 1_000, failed };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function wrkScript(body: string, headers: Load["headers"]): string {
  const lua = (text: string) => `[==[${text}]==]`;
  return `
wrk.method = "POST"
wrk.body = ${lua(body)}
${Object.entries(headers)
  .map(([name, value]) => `wrk.headers[ ${lua(name)} ] = ${lua(value)}`)
  .join("\n")}
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("figures %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
`;
}

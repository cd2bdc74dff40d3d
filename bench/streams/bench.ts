import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { buildPackage } from "../harness/built-package.ts";
import { cpuUs, pin, pinning, rssMb } from "../harness/machine.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { keep, stop } from "../harness/server.ts";

/** Those of `--quick` have less time, and so fewer streams, with a bar of their own. */
const plans = {
  whole: { streams: 10_000, seconds: 60, rssMb: 350 },
  quick: { streams: 2_000, seconds: 15, rssMb: 150 },
} as const;
type Plan = (typeof plans)[keyof typeof plans];
const bars = { p99Ms: 50, perSecond: 0.95 } as const;
const settleMs = 3_000;
const sampleEveryMs = 500;
/**
 * As docs/guide/streams.md says for a process of many streams: most of what it has lives as long as they do, so the heap may grow by a fifth before
 * it is collected. By itself V8 lets it grow to twice and three times as much.
 */
const heap = ["--max-semi-space-size=2", "--heap-growing-percent=20"];

interface LoopDelay {
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly maxNs: number;
  readonly heapUsed: number;
  readonly external: number;
}
interface Seen {
  readonly received: number;
  readonly wrong: number;
  readonly closed: number;
  /** Streams that were refused for now while they opened, and asked for again. */
  readonly refused: number;
}

/** Many open event streams with a message a second to each: what they take in memory, and what they do to the event loop. */
export async function runStreams({ quick }: BenchOptions): Promise<Report> {
  const plan = quick ? plans.quick : plans.whole;
  buildPackage();
  const result = { name: "plimsoll", ratio: 1, ratioIqr: 0, ...(await measure(plan)) };
  judge(result, plan);
  return {
    ...{ bench: "streams", rounds: 1, results: [result], commit: describeCommit() },
    machine: describeMachine({ pinning, heap: heap.join(" "), streams: plan.streams, seconds: plan.seconds }),
  };
}

async function measure({ streams, seconds }: Plan) {
  const server = launch("server", [...heap, "server.mjs"]);
  const clients: ChildProcess[] = [];
  try {
    const url = await says<string>(server);
    const pid = server.pid ?? 0;
    const restMb = rssMb(pid) ?? Number.NaN;
    const child = launch("load", ["clients.ts", JSON.stringify({ port: Number(new URL(url).port), streams })]);
    clients.push(child);
    await says(child);
    await sleep(settleMs);
    server.send("reset");
    const before = await ask<Seen>(child, "count");
    const cpuBefore = cpuUs(pid) ?? Number.NaN;
    const peakMb = await peak(pid, seconds * 1_000);
    const cpu = (cpuUs(pid) ?? Number.NaN) - cpuBefore;
    const after = await ask<Seen>(child, "count");
    const loop = await ask<LoopDelay>(server, "read");
    return {
      perSecond: Math.round((after.received - before.received) / seconds),
      ...{ rssMb: peakMb, restMb, kbPerStream: Math.round(((peakMb - restMb) * 10_000) / streams) / 10 },
      ...{ heapMb: digits(loop.heapUsed / 1e6), externalMb: digits(loop.external / 1e6) },
      ...{ p50Ms: digits(loop.p50Ns / 1e6), p99Ms: digits(loop.p99Ns / 1e6), maxMs: digits(loop.maxNs / 1e6) },
      ...{ cpuUs: Math.round(cpu / (after.received - before.received)), wrong: after.wrong, closed: after.closed, refused: after.refused },
    };
  } finally {
    for (const child of [...clients, server]) await stop(child);
  }
}

function launch(role: "server" | "load", args: readonly string[]): ChildProcess {
  const [command, ...rest] = pin(role, [process.execPath, ...args]);
  const child = spawn(command, rest, {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    stdio: ["ignore", 2, 2, "ipc"],
    env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1" },
  });
  keep(child);
  return child;
}

async function says<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`A process of the benchmark ended with ${code}.`)));
  ended.catch(() => undefined);
  const [said] = (await Promise.race([once(child, "message"), ended])) as readonly unknown[];
  return said as T;
}

function ask<T>(child: ChildProcess, question: string): Promise<T> {
  const answer = says<T>(child);
  child.send(question);
  return answer;
}

/** The most resident memory that is seen in so long. */
async function peak(pid: number, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let most = 0;
  for (let left = ms; left > 0; left = until - performance.now()) {
    await sleep(Math.min(left, sampleEveryMs));
    most = Math.max(most, rssMb(pid) ?? Number.NaN);
  }
  return most;
}

function judge({ perSecond, rssMb: mb, p99Ms, wrong, closed }: Awaited<ReturnType<typeof measure>>, plan: Plan): void {
  const missed = [
    mb <= plan.rssMb ? undefined : `rssMb is ${mb}, and may be ${plan.rssMb}`,
    p99Ms <= bars.p99Ms ? undefined : `p99Ms of the loop is ${p99Ms}, and may be ${bars.p99Ms}`,
    perSecond >= bars.perSecond * plan.streams ? undefined : `${perSecond} messages a second came, and ${plan.streams} were due`,
    wrong === 0 ? undefined : `${wrong} messages came out of order`,
    closed === 0 ? undefined : `${closed} streams were closed`,
  ].filter((problem) => problem !== undefined);
  for (const problem of missed) process.stderr.write(`missed: ${problem}\n`);
  if (missed.length > 0) process.exitCode = 1;
}

const digits = (value: number) => Math.round(value * 10) / 10;

import { pinning } from "../harness/machine.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { round } from "../harness/rounds.ts";
import { measureLatency } from "./latency.ts";
import { measureStalls } from "./stall.ts";

/** What a remote call may add at its 99th percentile, by a bare call of grpc-js; what others notice of a stall; and when it is left alone, and back. */
const bars = { addedVsGrpcJs: 1.5, othersP99Ratio: 1.2, ejectedMs: 2_000, backMs: 5_000, lost: 0 } as const;

/** What does a module cost that another process runs, and what do others notice of one of three processes that stalls? */
export async function runRemote({ quick, rounds = quick ? 5 : 15 }: BenchOptions): Promise<Report> {
  const { latencies, addedVsGrpcJs } = await measureLatency({ rounds, ms: quick ? 800 : 2_000 });
  const stalled = await measureStalls({ stalls: quick ? 3 : 9, ms: quick ? 1_500 : 5_000 });
  const measured = { addedVsGrpcJs, ...stalled };
  const local = latencies.find(({ name }) => name === "local");
  const results = latencies.map(({ name, ...times }) => ({
    ...{ name: name === "remote" ? "plimsoll" : name === "local" ? "raw" : name, ...times },
    ...{ ratio: round(times.perSecond / (local?.perSecond ?? Number.NaN)), ratioIqr: Number.NaN },
    ...(name === "grpc-js" && { peer: true as const }),
  }));
  judge(measured);
  return { bench: "remote", machine: describeMachine({ pinning, ...measured }), commit: describeCommit(), rounds, results };
}

/** Ends the bench with 1 where a bar is missed; the report is printed all the same. */
function judge(measured: Readonly<Record<keyof typeof bars, number>>): void {
  const names = Object.keys(bars) as (keyof typeof bars)[];
  const missed = names.filter((name) => !(measured[name] <= bars[name])).map((name) => `${name} is ${measured[name]}, bar ${bars[name]}`);
  if (missed.length === 0) return;
  process.stderr.write(`remote: ${missed.join(", ")}\n`);
  process.exitCode = 1;
}

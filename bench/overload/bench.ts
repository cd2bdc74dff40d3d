import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pin, pinning } from "../harness/machine.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { type Server, startServer } from "../harness/server.ts";
import type { Stream, StreamResult } from "./load.ts";
import type { Row } from "./row.ts";
import { flood, noisyTenant, ramp, type Scenario, stepAndBack } from "./scenarios.ts";
import { works } from "./work.ts";

const execute = promisify(execFile);

/** Three operations of fixed capacity under more load than they can do, beside a server that knows its perfect limit. */
export async function runOverload(options: BenchOptions): Promise<Report> {
  const seconds = options.quick ? 0.8 : 6;
  const asked = scenarios(seconds, options.quick).filter(({ name }) => options.only?.some((part) => name.includes(part)) ?? true);
  const results: Row[] = [];
  const ideal = await startServer({ name: "ideal", file: fileOf("ideal.ts"), role: "server" });
  const plimsoll = await startServer({ name: "plimsoll", file: fileOf("plimsoll.ts"), role: "server" });
  try {
    for (const scenario of asked) results.push(...(await scenario.run({ ideal, plimsoll, send })));
  } finally {
    await Promise.all([ideal, plimsoll].map((server) => server.stop()));
  }
  judge(results);
  return { bench: "overload", machine: describeMachine({ pinning }), commit: describeCommit(), rounds: 1, results };
}

/** Ends the bench with 1 where a run said nothing; the report is printed all the same. */
function judge(results: readonly Row[]): void {
  for (const { name, scenario, goodputRatio, admittedP99Ms, recoveryMs } of results) {
    if ([goodputRatio, admittedP99Ms, recoveryMs].every(Number.isFinite)) continue;
    process.stderr.write(`${name} ${scenario}: a figure is not finite, so the run says nothing\n`);
    process.exitCode = 1;
  }
}

/** With `--quick` what changes in time is measured of one operation only. */
function scenarios(seconds: number, quick: boolean): readonly Scenario[] {
  const some = quick ? works.slice(0, 1) : works;
  return [
    ...works.flatMap((work) => [1, 2, 5, 10].map((times) => ramp(work, times, seconds))),
    ...some.map((work) => stepAndBack(work, seconds)),
    flood(seconds * 2),
    ...some.map((work) => noisyTenant(work, seconds * 2)),
  ];
}

async function send(_: Server, streams: readonly Stream[]): Promise<readonly StreamResult[]> {
  const [command, ...args] = pin("load", [process.execPath, fileOf("load.ts"), JSON.stringify(streams)]);
  const { stdout } = await execute(command, args, { env: { ...process.env, NODE_NO_WARNINGS: "1" }, maxBuffer: 1e8 });
  const results = JSON.parse(stdout) as readonly StreamResult[];
  if (process.env.DEBUG_LOAD) for (const { windows: _w, ...result } of results) process.stderr.write(`${JSON.stringify(result)}\n`);
  return results;
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

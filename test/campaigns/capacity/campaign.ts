// Predicted against measured load lines of real configurations, each calibrated at up to 30%. On demand: it needs a machine without other work.
//   node --conditions=source test/campaigns/capacity/campaign.ts [--only TEXT] [--seconds 8]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { predictLine } from "../../../src/capacity/model/line.ts";
import { aloneMs } from "../../../src/capacity/model/system.ts";
import { fitUsl } from "../../../src/capacity/queueing/usl.ts";
import { calibrate } from "../../../src/load/lab/calibrate.ts";
import { findLine } from "../../../src/load/lab/find-line.ts";
import { scenario } from "../../../src/load/scenario.ts";
import { type RealConfiguration, realConfigurations } from "./configurations.ts";

const { values } = parseArgs({ options: { only: { type: "string", default: "" }, seconds: { type: "string", default: "8" } } });
const seconds = Number(values.seconds);
/** The prediction's bar. */
const tolerance = 0.15;
// The generator, the app and PostgreSQL share the machine: PostgreSQL has what the other two leave.
const databaseCores = Math.max(1, availableParallelism() - 1);

async function measure(of: RealConfiguration): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-capacity-"));
  const app = spawn(process.execPath, ["--conditions=source", fileURLToPath(new URL("app.ts", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, CONFIGURATION: JSON.stringify(of), DATA_DIR: directory },
  });
  try {
    const [line] = await once(app.stdout, "data");
    const { url, ops } = JSON.parse(String(line)) as { url: string; ops: string };
    const upstreams: Readonly<Record<string, number>> =
      of.upstreamConnections > 0 ? { pay: of.upstreamConnections } : of.upstreamMs > 0 ? { pay: 1_000 } : {};
    const mix = scenario({
      ...{ url, ops, deadlineMs: 300, pool: of.pool, upstreams },
      operations: [
        {
          operation: "lab.call",
          path: "/call",
          headers: { "content-type": "application/json" },
          body: "{}",
          concurrency: of.slots,
          queue: of.slots * 2,
        },
      ],
    });
    const demands = await calibrate({ scenario: mix, ops, name: of.name, seconds });
    const predicted = predictLine({ replicas: 1, pool: of.pool, databaseCores, upstreams }, demands.operations);
    const found = await findLine({ scenario: mix, first: predicted.rate, seconds });
    const ratio = predicted.rate / found.line;
    const holds = Math.abs(ratio - 1) <= tolerance && predicted.bottleneck.station === of.bottleneck;
    const little = (of.slots * 1_000) / aloneMs(demands.operations[0]!);
    const rows = [
      `${holds ? "ok " : "NO "} ${of.name.padEnd(34)} predicted ${predicted.rate.toFixed(0)}/s, measured ${found.line.toFixed(0)}/s, ratio ${ratio.toFixed(3)}`,
      `named ${predicted.bottleneck.station} (${of.bottleneck}); Little ${little.toFixed(0)}/s, USL ${fitUsl(demands.points).peak.toFixed(0)}/s`,
    ];
    console.log(rows.join("; "));
    return holds;
  } finally {
    app.stdin.end();
    if (app.exitCode === null) await once(app, "exit");
    rmSync(directory, { recursive: true, force: true });
  }
}

let failed = 0;
const chosen = realConfigurations.filter(({ name }) => name.includes(values.only));
for (const one of chosen) if (!(await measure(one))) failed++;
console.log(`${chosen.length - failed} of ${chosen.length} within ${tolerance * 100}% with the station named`);
process.exitCode = failed === 0 ? 0 : 1;

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withClient } from "../database/database.ts";
import { type BenchOptions, chosen } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report, type Result } from "../harness/report.ts";
import { median, quantile, round } from "../harness/rounds.ts";
import type { Design } from "./design.ts";
import { type DesignSample, measureDesign, type Plan } from "./measure.ts";
import { bornLeased, leasedBatch, ordinary } from "./ordinary.ts";
import { rotatingPartitions, wholeLooks } from "./partitions.ts";
import { appendOnly } from "./segments.ts";

const designs: readonly Design[] = [rotatingPartitions, wholeLooks, ordinary, appendOnly, leasedBatch, bornLeased];
const full: Plan = { seconds: 2, process: 20_000, through: 200_000 };
const quick: Plan = { seconds: 0.5, process: 5_000, through: 50_000 };

/**
 * Ways to keep tasks in tables, in plain SQL over one connection. On a server of its own: WAL is counted for the whole of it, and autovacuum is off, so
 * that what was vacuumed is known.
 */
export async function runTaskDesigns(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 1 : 5);
  const { EmbeddedPostgres } = await import("../../src/embedded/launcher.ts");
  const { systemClock } = await import("../../src/core/clock.ts");
  const directory = mkdtempSync(join(tmpdir(), "bench-designs-"));
  const server = new EmbeddedPostgres({ directory, clock: systemClock });
  try {
    await server.start();
    const version = await withClient(server.adminUrl, async (client) => {
      await client.query("alter system set autovacuum = off");
      await client.query("select pg_reload_conf()");
      return (await client.query<{ version: string }>("select current_setting('server_version') as version")).rows[0]!.version;
    });
    const asked = chosen(designs, options);
    const samples = new Map<string, DesignSample[]>(asked.map(({ name }) => [name, []]));
    for (let at = 0; at < rounds; at++) {
      const turned = asked.map((_, index) => asked[(index + at) % asked.length]!);
      for (const design of at % 2 === 0 ? turned : turned.reverse())
        samples.get(design.name)!.push(await measureDesign(design, server.adminUrl, options.quick ? quick : full));
    }
    const facts = { postgres: version, autovacuum: "off", through: (options.quick ? quick : full).through };
    const results = asked.map(({ name }) => summarize(name, samples));
    return { bench: "task-designs", machine: describeMachine(facts), commit: describeCommit(), rounds, results };
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const figures = [
  ...(["enqueuePerSecond", "bulkPerSecond", "process500PerSecond", "process1000PerSecond", "startWal", "doneWal", "leftMb"] as const),
  ...(["vacuumedMb", "claimMs", "heldPerSecond", "heldMb", "heldClaimMs"] as const),
];

/** Medians of the rounds; the ratio is of tasks taken and completed by the thousand. */
function summarize(name: string, samples: ReadonlyMap<string, readonly DesignSample[]>): Result {
  const own = samples.get(name)!;
  const raw = samples.get("raw")!;
  const ratios = own.map(({ process1000PerSecond }, index) => process1000PerSecond / raw[index]!.process1000PerSecond);
  const middle = (figure: (typeof figures)[number]) => {
    const values = own.flatMap((sample) => sample[figure] ?? []);
    if (values.length === 0) return undefined;
    return median(values) >= 100 ? Math.round(median(values)) : round(median(values));
  };
  return {
    name,
    ratio: round(median(ratios)),
    ratioIqr: round(quantile(ratios, 0.75) - quantile(ratios, 0.25)),
    ...Object.fromEntries(figures.map((figure) => [figure, middle(figure)])),
  };
}

// Planted regressions against an app with PostgreSQL, found by the gates of the load lab: equal versions, a tenth more processor time, one more statement.
// On demand: a comparison takes minutes, and its figures are those of the machine and of what else runs there.
//   node --conditions=source test/campaigns/load/regressions.ts [--only equal|cpu|statement] [--times 3] [--rate 60] [--seconds 0.5] [--rounds 40]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { testDatabase } from "plimsoll/testing";
import { type CountOptions, countUses } from "../../../src/load/lab/counts.ts";
import { compareLines, lockOf } from "../../../src/load/lab/lock.ts";
import { startApp } from "../../../src/load/paired/app-process.ts";
import { compareVersions } from "../../../src/load/paired/versions.ts";
import { comparedLines } from "../../../src/load/report/compared.ts";
import { lab, type Plant, plain } from "../../load/lab/fixtures/work.ts";
import { writes } from "../../load/lab/fixtures/work-scenario.ts";

const { values } = parseArgs({
  options: {
    ...{ only: { type: "string" }, times: { type: "string", default: "3" }, rate: { type: "string", default: "60" } },
    ...{ seconds: { type: "string", default: "0.5" }, rounds: { type: "string", default: "40" } },
  },
});
const [times, rate, seconds, rounds] = [values.times, values.rate, values.seconds, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
];
const root = mkdtempSync(join(tmpdir(), "plimsoll-regressions-"));
await using database = await testDatabase({ modules: [lab] });
process.env.DATABASE_URL = database.url;

function checkout(plant: Partial<Plant>): string {
  const folder = mkdtempSync(join(root, "version-"));
  writeFileSync(join(folder, "plant.json"), JSON.stringify(plant));
  return folder;
}

const scenario = { ...writes, start: writes.start! };
const before = checkout({});

/** Compares in pairs. `hashes`: of the version after the change. */
async function paired(hashes: number, seed: number): Promise<"regression" | "fine" | "not shown"> {
  const started = performance.now();
  const comparison = await compareVersions({ scenario, before, after: checkout({ hashes }), rate, seconds, seed, most: rounds });
  console.log(
    `${comparison.rounds} rounds, ${((performance.now() - started) / 1_000).toFixed(0)} s: ${comparedLines(comparison, "en").join("; ")}`,
  );
  return comparison.figures.cpu!.verdict;
}

/** How much of the processor time the hashes are: a tenth more of it is what is planted. */
async function tenth(): Promise<number> {
  const most = 3 * plain.hashes;
  const { cpu } = (await compareVersions({ scenario, before, after: checkout({ hashes: most }), rate, seconds, least: 6, most: 6 }))
    .figures;
  const perHash = (cpu!.change.middle - 1) / (most - plain.hashes);
  return plain.hashes + Math.round(0.1 / perHash);
}

async function count(plant: Partial<Plant>, options: Partial<CountOptions> = {}) {
  await using app = await startApp({ folder: checkout(plant), command: scenario.start });
  const uses = await countUses({ scenario: { ...scenario, ...app, database: database.adminUrl }, rate, seconds, ...options });
  return lockOf({ scenario, found: { line: 2 * rate, ratio: 1, trials: [], isExact: true }, uses }, "campaign");
}

let failed = 0;
const wanted = (name: string) => values.only === undefined || values.only === name;
try {
  if (wanted("statement")) {
    const was = await count({});
    for (let time = 0; time < times; time++) {
      const equal = compareLines(was, await count({})).filter(({ fails }) => fails);
      const more = compareLines(was, await count({ statements: plain.statements + 1 })).filter(({ fails }) => fails);
      const isFound = more.some(({ what }) => what === "statements");
      console.log(`one more statement: ${isFound ? "found" : "NOT FOUND"}; equal versions: ${JSON.stringify(equal)}`);
      if (!isFound || equal.length > 0) failed++;
    }
  }
  const planted = wanted("cpu") ? await tenth() : 0;
  for (let time = 1; time <= times; time++) {
    if (wanted("equal") && (await paired(plain.hashes, time)) === "regression") failed++;
    if (wanted("cpu") && (await paired(planted, time)) !== "regression") failed++;
  }
} finally {
  rmSync(root, { recursive: true });
}
console.log(failed === 0 ? "every planted regression was found, and nothing else" : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

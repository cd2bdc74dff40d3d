import { randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pinning } from "../harness/machine.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import type { Lab } from "./lab.ts";
import { groupsOf } from "./plan.ts";
import { finite, type Row } from "./row.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { draw } from "./svg.ts";
import { randomWorks } from "./work.ts";

/** So often is a scenario measured whose schedule was not kept. */
const attempts = 4;
const drawing = fileURLToPath(new URL("../results/overload.svg", import.meta.url));

/** Operations of fixed capacity under more load than they can do, beside a server that knows its perfect limit and beside Fastify with its plugins. */
export async function runOverload(options: BenchOptions): Promise<Report> {
  const { quick, only, seed = randomInt(1, 1_000_000) } = options;
  const isAsked = (name: string) => only?.some((part) => name.includes(part)) ?? true;
  const times = { seconds: quick ? 3 : 10, outageSeconds: quick ? 5 : 30, quick, seed };
  const groups = groupsOf(times).filter(({ names }) => names.some(isAsked));
  if (groups.length === 0)
    throw new Error(
      `--only finds no scenario: name a part of ${groupsOf(times)
        .flatMap(({ names }) => names)
        .join(", ")}`,
    );
  process.stderr.write(`seed ${seed}\n`);
  const rows: Row[] = [];
  const problems: string[] = [];
  for (const group of groups)
    await group.open(async (lab, scenarios) => {
      for (const scenario of scenarios.filter(({ name }) => isAsked(name))) {
        const measured = await measure(lab, scenario);
        // As they come: a run that is ended early has said something.
        for (const row of measured.rows) process.stderr.write(`${describe(row)}\n`);
        rows.push(...measured.rows);
        problems.push(...measured.problems);
      }
    });
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
  if (only === undefined) save(rows);
  const works = randomWorks(seed).map(({ name, ms, places }) => `${name} ${places} × ${ms} ms`);
  return {
    bench: "overload",
    machine: describeMachine({ pinning, seed, random: works.join(" ") }),
    commit: describeCommit(),
    rounds: 1,
    results: rows,
  };
}

/** Measures a scenario until its schedules were kept, and says what makes the run worthless all the same. */
async function measure(
  lab: Lab,
  { name, run }: Scenario,
): Promise<{ readonly rows: readonly Row[]; readonly problems: readonly string[] }> {
  let rows: readonly Row[] = [];
  let voids: readonly string[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    rows = await run(lab);
    voids = lab.takeVoids();
    if (voids.length === 0) break;
    process.stderr.write(`${name}: the generator did not keep its schedule (${voids.join("; ")}), attempt ${attempt} of ${attempts}\n`);
  }
  const leaks = await lab.leaks();
  for (const contender of ["ideal", "fastify"] as const)
    if (leaks[contender].length > 0) process.stderr.write(`${name}: ${contender} keeps ${leaks[contender].join(", ")}\n`);
  return {
    rows: voids.length === 0 ? rows : rows.map((row) => ({ ...row, isVoid: true })),
    problems: [
      ...(voids.length > 0 ? [`${name}: void, since more than 1% of the schedule was not kept; let nothing else run beside it`] : []),
      ...leaks.plimsoll.map((leak) => `${name}: ${leak} have outlived their request in plimsoll`),
      ...rows.flatMap((row) =>
        finite.filter((figure) => !Number.isFinite(row[figure])).map((figure) => `${row.name} ${name}: ${figure} is not finite`),
      ),
    ],
  };
}

function describe({ name, scenario, goodputRatio, admittedP99Ms, deadlineMs, criticalRefused, recoveryMs }: Row): string {
  const times = `p99 ${Math.round(admittedP99Ms)} of ${deadlineMs} ms, back after ${recoveryMs} ms`;
  return `${scenario}: ${name} ${goodputRatio} of the ideal, ${times}, ${criticalRefused} critical refused`;
}

function save(rows: readonly Row[]): void {
  mkdirSync(new URL(".", `file://${drawing}`), { recursive: true });
  writeFileSync(drawing, draw(rows));
}

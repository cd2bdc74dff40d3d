import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ContenderProcess } from "../harness/contender.ts";
import { rssMb } from "../harness/machine.ts";
import { type BenchOptions, chosen } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { round, runRounds, summarize } from "../harness/rounds.ts";
import { startFlightProxy } from "../proxy.ts";
import { type Database, prepareDatabase } from "./database.ts";

const callers = 32;
const connections = 16;
const both = ["plimsoll", "raw"].map((name) => ({ name, quick: true }));
const contenders = { query: [...both, { name: "raw-second-flight", quick: false }], command: both };

/**
 * One query (a read by primary key), or one idempotent command (a read and a write), in the process: 32 callers over 16 connections. Tenant,
 * actor and timeouts are set in each transaction, and row-level security holds, for both.
 */
export async function runDatabase(bench: "query" | "command", options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 15 : 25);
  const database = await prepareDatabase();
  const running: ContenderProcess[] = [];
  try {
    for (const { name } of chosen(contenders[bench], options))
      running.push(await startContender(bench, name, { ...database, connections }));
    for (const contender of running) await contender.work(callers, options.quick ? 2 : 4);
    const runners = running.map(({ name }, index) => ({ name, measure: () => running[index]!.work(callers, options.quick ? 0.7 : 1) }));
    const samples = await runRounds(runners, rounds);
    const figures = running.map((contender) => ({ ...summarize(contender, samples), rssMb: rssMb(contender.pid) }));
    let done = running.reduce((sum, contender) => sum + contender.done, 0);
    const results = [];
    for (const result of figures) {
      const counted = await countFlights(bench, result.name, database);
      done += counted.done;
      results.push({ ...result, flights: counted.flights });
    }
    if (bench === "command") assert.equal(await database.countSold(), done, "what was acknowledged is not what was sold");
    const machine = describeMachine({ postgres: database.version, callers, connections });
    return { bench, machine, commit: describeCommit(), rounds, results };
  } finally {
    await Promise.all(running.map((contender) => contender.stop()));
    await database.drop();
  }
}

/** Flights of one execution, counted on the wire. The pauses keep the next execution out of the last flight of the one before. */
async function countFlights(bench: string, name: string, database: Database): Promise<{ readonly flights: number; readonly done: number }> {
  const url = new URL(database.url);
  const proxy = await startFlightProxy({ host: url.hostname, port: Number(url.port || 5432) });
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  let contender: ContenderProcess | undefined;
  try {
    contender = await startContender(bench, name, { url: url.href, adminUrl: database.adminUrl, connections: 1 });
    const times = 40;
    await contender.paced(10, 5);
    proxy.reset();
    await contender.paced(times, 5);
    return { flights: round(proxy.flights / times), done: contender.done };
  } finally {
    await contender?.stop();
    await proxy.close();
  }
}

function startContender(bench: string, name: string, target: Parameters<typeof ContenderProcess.start>[2]): Promise<ContenderProcess> {
  const file = fileURLToPath(new URL(`../${bench}/${name}.ts`, import.meta.url));
  if (!existsSync(file)) throw new Error(`bench/${bench}/${name}.ts is not there: leave ${name} out with --only raw`);
  return ContenderProcess.start(name, file, target);
}

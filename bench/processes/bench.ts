import { Agent } from "node:http";
import { runLoad } from "../harness/load.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report, type Result } from "../harness/report.ts";
import { median, round } from "../harness/rounds.ts";
import { newTally, Servers, type Tally } from "./server.ts";

const processes = 2;
const bars = { perCpuSecond: 0.9, split: 1.3, newConnections: 0.9 };

/** What two processes behind one port cost, and what a reload does to those who call. */
export async function runProcesses({ quick }: BenchOptions): Promise<Report> {
  const results = [await work(quick), await split(), await newConnections(quick), await rolls(quick ? 5 : 100)];
  const machine = describeMachine({ processes, ...bars });
  const report = { bench: "processes", machine, commit: describeCommit(), rounds: 1, results };
  judge(results);
  return report;
}

/** Requests for each second of processor time, the supervisor's included, of two processes against one; in turns. */
async function work(quick: boolean): Promise<Result> {
  const servers = [await Servers.start("plimsoll", 1), await Servers.start("plimsoll", processes)];
  const rates: number[][] = [[], []];
  const perSecond: number[] = [];
  const measure = async (index: number, seconds: number) => {
    const own = servers[index]!;
    const before = own.cpuUs;
    const load = { url: own.url, body: "{}", headers: { "content-type": "application/json" }, connections: 64, seconds, pid: process.pid };
    const sample = await runLoad(load);
    rates[index]!.push((sample.requests / (own.cpuUs - before)) * 1e6);
    if (index === 1) perSecond.push(sample.perSecond);
  };
  try {
    for (const index of [0, 1]) await measure(index, 1);
    for (const all of rates) all.length = 0;
    for (let pair = 0; pair < (quick ? 6 : 20); pair++) for (const index of pair % 2 === 0 ? [0, 1] : [1, 0]) await measure(index, 1);
  } finally {
    await Promise.all(servers.map((one) => one.stop()));
  }
  const [one = [], two = []] = rates;
  const ratios = two.map((rate, pair) => rate / one[pair]!);
  return { name: "plimsoll", scenario: "work", perSecond: round(median(perSecond)), ratio: round(median(ratios)), ratioIqr: 0 };
}

/** How 64 connections that are opened at once are shared. */
async function split(): Promise<Result> {
  const servers = await Servers.start("plimsoll", processes);
  const agents = Array.from({ length: 64 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  try {
    const tally = newTally();
    await Promise.all(agents.map((agent) => servers.ask(agent, tally)));
    const counts = [...tally.byProcess.values()];
    const ratio = counts.length < processes ? Number.MAX_SAFE_INTEGER : Math.max(...counts) / Math.min(...counts);
    return { name: "plimsoll", scenario: "split", perSecond: tally.replies, ratio: round(ratio), ratioIqr: 0, shares: counts.join("+") };
  } finally {
    for (const agent of agents) agent.destroy();
    await servers.stop();
  }
}

/** New connections, one request each, against node:cluster; in turns. */
async function newConnections(quick: boolean): Promise<Result> {
  const servers = [await Servers.start("cluster", processes), await Servers.start("plimsoll", processes)];
  const rates: number[][] = [[], []];
  try {
    for (let pair = 0; pair < (quick ? 7 : 21); pair++)
      for (const index of pair % 2 === 0 ? [0, 1] : [1, 0]) {
        const tally = newTally();
        const since = performance.now();
        await under(servers[index]!, tally, { clients: 32, until: () => performance.now() - since > 1_000 });
        // The first of each warms up.
        if (pair > 0) rates[index]!.push(tally.replies / ((performance.now() - since) / 1_000));
      }
  } finally {
    await Promise.all(servers.map((one) => one.stop()));
  }
  const [clusters = [], own = []] = rates;
  const ratio = median(own.map((rate, pair) => rate / clusters[pair]!));
  return { name: "plimsoll", scenario: "new connections", perSecond: round(median(own)), ratio: round(ratio), ratioIqr: 0 };
}

/** Reloads under load: half of the clients keep their connection. */
async function rolls(count: number): Promise<Result> {
  const servers = await Servers.start("plimsoll", processes);
  const tally = newTally();
  let over = false;
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  try {
    const clients = [
      under(servers, tally, { clients: 8, until: () => over }),
      under(servers, tally, { clients: 8, until: () => over, agent }),
    ];
    for (let roll = 0; roll < count; roll++) await servers.roll(processes);
    over = true;
    await Promise.all(clients);
  } finally {
    over = true;
    agent.destroy();
    await servers.stop();
  }
  const { replies, refused, reset, other } = tally;
  return { name: "plimsoll", scenario: "rolls", perSecond: replies, ratio: 1, ratioIqr: 0, rolls: count, refused, reset, other };
}

interface Clients {
  readonly clients: number;
  readonly agent?: Agent;
  until(): boolean;
}

async function under(servers: Servers, tally: Tally, { clients, until, agent }: Clients): Promise<void> {
  const client = async () => {
    while (!until()) await servers.ask(agent ?? false, tally);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

/** Ends the bench with 1 where a bar is missed; the report is printed all the same. */
function judge(results: readonly Result[]): void {
  for (const { scenario, ratio, refused = 0, reset = 0, other = 0 } of results) {
    const missed = [
      scenario === "work" && ratio < bars.perCpuSecond && `${ratio} of the requests of one process for the same processor time`,
      scenario === "split" && ratio > bars.split && `${ratio} times as many connections in one process as in the other`,
      scenario === "new connections" && ratio < bars.newConnections && `${ratio} of the new connections of node:cluster`,
      [refused, reset, other].some((failures) => failures !== 0) && `${refused} refused, ${reset} reset, ${other} failed otherwise`,
    ].filter((miss) => miss !== false);
    if (missed.length === 0) continue;
    process.stderr.write(`${scenario}: ${missed.join("; ")}.\n`);
    process.exitCode = 1;
  }
}

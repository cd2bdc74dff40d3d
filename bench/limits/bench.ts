import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Channel } from "../../src/app/processes/channel.ts";
import { memberLeases } from "../../src/app/processes/rates.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report, type Result } from "../harness/report.ts";
import { round } from "../harness/rounds.ts";
import { keep } from "../harness/server.ts";
import { OwnRedis } from "./redis.ts";

/** What a member is asked to do. */
export interface MemberOrder {
  /** Of the Redis; undefined where the process that started it keeps the leases. */
  readonly url: string | undefined;
  readonly limit: number;
  readonly burst: number;
  /** Calls that it offers in a second. */
  readonly perSecond: number;
}

/** What happened to its calls since it began. */
export interface MemberCounts {
  readonly admitted: number;
  readonly refused: number;
  readonly errors: number;
  /** Of the slowest call since the last question. */
  readonly slowestMs: number;
  readonly gone: number;
  readonly back: number;
}

const limit = 2_000;
const burst = 200;
/** Uneven, and twice the limit in all. */
const offered = [400, 800, 1_200, 1_600];
const bars = { admitted: 0.02, admittedWithout: 0.1, commandsPerRequest: 0.05 };

/** Four processes at one limit: how much do they admit, how often do they ask, and what if the store is killed? */
export async function runLimits({ quick }: BenchOptions): Promise<Report> {
  const phaseMs = quick ? 8_000 : 20_000;
  const results = [...(await overSupervisor(phaseMs)), ...(await overRedis(phaseMs))];
  const machine = describeMachine({ limit, burst, offered: offered.join("+"), phaseMs, ...bars });
  const report = { bench: "limits", machine, commit: describeCommit(), rounds: 1, results };
  judge(results);
  return report;
}

async function overRedis(phaseMs: number): Promise<readonly Result[]> {
  const redis = await OwnRedis.start();
  const members = await Promise.all(offered.map((perSecond) => startMember({ url: redis.url, limit, burst, perSecond })));
  try {
    await pause(3_000);
    const results: Result[] = [];
    const steady = await phase(members, phaseMs, redis);
    results.push({ scenario: "steady", ...steady });
    await redis.kill();
    const without = await phase(members, phaseMs, undefined);
    results.push({ scenario: "redis killed", ...without });
    await redis.start();
    // Time for the connections to come back.
    await pause(3_000);
    results.push({ scenario: "redis back", ...(await phase(members, phaseMs, redis)) });
    return results;
  } finally {
    for (const member of members) member.disconnect();
    await redis.kill();
  }
}

/** The same without a store: this process keeps the leases, as a supervisor does. */
async function overSupervisor(phaseMs: number): Promise<readonly Result[]> {
  const lends = memberLeases();
  const members = await Promise.all(offered.map((perSecond) => startMember({ url: undefined, limit, burst, perSecond })));
  for (const member of members) lends(new Channel(member));
  try {
    await pause(3_000);
    return [{ scenario: "supervisor", ...(await phase(members, phaseMs, undefined)) }];
  } finally {
    for (const member of members) member.disconnect();
  }
}

async function startMember(order: MemberOrder): Promise<ChildProcess> {
  const file = fileURLToPath(new URL("member.ts", import.meta.url));
  const child = fork(file, [JSON.stringify(order)], { execArgv: ["--disable-warning=ExperimentalWarning"] });
  keep(child);
  await replyOf(child);
  return child;
}

async function ask(members: readonly ChildProcess[]): Promise<MemberCounts[]> {
  return Promise.all(
    members.map(async (member) => {
      const reply = replyOf(member);
      member.send("counts");
      return (await reply) as MemberCounts;
    }),
  );
}

/** The next message that is not one between a process and its supervisor. */
async function replyOf(member: ChildProcess): Promise<unknown> {
  for (;;) {
    const [message] = await once(member, "message");
    if (!Object.hasOwn(Object(message), "kind")) return message;
  }
}

async function phase(members: readonly ChildProcess[], ms: number, redis: OwnRedis | undefined) {
  const [before, startedAt, commandsBefore] = [await ask(members), performance.now(), await redis?.commands()];
  await pause(ms);
  const [after, seconds, commandsAfter] = [await ask(members), (performance.now() - startedAt) / 1_000, await redis?.commands()];
  const each = after.map((counts, index) => ({
    admitted: counts.admitted - before[index]!.admitted,
    refused: counts.refused - before[index]!.refused,
    errors: counts.errors - before[index]!.errors,
  }));
  const sum = (pick: (counts: (typeof each)[number]) => number) => each.reduce((all, counts) => all + pick(counts), 0);
  const admitted = sum((counts) => counts.admitted) / seconds;
  const requests = sum((counts) => counts.admitted + counts.refused);
  const commands = commandsBefore === undefined || commandsAfter === undefined ? undefined : commandsAfter - commandsBefore;
  return {
    name: "plimsoll",
    perSecond: round(admitted),
    ratio: round(admitted / limit),
    ratioIqr: 0,
    offered: round(requests / seconds),
    shares: each.map((counts) => Math.round(counts.admitted / seconds)).join("+"),
    commandsPerRequest: commands === undefined ? undefined : round(commands / sum((counts) => counts.admitted)),
    errors: sum((counts) => counts.errors),
    slowestMs: round(Math.max(...after.map(({ slowestMs }) => slowestMs))),
    signals: after.map(({ gone, back }) => `${gone}/${back}`).join(" "),
  };
}

/** Ends the bench with 1 where a bar is missed; the report is printed all the same. */
function judge(results: readonly Result[]): void {
  for (const { scenario, ratio, commandsPerRequest, errors } of results) {
    const allowed = scenario === "redis killed" ? bars.admittedWithout : bars.admitted;
    const missed = [
      Math.abs(ratio - 1) > allowed && `${ratio} of the limit was admitted, not 1 ± ${allowed}`,
      typeof commandsPerRequest === "number" &&
        commandsPerRequest > bars.commandsPerRequest &&
        `${commandsPerRequest} commands a request, not ${bars.commandsPerRequest}`,
      errors !== 0 && `${errors} errors`,
    ].filter((miss) => miss !== false);
    if (missed.length === 0) continue;
    process.stderr.write(`${scenario}: ${missed.join(", ")}\n`);
    process.exitCode = 1;
  }
}

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { testDatabase } from "../../src/testing/database.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report, type Result } from "../harness/report.ts";
import { round } from "../harness/rounds.ts";
import { keep } from "../harness/server.ts";
import { OwnRedis } from "../limits/redis.ts";
import { ttlMs, values } from "./module.ts";

/** What a member is asked to do. */
export interface MemberOrder {
  readonly url: string;
  readonly redisUrl: string | undefined;
  /** Readers of the value that expires. */
  readonly readers: number;
  readonly writes: boolean;
}

/** What a member has seen since it began. *Units*: milliseconds, of a clock that all members have. */
export interface MemberCounts {
  readonly reads: number;
  readonly errors: number;
  /** When it loaded the value that expires. */
  readonly loads: readonly number[];
  /** By version: when the last read began that got it, and when the command that made it had responded. */
  readonly lastRead: Record<number, number>;
  readonly committed: Record<number, number>;
  readonly uses?: Readonly<Record<string, number>>;
}

const readers = 1_000;
const members = 2;
const bars = { loadsPerExpiry: 1, staleMs: 1_000, staleOwnMs: 0 };

/** Values of two processes: how many loads an expiry costs, and how long a process reads what another, or itself, has invalidated. */
export async function runCaches({ quick }: BenchOptions): Promise<Report> {
  const phaseMs = quick ? 8_000 : 20_000;
  const database = await testDatabase({ modules: [values] });
  const redis = await OwnRedis.start();
  try {
    const results = [
      await scenario("postgres", { phaseMs, url: database.url }),
      await scenario("redis", { phaseMs, url: database.url, redis }),
      await scenario("redis killed", { phaseMs, url: database.url, redis, kill: true }),
    ];
    const machine = describeMachine({ processes: members, readers, ttlMs, phaseMs, ...bars });
    judge(results);
    return { bench: "caches", machine, commit: describeCommit(), rounds: 1, results };
  } finally {
    await redis.kill();
    await database.drop();
  }
}

interface Scenario {
  readonly phaseMs: number;
  readonly url: string;
  readonly redis?: OwnRedis;
  readonly kill?: boolean;
}

async function scenario(name: string, { phaseMs, url, redis, kill = false }: Scenario): Promise<Result> {
  const order = { url, redisUrl: redis?.url, readers };
  const children = await Promise.all(Array.from({ length: members }, (_, n) => startMember({ ...order, writes: n === 0 })));
  try {
    if (kill) {
      await pause(phaseMs / 4);
      await redis?.kill();
    }
    await pause(phaseMs);
    const [writer, ...others] = await Promise.all(children.map(ask));
    if (writer === undefined) throw new Error("there is no writer");
    const all = [writer, ...others];
    const sum = (pick: (counts: MemberCounts) => number) => all.reduce((total, counts) => total + pick(counts), 0);
    return {
      name: "plimsoll",
      scenario: name,
      ratio: Math.max(...all.map(({ loads }) => loadsPerExpiry(loads))),
      ratioIqr: 0,
      loads: sum(({ loads }) => loads.length),
      commits: Object.keys(writer.committed).length,
      staleOwnMs: round(staleMs(writer, writer)),
      staleMs: round(Math.max(...others.map((other) => staleMs(other, writer)))),
      reads: sum(({ reads }) => reads),
      errors: sum(({ errors }) => errors),
      uses: all
        .map(({ uses = {} }) =>
          Object.entries(uses)
            .map(([use, count]) => `${use} ${count}`)
            .join(" "),
        )
        .join(" | "),
    };
  } finally {
    for (const child of children) child.disconnect();
  }
}

async function startMember(order: MemberOrder): Promise<ChildProcess> {
  const file = fileURLToPath(new URL("member.ts", import.meta.url));
  const child = fork(file, [JSON.stringify(order)], { execArgv: ["--disable-warning=ExperimentalWarning"] });
  keep(child);
  await once(child, "message");
  return child;
}

async function ask(child: ChildProcess): Promise<MemberCounts> {
  const answer = once(child, "message");
  child.send("counts");
  return (await answer)[0] as MemberCounts;
}

/** The most loads that one expiry cost: a value is loaded early in the second half of its time, and otherwise when that is over. */
function loadsPerExpiry(loads: readonly number[]): number {
  let most = loads.length === 0 ? 0 : 1;
  loads.forEach((at, index) => {
    const together = loads.slice(index).filter((other) => other - at < 0.45 * ttlMs).length;
    most = Math.max(most, together);
  });
  return most;
}

/** The longest time after a commit at which a read began that got a version from before it. */
function staleMs(reader: MemberCounts, writer: MemberCounts): number {
  let longest = 0;
  for (const [version, at] of Object.entries(reader.lastRead)) {
    const next = writer.committed[Number(version) + 1];
    if (next !== undefined) longest = Math.max(longest, at - next);
  }
  return longest;
}

/** Ends the bench with 1 where a bar is missed; the report is printed all the same. */
function judge(results: readonly Result[]): void {
  for (const { scenario: name, ratio, staleOwnMs, staleMs: stale, errors, commits, loads } of results) {
    const missed = [
      ratio > bars.loadsPerExpiry && `an expiry cost ${ratio} loads in one process, not ${bars.loadsPerExpiry}`,
      Number(staleOwnMs) > bars.staleOwnMs && `the process that commits read an old value for ${staleOwnMs} ms`,
      Number(stale) > bars.staleMs && `another process read an old value for ${stale} ms`,
      errors !== 0 && `${errors} errors`,
      (Number(commits) < 20 || Number(loads) < 8) && "too little was measured",
    ].filter((miss) => miss !== false);
    if (missed.length === 0) continue;
    process.stderr.write(`${name}: ${missed.join(", ")}\n`);
    process.exitCode = 1;
  }
}

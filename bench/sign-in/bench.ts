import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HttpTarget, hold, type LoadResult, runLoad, schedule, type Target } from "../../src/load/index.ts";
import { prepareDatabase } from "../database/database.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { median } from "../harness/rounds.ts";
import { keep, stop } from "../harness/server.ts";
import type { Attack, Statuses } from "./attacker.ts";
import type { Opened } from "./shop.ts";
import { type Entered, signInWaves } from "./users.ts";

const plan = {
  seconds: 10,
  warmUpSeconds: 1,
  rounds: 9,
  /** Who sign in at once, each from an address of their own, and again in each wave. */
  signingIn: 50,
  everySeconds: 2.5,
  /** Of one attacker, from one address. */
  attacking: 300,
  roundTripMs: 100,
  /** Other operations, of users who have signed in. */
  perSecond: 200,
  workers: 100,
};
type Plan = typeof plan;
const bars = { p99Ratio: 1.3 } as const;

/** The shop while many users sign in and one attacker guesses: how long do others wait, and who signs in? */
export async function runSignIn({ quick, rounds }: BenchOptions): Promise<Report> {
  const asked = { ...plan, ...(quick && { seconds: 4, rounds: 3 }), ...(rounds !== undefined && { rounds }) };
  const result = { name: "plimsoll", ...(await measure(asked)) };
  judge(result);
  return { bench: "sign-in", machine: describeMachine(asked), commit: describeCommit(), rounds: asked.rounds, results: [result] };
}

async function measure(asked: Plan) {
  const database = await prepareDatabase();
  const directory = mkdtempSync(join(tmpdir(), "bench-sign-in-"));
  const children: ChildProcess[] = [];
  const start = (file: string, env: Readonly<Record<string, string>> = {}) => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      ...{ execArgv: ["--conditions=source"], stdio: ["ignore", 2, 2, "ipc"] },
      env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1", ...env },
    });
    keep(child);
    children.push(child);
    return child;
  };
  try {
    const address = { DATABASE_URL: database.url, ADMIN_DATABASE_URL: database.adminUrl ?? "", DATA_DIR: directory };
    const shop = await said<Opened>(start("shop.ts", { ...address, USERS: String(asked.signingIn), WORKERS: String(asked.workers) }));
    const attacker = start("attacker.ts");
    const each: Round[] = [];
    await work(shop, { ...asked, seconds: 1 });
    for (let round = 0; round < asked.rounds; round++) {
      const alone = await work(shop, asked);
      each.push({ alone, ...(await besideSignIns({ shop, attacker, asked, round })) });
    }
    return figuresOf(each);
  } finally {
    for (const child of children.reverse()) await stop(child);
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function said<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`a process of the bench ended with ${code}`)));
  ended.catch(() => undefined);
  return ((await Promise.race([once(child, "message"), ended])) as readonly unknown[])[0] as T;
}

interface Round {
  readonly alone: LoadResult;
  readonly beside: LoadResult;
  readonly statuses: Statuses;
  readonly honest: Entered;
}

async function besideSignIns({
  shop,
  attacker,
  asked,
  round,
}: {
  readonly shop: Opened;
  readonly attacker: ChildProcess;
  readonly asked: Plan;
  readonly round: number;
}) {
  const { api: url, emails } = shop;
  // Another one each time, of whom the server knows nothing.
  const attack: Attack = { url, emails, address: `127.9.0.${round + 1}`, connections: asked.attacking, roundTripMs: asked.roundTripMs };
  attacker.send(attack);
  const users = signInWaves(shop, asked.everySeconds * 1_000);
  const beside = await work(shop, asked);
  const honest = await users.stop();
  const statuses = said<Statuses>(attacker);
  attacker.send("stop");
  return { beside, honest, statuses: await statuses };
}

/** Reads of users who work: half of them in the database, half kept by the process. */
async function work({ api, tokens }: Opened, { seconds, warmUpSeconds, perSecond }: Plan): Promise<LoadResult> {
  const targets = tokens.map((token, index) => {
    const headers = { authorization: `Bearer ${token}` };
    return new HttpTarget({ url: `${api}/v1/${index % 2 === 0 ? "orders" : "products"}`, headers, connections: 4, timeoutMs: 2_000 });
  });
  const call: Target = (arrival) => targets[arrival.index % targets.length]!.call(arrival);
  try {
    const warmUpMs = warmUpSeconds * 1_000;
    return await runLoad({ schedule: schedule([hold(perSecond, seconds + warmUpSeconds)]), target: call, deadlineMs: 1_000, warmUpMs });
  } finally {
    for (const target of targets) target[Symbol.dispose]();
  }
}

function figuresOf(each: readonly Round[]) {
  const p99 = ({ accepted }: LoadResult) => accepted.percentile(99);
  const ratios = each.map(({ alone, beside }) => p99(beside) / p99(alone)).sort((a, b) => a - b);
  const sum = (of: (round: Round) => number) => each.reduce((all, round) => all + of(round), 0);
  return {
    ratio: digits(median(ratios)),
    ratioIqr: digits(ratios[Math.floor(ratios.length * 0.75)]! - ratios[Math.floor(ratios.length * 0.25)]!),
    p99AloneMs: digits(median(each.map(({ alone }) => p99(alone)))),
    p99Ms: digits(median(each.map(({ beside }) => p99(beside)))),
    notServed: sum(({ beside }) => beside.refused + beside.failed + beside.missed),
    signIns: sum(({ honest }) => honest.tried),
    signedIn: sum(({ honest }) => honest.took.length),
    signedInAtOnce: sum(({ honest }) => honest.atOnce),
    refused: listed(each.map(({ honest }) => honest.refused)),
    signInP50Ms: digits(median(each.flatMap(({ honest }) => honest.took))),
    guesses: listed(each.map(({ statuses }) => statuses)),
    others: listed(each.map(({ beside }) => Object.fromEntries(beside.reasons))),
    isVoid: each.some(({ alone, beside }) => alone.isVoid || beside.isVoid),
  };
}

function listed(all: readonly Statuses[]): string {
  const names = [...new Set(all.flatMap((counts) => Object.keys(counts)))];
  return names.map((name) => `${all.reduce((sum, counts) => sum + (counts[name] ?? 0), 0)} × ${name}`).join(", ");
}

const digits = (value: number) => Math.round(value * 1_000) / 1_000;

/** Ends the bench with 1 where it misses a bar; the report is printed all the same. */
function judge({ ratio, signIns, signedIn, notServed, isVoid }: ReturnType<typeof figuresOf>): void {
  const missed = [
    isVoid && "the generator did not keep its schedule",
    !(ratio <= bars.p99Ratio) && `p99 of others is ${ratio} times the one without sign-ins, not ${bars.p99Ratio}`,
    notServed > 0 && `${notServed} of the others were not served`,
    !(signIns > 0 && signedIn === signIns) && `${signIns - signedIn} of ${signIns} users did not sign in`,
  ].filter((miss) => miss !== false);
  if (missed.length === 0) return;
  process.stderr.write(`sign-in: ${missed.join(", ")}\n`);
  process.exitCode = 1;
}

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HttpTarget, hold, type LoadResult, runLoad, schedule, type Target } from "../../src/load/index.ts";
import { prepareDatabase } from "../database/database.ts";
import { cpuUs } from "../harness/machine.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { keep, stop } from "../harness/server.ts";
import type { Opened } from "./shop.ts";

const plan = {
  seconds: 60,
  warmUpSeconds: 3,
  /** Offered by users who stay below their own rate. */
  perSecond: 3_000,
  users: 100,
  /** Offered by one user, beside others who leave room for it. */
  greedyPerSecond: 500,
  besidePerSecond: 1_000,
  temper: { medianMs: 5, slowMs: 20, stalls: 0.1 },
  seed: 1,
};
type Plan = typeof plan;
const bars = { p99Ms: 300, admittedPerSecond: [1_980, 2_020], succeeded: 0.99, greedyPerSecond: [48, 52], callsPerAdmitted: 1.2 } as const;

/** The shop's relay above its rate, with an upstream that stalls a tenth of its requests: who is admitted, and what do those get? */
export async function runRelay({ quick }: BenchOptions): Promise<Report> {
  const asked = quick ? { ...plan, seconds: 12 } : plan;
  const result = {
    name: process.env.REDIS_URL === undefined ? "plimsoll" : "plimsoll-redis",
    ratio: 1,
    ratioIqr: 0,
    ...(await measure(asked)),
  };
  judge(result);
  return {
    bench: "relay",
    machine: describeMachine({ ...asked, temper: JSON.stringify(asked.temper) }),
    commit: describeCommit(),
    rounds: 1,
    results: [result],
  };
}

async function measure(asked: Plan) {
  const database = await prepareDatabase();
  const directory = mkdtempSync(join(tmpdir(), "bench-relay-"));
  const children: ChildProcess[] = [];
  const start = async <T>(file: string, env: Readonly<Record<string, string>>) => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      ...{ execArgv: ["--conditions=source"], stdio: ["ignore", 2, 2, "ipc"] },
      env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1", ...env },
    });
    keep(child);
    children.push(child);
    const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`)));
    ended.catch(() => undefined);
    return { child, said: ((await Promise.race([once(child, "message"), ended])) as readonly unknown[])[0] as T };
  };
  try {
    const upstream = await start<string>("upstream.ts", { TEMPER: JSON.stringify(asked.temper), SEED: String(asked.seed) });
    const env = {
      DATABASE_URL: database.url,
      ADMIN_DATABASE_URL: database.adminUrl ?? "",
      DATA_DIR: directory,
      UPSTREAM_URL: upstream.said,
    };
    const shop = await start<Opened>("shop.ts", { ...env, USERS: String(asked.users + 1) });
    const calls = async () => {
      const answer = once(upstream.child, "message");
      upstream.child.send("count");
      return (await answer)[0] as number;
    };
    const cpuBefore = cpuUs(shop.child.pid!) ?? 0;
    const main = await offer(shop.said, asked);
    const upstreamCalls = await calls();
    const cpu = (cpuUs(shop.child.pid!) ?? 0) - cpuBefore;
    return {
      ...main.figures,
      callsPerAdmitted: digits(upstreamCalls / main.admittedInAll),
      cpuUs: Math.round(cpu / main.offered),
      ...(await offerGreedily(shop.said, asked)),
    };
  } finally {
    for (const child of children.reverse()) await stop(child);
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function offer({ api, tokens }: Opened, { seconds, warmUpSeconds, perSecond, users }: Plan) {
  using targets = targetsOf(api, tokens.slice(0, users));
  const all = schedule([hold(perSecond, seconds + warmUpSeconds)]);
  const result = await runLoad({
    schedule: all,
    target: targets.call,
    deadlineMs: bars.p99Ms,
    inFlight: 4_000,
    warmUpMs: warmUpSeconds * 1_000,
  });
  const admitted = admittedOf(result);
  const windows = result.windows.reduce((sum, { ok, late, failed }) => sum + ok + late + failed, 0);
  return {
    offered: all.expected,
    // Of the whole run: the upstream counts from its start too.
    admittedInAll: windows + unavailable(result),
    figures: {
      ...{ admittedPerSecond: Math.round(admitted / seconds), succeeded: digits((result.ok + result.late) / admitted) },
      ...{ p50Ms: digits(result.accepted.percentile(50)), p99Ms: digits(result.accepted.percentile(99)), isVoid: result.isVoid },
      reasons: [...result.reasons].map(([reason, times]) => `${times} × ${reason}`).join(", "),
    },
  };
}

/** One user far above its rate, beside others. */
async function offerGreedily({ api, tokens }: Opened, { seconds, users, greedyPerSecond, besidePerSecond }: Plan) {
  using greedy = targetsOf(api, tokens.slice(users));
  using others = targetsOf(api, tokens.slice(0, users));
  const run = (rate: number, target: Target) =>
    runLoad({ schedule: schedule([hold(rate, seconds)]), target, deadlineMs: bars.p99Ms, warmUpMs: 2_000, inFlight: 2_000 });
  const [result] = await Promise.all([run(greedyPerSecond, greedy.call), run(besidePerSecond, others.call)]);
  return { greedyPerSecond: digits(admittedOf(result) / (seconds - 2)) };
}

/** Each user has connections of its own. */
function targetsOf(url: string, tokens: readonly string[]) {
  const body = JSON.stringify({ upstream: "moody", path: "/item", timeoutMs: 280 });
  const connections = Math.max(8, Math.ceil(512 / tokens.length));
  const targets = tokens.map((token) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    return new HttpTarget({ url: `${url}/v1/fetch`, headers, body, connections, timeoutMs: 5_000 });
  });
  return {
    call: ((arrival) => targets[arrival.index % targets.length]!.call(arrival)) as Target,
    [Symbol.dispose]() {
      for (const target of targets) target[Symbol.dispose]();
    },
  };
}

/** What no rate refused: a 503 was admitted, and failed. */
const admittedOf = (result: LoadResult) => result.ok + result.late + result.failed + unavailable(result);
const unavailable = ({ reasons }: LoadResult) =>
  [...reasons].reduce((sum, [reason, times]) => sum + (reason.startsWith("503") ? times : 0), 0);
const digits = (value: number) => Math.round(value * 1_000) / 1_000;

type Figures = Awaited<ReturnType<typeof measure>>;

/** Ends the bench with 1 where it misses a bar; the report is printed all the same. */
function judge({ p99Ms, admittedPerSecond, succeeded, greedyPerSecond, callsPerAdmitted, isVoid }: Figures): void {
  const within = (value: number, [least, most]: readonly [number, number]) => value >= least && value <= most;
  const missed = [
    isVoid && "the generator did not keep its schedule",
    !(p99Ms <= bars.p99Ms) && `p99 of what was admitted is ${p99Ms} ms, not ${bars.p99Ms}`,
    !within(admittedPerSecond, bars.admittedPerSecond) && `${admittedPerSecond}/s admitted`,
    !(succeeded >= bars.succeeded) && `${succeeded} of them succeeded, not ${bars.succeeded}`,
    !within(greedyPerSecond, bars.greedyPerSecond) && `one user got ${greedyPerSecond}/s`,
    !(callsPerAdmitted <= bars.callsPerAdmitted) && `${callsPerAdmitted} calls upstream for each that was admitted`,
  ].filter((miss) => miss !== false);
  if (missed.length === 0) return;
  process.stderr.write(`relay: ${missed.join(", ")}\n`);
  process.exitCode = 1;
}

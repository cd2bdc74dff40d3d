import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Database, prepareDatabase, withClient } from "../database/database.ts";
import { cpuUs } from "../harness/machine.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { keep, stop } from "../harness/server.ts";
import { Histogram } from "./histogram.ts";
import type { Opened, Waited } from "./shop.ts";

const plan = {
  seconds: 60,
  requestsPerSecond: 50,
  itemsPerRequest: 100,
  /** Share of the first attempts that fail. */
  failures: 0.1,
  /** How long after the last request everything must be done. */
  drainSeconds: 120,
};
type Plan = typeof plan;

/** The shop under 5,000 items a second for a minute: is all of it done, how long did it wait, what did it take? One result, without a baseline. */
export async function runCrunch({ quick, rounds = 1 }: BenchOptions): Promise<Report> {
  const asked = quick ? { ...plan, seconds: 10 } : plan;
  const results = [];
  for (let n = 0; n < rounds; n++)
    results.push({ name: rounds === 1 ? "plimsoll" : `plimsoll ${n + 1}`, ratio: 1, ratioIqr: 0, ...(await measure(asked)) });
  return { bench: "crunch", machine: describeMachine(asked), commit: describeCommit(), rounds, results };
}

async function measure(asked: Plan) {
  const database = await prepareDatabase();
  const directory = mkdtempSync(join(tmpdir(), "bench-crunch-"));
  const { child, opened } = await openShop(database, { directory, failures: asked.failures });
  try {
    const cpuBefore = cpuUs(child.pid!) ?? 0;
    const offered = await offer(opened, asked);
    const drainMs = await drain(database, offered.accepted, asked.drainSeconds * 1_000);
    const cpu = (cpuUs(child.pid!) ?? 0) - cpuBefore;
    const { firstAttempts, lagMs, begunMs } = await ask(child);
    return {
      ...offered,
      ...(await countResults(database)),
      ...{ drainMs, firstAttempts },
      ...{ lagP50Ms: lagMs[0], lagP99Ms: lagMs[1], lagMaxMs: lagMs[2] },
      ...{ begunP50Ms: begunMs[0], begunP99Ms: begunMs[1], begunMaxMs: begunMs[2] },
      cpuUsPerItem: Math.round(cpu / Math.max(1, offered.accepted)),
      peakRssMb: peakRssMb(child.pid!),
    };
  } finally {
    await stop(child);
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function openShop({ url, adminUrl }: Database, { directory, failures }: { readonly directory: string; readonly failures: number }) {
  const child = fork(fileURLToPath(new URL("shop.ts", import.meta.url)), {
    execArgv: flagsOfStart(),
    stdio: ["ignore", 2, 2, "ipc"],
    env: {
      ...{ ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1" },
      ...{ DATABASE_URL: url, ADMIN_DATABASE_URL: adminUrl, DATA_DIR: directory, FAILURES: String(failures) },
    },
  });
  keep(child);
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`the shop ended with ${code}`)));
  ended.catch(() => {});
  const [opened] = (await Promise.race([once(child, "message"), ended])) as [Opened];
  return { child, opened };
}

/** What the shop is started with for customers. */
function flagsOfStart(): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { scripts: { start: string } };
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}

/** Sends batches at a steady pace, whatever the answers: who waits for an answer offers less just when it matters. */
async function offer({ api, tokens }: Opened, { seconds, requestsPerSecond, itemsPerRequest }: Plan) {
  const [answers, refused] = [new Histogram(), new Map<number, number>()];
  let accepted = 0;
  const items = Array.from({ length: itemsPerRequest }, (_, n) => `item ${n}: a rocket, a kite and ${n % 7} balloons for the road runner`);
  const send = async (n: number) => {
    const headers = { authorization: `Bearer ${tokens[n % tokens.length]}`, "content-type": "application/json" };
    const sentAt = performance.now();
    const body = JSON.stringify({ items });
    const response = await fetch(`${api}/v1/crunch`, { method: "POST", headers: { ...headers, "idempotency-key": `bench-${n}` }, body });
    await response.arrayBuffer();
    answers.add(performance.now() - sentAt);
    if (response.status === 202) accepted += items.length;
    else refused.set(response.status, (refused.get(response.status) ?? 0) + 1);
  };
  const [startedAt, sent] = [performance.now(), [] as Promise<void>[]];
  for (let n = 0; n < seconds * requestsPerSecond; n++) {
    const dueMs = startedAt + (n * 1_000) / requestsPerSecond - performance.now();
    if (dueMs > 0) await pause(dueMs);
    sent.push(send(n));
  }
  const offeredPerSecond = Math.round((sent.length * itemsPerRequest * 1_000) / (performance.now() - startedAt));
  await Promise.all(sent);
  const refusals = [...refused].map(([status, times]) => `${times} × ${status}`).join(", ") || undefined;
  return { offeredPerSecond, accepted, refusals, requestP50Ms: answers.quantile(0.5), requestP99Ms: answers.quantile(0.99) };
}

/** Waits until there is a result for each item. *Units*: milliseconds that it took; undefined where it did not come to that. */
async function drain({ adminUrl }: Database, accepted: number, withinMs: number): Promise<number | undefined> {
  const since = performance.now();
  return withClient(adminUrl, async (client) => {
    while (performance.now() - since < withinMs) {
      const { rows } = await client.query<{ n: string }>("select count(*) as n from crunch.results");
      if (Number(rows[0]!.n) >= accepted) return Math.round(performance.now() - since);
      await pause(200);
    }
    return undefined;
  });
}

/** What is there in the end, by the tables themselves. */
function countResults({ adminUrl }: Database) {
  return withClient(adminUrl, async (client) => {
    const { rows } = await client.query<Record<"done" | "failed" | "retried" | "left" | "deadLetters", string>>(`
      select count(*) filter (where outcome = 'done') as done, count(*) filter (where outcome = 'failed') as failed,
        count(*) filter (where attempts > 1) as retried,
        (select count(*) from plimsoll.tasks) + (select count(*) from plimsoll.task_later) as left,
        (select count(*) from plimsoll.task_dead_letters) as "deadLetters"
      from crunch.results`);
    const { done, failed, retried, left, deadLetters } = rows[0]!;
    return { done: Number(done), failed: Number(failed), retried: Number(retried), left: Number(left), deadLetters: Number(deadLetters) };
  });
}

async function ask(child: ChildProcess): Promise<Waited> {
  const answer = once(child, "message");
  child.send("waited");
  return (await answer)[0] as Waited;
}

/** The most that the process ever had. *Units*: 10^6 bytes. Undefined where there is no /proc. */
function peakRssMb(pid: number): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? undefined : Math.round((Number(kib) * 1_024) / 1e5) / 10;
  } catch {
    return undefined;
  }
}

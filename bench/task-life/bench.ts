import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type App, createApp } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import { type Database, prepareDatabase } from "../database/database.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { median, quantile, round } from "../harness/rounds.ts";
import { type Begun, life, step } from "./life.ts";

interface Worker {
  readonly child: ChildProcess;
  /** How long each task waited, by its number. */
  readonly begun: Map<number, number>;
}

/** What happens to tasks when things happen to their neighbours and their workers. One result, without a baseline: nothing here is a ratio. */
export async function runTaskLife({ quick, rounds = 3 }: BenchOptions): Promise<Report> {
  const fairness: number[] = [];
  const restarts: number[] = [];
  const restartsP99: number[] = [];
  const heals: number[] = [];
  for (let n = 0; n < (quick ? 1 : rounds); n++) {
    fairness.push(await onFreshDatabase((producer, database) => measureFairness(producer, database, quick ? 20_000 : 100_000)));
    const waited = await onFreshDatabase((producer, database) => measureRestarts(producer, database, quick ? 2 : 6));
    restarts.push(Math.max(...waited));
    restartsP99.push(quantile(waited, 0.99));
    heals.push(await onFreshDatabase(measureHeal));
  }
  const result = {
    ...{ name: "plimsoll", ratio: 1, ratioIqr: 0 },
    otherTenantMs: round(Math.max(...fairness)),
    otherTenantMedianMs: round(median(fairness)),
    restartWaitMaxMs: round(Math.max(...restarts)),
    restartWaitP99Ms: round(Math.max(...restartsP99)),
    healMaxMs: round(Math.max(...heals)),
  };
  return { bench: "task-life", machine: describeMachine(), commit: describeCommit(), rounds: fairness.length, results: [result] };
}

async function onFreshDatabase<T>(measure: (producer: App, database: Database) => Promise<T>): Promise<T> {
  const database = await prepareDatabase();
  const producer = createApp({
    modules: [life],
    database: postgres({ url: database.url, adminUrl: database.adminUrl }),
    roles: ["serve"],
    provide: [step.provide(() => undefined)],
  });
  await producer.start();
  try {
    return await measure(producer, database);
  } finally {
    await producer.stop();
    await database.drop();
  }
}

/** One tenant has many tasks waiting, another adds one: how long until it begins. */
async function measureFairness(producer: App, database: Database, waiting: number): Promise<number> {
  const input = (id: number, workMs: number) => ({ id, sentAt: Date.now(), workMs });
  const many = Array.from({ length: waiting }, (_, id) => input(id, 2));
  await producer.tasks.startMany(step.task, many, { tenant: "large" });
  const worker = await startWorker(database);
  await until(() => worker.begun.size > 500);
  await producer.tasks.start(step.task, input(-1, 2), { tenant: "small" });
  await until(() => worker.begun.has(-1));
  worker.child.kill("SIGKILL");
  return worker.begun.get(-1)!;
}

/** Two workers, one after the other stopped and restarted, under load: how long any task waited. */
async function measureRestarts(producer: App, database: Database, times: number): Promise<number[]> {
  const workers = [await startWorker(database), await startWorker(database)];
  const all = [...workers];
  let id = 0;
  const load = setInterval(() => {
    for (let n = 0; n < 10; n++) void producer.tasks.start(step.task, { id: id++, sentAt: Date.now(), workMs: 20 });
  }, 20);
  await pause(500);
  for (let n = 0; n < times; n++) {
    const at = n % workers.length;
    const old = workers[at]!;
    const ended = once(old.child, "exit");
    old.child.kill("SIGTERM");
    await ended;
    workers[at] = await startWorker(database);
    all.push(workers[at]!);
    await pause(300);
  }
  clearInterval(load);
  await until(() => all.reduce((sum, { begun }) => sum + begun.size, 0) >= id);
  for (const { child } of workers) child.kill("SIGKILL");
  return all.flatMap(({ begun }) => [...begun.values()]);
}

/** A worker is killed in the middle of what it holds: how long until another has begun all of it. */
async function measureHeal(producer: App, database: Database): Promise<number> {
  const [first, second] = [await startWorker(database), await startWorker(database)];
  const inputs = Array.from({ length: 200 }, (_, id) => ({ id, sentAt: Date.now(), workMs: 300 }));
  await producer.tasks.startMany(step.task, inputs);
  await until(() => first.begun.size >= 50 && second.begun.size >= 50);
  const killedAt = performance.now();
  first.child.kill("SIGKILL");
  for (;;) {
    const [stats] = await producer.tasks.stats();
    if (stats !== undefined && stats.waiting + stats.running + stats.later === 0) break;
    await pause(20);
  }
  second.child.kill("SIGKILL");
  return performance.now() - killedAt;
}

async function startWorker({ url, adminUrl }: Database): Promise<Worker> {
  const child = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), {
    env: { ...process.env, NODE_NO_WARNINGS: "1", DATABASE_URL: url, ADMIN_DATABASE_URL: adminUrl },
  });
  const begun = new Map<number, number>();
  const ready = new Promise<void>((resolve, reject) => {
    child.on("message", (message: Begun | "ready") => {
      if (message === "ready") resolve();
      else if (!begun.has(message.id)) begun.set(message.id, message.waitedMs);
    });
    child.once("exit", () => reject(new Error("a worker ended before it was ready")));
  });
  await ready;
  return { child, begun };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(5);
}

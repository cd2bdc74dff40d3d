import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type * as database from "../database/database.ts";
import type * as contender from "../harness/contender.ts";
import type * as load from "../harness/load.ts";
import type * as machine from "../harness/machine.ts";
import type * as server from "../harness/server.ts";
import type * as order from "../http/order.ts";
import type * as token from "../http/token.ts";
import type * as starting from "../start/process.ts";
import type * as taskContenders from "../tasks/contenders.ts";
import type * as taskProcesses from "../tasks/process.ts";
import type * as stores from "../tasks/stores.ts";
import { nowMs } from "../tasks/system.ts";

/** What can be compared between two commits. */
export const meters = ["http", "query", "command", "start", "tasks"] as const;
/** One of {@link meters}. */
export type Meter = (typeof meters)[number];

/** A checkout that is up, and can be measured again and again. More is better in every figure. */
export interface Measured extends AsyncDisposable {
  measure(): Promise<Readonly<Record<string, number>>>;
}

type Load = <T>(path: string) => Promise<T>;

const openers: Readonly<Record<Meter, (of: Load, checkout: string) => Promise<Measured>>> = {
  http: openHttp,
  query: (of, checkout) => openDatabase(of, join(checkout, "bench/query/plimsoll.ts")),
  command: (of, checkout) => openDatabase(of, join(checkout, "bench/command/plimsoll.ts")),
  start: openStart,
  tasks: openTasks,
};

/** Brings up what a checkout's own bench measures, by its own code. */
export function open(meter: Meter, checkout: string): Promise<Measured> {
  return openers[meter]((path) => import(pathToFileURL(join(checkout, "bench", path)).href), checkout);
}

async function openHttp(of: Load, checkout: string): Promise<Measured> {
  const [{ startServer }, { runLoad }] = [await of<typeof server>("harness/server.ts"), await of<typeof load>("harness/load.ts")];
  const [{ order: body, path }, { issueToken }] = [await of<typeof order>("http/order.ts"), await of<typeof token>("http/token.ts")];
  const folder = mkdtempSync(join(tmpdir(), "bench-versus-"));
  const collector = await startServer({ name: "collector", file: join(checkout, "bench/http/collector.ts"), role: "load" });
  const env = { OTLP_URL: `${collector.url}/versus/v1/traces`, LOG_FILE: join(folder, "log") };
  const up = await startServer({ name: "plimsoll", file: join(checkout, "bench/http/plimsoll.ts"), role: "server", env });
  const headers = { "content-type": "application/json", authorization: `Bearer ${issueToken()}` };
  const post = (seconds: number) =>
    runLoad({ url: up.url + path, body: JSON.stringify(body), headers, connections: 64, seconds, pid: up.pid, mayRefuse: true });
  await post(3);
  return {
    measure: async () => ({ perSecond: (await post(1)).perSecond }),
    async [Symbol.asyncDispose]() {
      await Promise.all([up.stop(), collector.stop()]);
      rmSync(folder, { recursive: true });
    },
  };
}

async function openDatabase(of: Load, file: string): Promise<Measured> {
  const [{ prepareDatabase }, { ContenderProcess }] = [
    await of<typeof database>("database/database.ts"),
    await of<typeof contender>("harness/contender.ts"),
  ];
  const own = await prepareDatabase();
  const up = await ContenderProcess.start("plimsoll", file, { ...own, connections: 16 });
  await up.work(32, 3);
  return {
    measure: async () => ({ perSecond: (await up.work(32, 1)).perSecond }),
    async [Symbol.asyncDispose]() {
      await up.stop();
      await own.drop();
    },
  };
}

async function openStart(of: Load, checkout: string): Promise<Measured> {
  execFileSync("npm", ["run", "build", "--silent"], { cwd: checkout, stdio: ["ignore", 2, 2] });
  const [{ prepareDatabase }, { freePort }] = [
    await of<typeof database>("database/database.ts"),
    await of<typeof machine>("harness/machine.ts"),
  ];
  const [{ start }, { stop }] = [await of<typeof starting>("start/process.ts"), await of<typeof server>("harness/server.ts")];
  const own = await prepareDatabase();
  const measure = async () => {
    const [port, opsPort] = [await freePort(), await freePort()];
    const env = { DATABASE_URL: own.url, ADMIN_DATABASE_URL: own.adminUrl, PORT: String(port), OPS_PORT: String(opsPort) };
    const args = [process.execPath, join(checkout, "bench/start/plimsoll.mjs")];
    const { child, startMs } = await start({ name: "plimsoll", args, env, ready: { url: `http://127.0.0.1:${port}/v1/ping` } });
    await stop(child);
    return { startsPerSecond: 1_000 / startMs };
  };
  // The first applies the migrations.
  await measure();
  return { measure, [Symbol.asyncDispose]: () => own.drop() };
}

/** Behind so many tasks, about two seconds, most code of a worker is compiled: what the other meters measure has run for three seconds too. */
const warmUpTasks = 60_000;
const callers = 64;
const batch = 1_000;

/** Starts of one at a time and in bulk, by a producer that stays up; then a new worker completes them, and is measured behind its warm-up. */
async function openTasks(of: Load): Promise<Measured> {
  const { contenders } = await of<typeof taskContenders>("tasks/contenders.ts");
  const { ProducerProcess, WorkerProcess } = await of<typeof taskProcesses>("tasks/process.ts");
  const { startPostgresStores } = await of<typeof stores>("tasks/stores.ts");
  const { file, pending, name } = contenders.find((contender) => contender.name === "plimsoll")!;
  const own = await startPostgresStores();
  const store = await own.create(pending);
  const target = { ...store.urls, connections: 32, history: false, types: 1, queues: 1, variant: undefined };
  const producer = await ProducerProcess.start(name, file, target);
  const load = (how: "one" | "many", seconds: number) => producer.load(how, { callers: how === "many" ? 1 : callers, seconds, batch });

  async function complete(count: number): Promise<number> {
    await store.rest();
    const worker = await WorkerProcess.start(name, { file, target, warmUp: warmUpTasks });
    const { measuredFromMs } = await worker.handled(count);
    while (!(await store.isDone())) await sleep(1);
    const seconds = (nowMs() - measuredFromMs) / 1_000;
    await worker.stop();
    return (count - warmUpTasks) / seconds;
  }

  const measure = async (seconds: number) => {
    const one = await load("one", seconds);
    const many = await load("many", seconds);
    const missing = warmUpTasks * 1.5 - one.tasks - many.tasks;
    const filled = missing > 0 ? Math.ceil(missing / batch) * batch : 0;
    if (filled > 0) await producer.fill(filled);
    const processPerSecond = await complete(one.tasks + many.tasks + filled);
    return { processPerSecond, enqueuePerSecond: one.tasks / one.seconds, bulkPerSecond: many.tasks / many.seconds };
  };
  await measure(2);
  return {
    measure: () => measure(0.7),
    async [Symbol.asyncDispose]() {
      await producer.stop();
      await store.drop();
      await own.stop();
    },
  };
}

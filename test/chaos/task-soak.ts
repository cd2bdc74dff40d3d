// Many millions of tasks through one database, with autovacuum at its defaults, and a forgotten transaction in the middle:
// node --conditions=source test/chaos/task-soak.ts --tasks 20000000 --reader 600 [--reads other|tasks] [--rate 15000] [--depth 50000]
// The exit code is 0 only when every task was done once, and the tables take, in the mean of the last fifth of the tasks, no more than 1.1 times
// what they took in the mean of the fifth before the middle: from one moment to the next they rise and fall.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createApp } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { systemClock } from "../../src/core/clock.ts";
import { EmbeddedPostgres } from "../../src/embedded/launcher.ts";
import { Meter, type Sizes } from "./soak/meter.ts";
import type { Progress } from "./soak/progress.ts";
import { holdSnapshot, readings } from "./soak/reader.ts";
import { countModule } from "./soak/task.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "20000000" },
    reader: { type: "string", default: "600" },
    reads: { type: "string", default: "other" },
    // Tasks in a second: for a reader who is to be gone before the end.
    rate: { type: "string", default: "Infinity" },
    depth: { type: "string", default: "50000" },
    step: { type: "string" },
  },
});
const tasks = Number(values.tasks);
const depth = Number(values.depth);
const rate = Number(values.rate);
const step = Number(values.step ?? Math.min(1_000_000, tasks / 20));
const reads = values.reads as keyof typeof readings;
if (!(reads in readings)) throw new RangeError("--reads is other or tasks");
const largestRatio = 1.1;
const batch = 1_000;

const directory = mkdtempSync(join(tmpdir(), "plimsoll-soak-"));
const server = new EmbeddedPostgres({ directory, clock: systemClock });
await server.start();
const { count, soak } = countModule(() => {});
const app = createApp({
  service: { name: "soak-producer", version: "1.0.0" },
  modules: [soak],
  database: embedded({ directory }),
  roles: ["serve"],
  rateLimit: { perSecond: 0 },
  development: false,
});
await app.start();
const worker = fork(fileURLToPath(new URL("soak/worker.ts", import.meta.url)), {
  execArgv: ["--conditions=source"],
  env: { ...process.env, DIRECTORY: directory, TASKS: String(tasks), NODE_ENV: "production" },
});
const meter = await Meter.open(server.adminUrl);

let [started, done, twice, lost] = [0, 0, 0, 0];
let claims: number[] = [];
let settlements: number[] = [];
let moved = () => {};
worker.on("message", (progress: Progress) => {
  ({ done, twice, lost } = progress);
  claims.push(...progress.claims);
  settlements.push(...progress.settlements);
  moved();
});

async function produce(): Promise<void> {
  const since = performance.now();
  while (started < tasks) {
    const early = (started / rate) * 1_000 - (performance.now() - since);
    if (early > 0) await wait(early);
    while (started - done > depth - batch) await new Promise<void>((resolve) => (moved = resolve));
    const size = Math.min(batch, tasks - started);
    const from = started;
    await app.tasks.startMany(
      count,
      Array.from({ length: size }, (_, at) => ({ nth: from + at })),
    );
    started += size;
  }
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1).padStart(7);
const quantile = (sorted: readonly number[], share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);

function print(sizes: Sizes, { seconds, by, held }: { seconds: number; by: number; held: boolean }): void {
  const [claimed, settled] = [claims, settlements].map((times) => times.toSorted((a, b) => a - b));
  claims = [];
  settlements = [];
  const parts = Object.entries(sizes.byName).filter(([, bytes]) => bytes > 100_000);
  console.log(
    `${String(done).padStart(9)} done, ${String(Math.round(by / seconds)).padStart(6)}/s | MB now${megabytes(sizes.now)}, mean${megabytes(sizes.mean)}, largest${megabytes(sizes.largest)} | ` +
      `claim p50 ${quantile(claimed!, 0.5)} p99 ${quantile(claimed!, 0.99)} max ${quantile(claimed!, 1)} ms (${claimed!.length}) | ` +
      `settle p50 ${quantile(settled!, 0.5)} p99 ${quantile(settled!, 0.99)} ms | ` +
      `${parts.map(([name, bytes]) => `${name} ${megabytes(bytes).trim()}`).join(", ")}${held ? " | reader" : ""}`,
  );
}

/** Until everything is done; returns the sizes of each step. */
async function watch(): Promise<readonly { readonly done: number; readonly sizes: Sizes }[]> {
  let [next, last, since] = [step, 0, performance.now()];
  const steps: { done: number; sizes: Sizes }[] = [];
  let reading: Promise<void> | undefined;
  let held = false;
  while (done < tasks) {
    await wait(20);
    if (worker.exitCode !== null) throw new Error(`the worker ended with ${worker.exitCode}`);
    if (done < Math.min(next, tasks)) continue;
    const sizes = await meter.take();
    const now = performance.now();
    print(sizes, { seconds: (now - since) / 1_000, by: done - last, held });
    [last, since] = [done, now];
    steps.push({ done, sizes });
    while (next <= done) next += step;
    if (done < tasks / 2 || reading !== undefined) continue;
    held = true;
    reading = holdSnapshot(server.adminUrl, { reads, ms: Number(values.reader) * 1_000 }).then(() => {
      held = false;
      console.log(`          the reader has gone, at ${done}`);
    });
    console.log(`          a reader of ${reads} holds a snapshot for ${values.reader} s`);
  }
  console.log(`          all done; ${held ? "the reader still holds its snapshot" : "no reader is left"}`);
  return steps;
}

function compare(steps: Awaited<ReturnType<typeof watch>>) {
  const between = (from: number, to: number) => {
    const those = steps.filter((one) => one.done > from * tasks && one.done - step <= to * tasks).map(({ sizes }) => sizes);
    const mean = those.reduce((sum, sizes) => sum + sizes.mean, 0) / those.length;
    return { mean: Math.round(mean / 1e5) / 10, largest: Math.round(Math.max(...those.map(({ largest }) => largest)) / 1e5) / 10 };
  };
  const [middle, end] = [between(0.3, 0.499), between(0.8, 1)];
  return { middleMb: middle, endMb: end, ratio: Math.round((end.mean / middle.mean) * 100) / 100 };
}

try {
  const producing = produce();
  const steps = await watch();
  await producing;
  worker.send("stop");
  await once(worker, "disconnect");
  const left = await meter.left();
  const rested = await meter.take();
  const sizes = compare(steps);
  console.log(JSON.stringify({ tasks, started, done, twice, lost, left, ...sizes, restMb: Math.round(rested.now / 1e5) / 10 }));
  process.exitCode = done === tasks && twice === 0 && left === 0 && sizes.ratio <= largestRatio ? 0 : 1;
} finally {
  worker.kill("SIGKILL");
  await meter.close();
  await app.stop();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit();

// Many millions of tasks through one database, with autovacuum at its defaults, and a forgotten transaction in the middle:
// node --conditions=source test/chaos/task-soak.ts --tasks 20000000 --reader 600 [--reads other|tasks] [--depth 50000]
// The exit code is 0 only when every task was done once, and the tables of the last million take no more than 1.1 times those of the middle one.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createApp } from "plimsoll";
import { embedded } from "plimsoll/postgres";
import { systemClock } from "../../src/core/clock.ts";
import { EmbeddedPostgres } from "../../src/postgres/embedded/launcher.ts";
import { Meter, type Sizes } from "./soak/meter.ts";
import type { Progress } from "./soak/progress.ts";
import { holdSnapshot, readings } from "./soak/reader.ts";
import { countModule } from "./soak/task.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "20000000" },
    reader: { type: "string", default: "600" },
    reads: { type: "string", default: "other" },
    depth: { type: "string", default: "50000" },
    step: { type: "string" },
  },
});
const tasks = Number(values.tasks);
const depth = Number(values.depth);
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
  roles: ["http"],
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
worker.on("message", (told: Progress) => {
  ({ done, twice, lost } = told);
  claims.push(...told.claims);
  settlements.push(...told.settlements);
  moved();
});

async function produce(): Promise<void> {
  while (started < tasks) {
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
    `${String(done).padStart(9)} done, ${String(Math.round(by / seconds)).padStart(6)}/s | MB now${megabytes(sizes.now)}, largest${megabytes(sizes.largest)} | ` +
      `claim p50 ${quantile(claimed!, 0.5)} p99 ${quantile(claimed!, 0.99)} max ${quantile(claimed!, 1)} ms (${claimed!.length}) | ` +
      `settle p50 ${quantile(settled!, 0.5)} p99 ${quantile(settled!, 0.99)} ms | ` +
      `${parts.map(([name, bytes]) => `${name} ${megabytes(bytes).trim()}`).join(", ")}${held ? " | reader" : ""}`,
  );
}

/** Until everything is done; remembers the sizes of the step that ends in the middle, and of the last one. */
async function watch(): Promise<{ middle: Sizes; end: Sizes }> {
  let [next, last, since] = [step, 0, performance.now()];
  let [middle, end]: (Sizes | undefined)[] = [];
  let reading: Promise<void> | undefined;
  let held = false;
  while (done < tasks) {
    await wait(20);
    if (worker.exitCode !== null) throw new Error(`the worker ended with ${worker.exitCode}`);
    if (done < Math.min(next, tasks)) continue;
    const sizes = await meter.take();
    const now = performance.now();
    print(sizes, { seconds: (now - since) / 1_000, by: done - last, held });
    [last, since, end] = [done, now, sizes];
    while (next <= done) next += step;
    if (done < tasks / 2 || middle !== undefined) continue;
    middle = sizes;
    held = true;
    reading = holdSnapshot(server.adminUrl, { reads, ms: Number(values.reader) * 1_000 }).then(() => {
      held = false;
      console.log(`          the reader has gone, at ${done}`);
    });
    console.log(`          a reader of ${reads} holds a snapshot for ${values.reader} s`);
  }
  console.log(`          all done; ${held ? "the reader still holds its snapshot" : "no reader is left"}`);
  if (!held) await reading;
  return { middle: middle!, end: end! };
}

try {
  const producing = produce();
  const { middle, end } = await watch();
  await producing;
  worker.send("stop");
  await once(worker, "disconnect");
  const left = await meter.left();
  const rested = await meter.take();
  const ratio = end.largest / middle.largest;
  console.log(
    JSON.stringify({
      tasks,
      started,
      done,
      twice,
      lost,
      left,
      middleMb: middle.largest / 1e6,
      endMb: end.largest / 1e6,
      ratio,
      restMb: rested.now / 1e6,
    }),
  );
  process.exitCode = done === tasks && twice === 0 && left === 0 && ratio <= largestRatio ? 0 : 1;
} finally {
  worker.kill("SIGKILL");
  await meter.close();
  await app.stop();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit();

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { prepareDatabase } from "../database/database.ts";
import { buildPackage } from "../harness/built-package.ts";
import { cpuUs, freePort, pinning, pinSelf, rssMb } from "../harness/machine.ts";
import { type BenchOptions, chosen } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { median, quantile, type Runner, round, runRounds, summarize } from "../harness/rounds.ts";
import { stop } from "../harness/server.ts";
import { type Command, start, withIdleConnections } from "./process.ts";

const idleConnections = 10_000;
const path = "/v1/ping";
/** How long a process may come to rest before its memory is read. */
const settleMs = 1_000;

interface Contender {
  readonly name: string;
  readonly file: string;
  readonly quick: boolean;
  /** Needs the database of `DATABASE_URL` and `ADMIN_DATABASE_URL`, which is up. */
  readonly database: boolean;
  /** Finds the code that an earlier start compiled, as `docs/guide/deploy.md` says. */
  readonly compiled: boolean;
}

/** Each listens on PORT, answers this path there with 200, and is JavaScript: built, as it is published. */
const contenders: readonly Contender[] = [
  { name: "plimsoll", file: "plimsoll.mjs", quick: true, database: true, compiled: true },
  { name: "plimsoll-first", file: "plimsoll.mjs", quick: true, database: true, compiled: false },
  { name: "raw", file: "raw.mjs", quick: true, database: false, compiled: true },
];

/** From spawn to listening, and memory at rest and with 10,000 idle keep-alive connections. */
export async function runStart(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 9 : 15);
  const asked = chosen(contenders, options);
  if (asked.some(({ file }) => file === "plimsoll.mjs")) buildPackage();
  pinSelf("load");
  const database = asked.some((contender) => contender.database) ? await prepareDatabase() : undefined;
  const compiled = mkdtempSync(join(tmpdir(), "plimsoll-compiled-"));
  const env = { compiled, ...(database && { database: { DATABASE_URL: database.url, ADMIN_DATABASE_URL: database.adminUrl } }) };
  try {
    // Once before it counts: files come into the cache, code is compiled and kept, and migrations are applied.
    for (const contender of asked) await measureStart(contender, env);
    const samples = await runRounds(
      asked.map((contender): Runner => ({ name: contender.name, measure: () => measureStart(contender, env) })),
      rounds,
    );
    const memory = await measureMemory(asked, { env, rounds: options.quick ? 2 : 5 });
    const results = asked.map((contender) => {
      // A round is one start, so the 99th percentile is of the rounds.
      const p99Of = (name: string) =>
        quantile(
          samples.get(name)!.map(({ p50Ms }) => p50Ms),
          0.99,
        );
      const p99Ms = p99Of(contender.name);
      return {
        ...summarize(contender, samples),
        p99Ms: round(p99Ms),
        p99Ratio: round(p99Ms / p99Of("raw")),
        ...memory.get(contender.name),
      };
    });
    const machine = describeMachine({ pinning, idleConnections, ...(database && { postgres: database.version }) });
    return { bench: "start", machine, commit: describeCommit(), rounds, results };
  } finally {
    rmSync(compiled, { recursive: true, force: true });
    await database?.drop();
  }
}

interface Env {
  /** The folder of the code that was compiled. */
  readonly compiled: string;
  readonly database?: Readonly<Record<string, string>>;
}

async function measureStart(contender: Contender, env: Env) {
  const { child, pid, startMs } = await start((await commandOf(contender, env)).command);
  const used = cpuUs(pid);
  await stop(child);
  return { perSecond: 1_000 / startMs, p50Ms: startMs, p99Ms: startMs, cpuUs: used };
}

/** Memory is compared pair by pair too: the medians of the rounds. */
async function measureMemory(asked: readonly Contender[], { env, rounds }: { readonly env: Env; readonly rounds: number }) {
  const figures = new Map(asked.map(({ name }) => [name, { rest: [] as number[], idle: [] as number[] }]));
  for (let i = 0; i < rounds; i++)
    for (const contender of i % 2 === 0 ? asked : asked.toReversed()) {
      const { command, url } = await commandOf(contender, env);
      const { child, pid } = await start(command);
      try {
        await sleep(settleMs);
        figures.get(contender.name)!.rest.push(rssMb(pid) ?? Number.NaN);
        const idle = await withIdleConnections(url, idleConnections, async () => {
          await sleep(settleMs);
          return rssMb(pid) ?? Number.NaN;
        });
        figures.get(contender.name)!.idle.push(idle);
      } finally {
        await stop(child);
      }
    }
  const raw = figures.get("raw")!;
  return new Map(
    [...figures].map(([name, { rest, idle }]) => {
      const [restRatio, idleRatio] = [rest.map((mb, i) => mb / raw.rest[i]!), idle.map((mb, i) => mb / raw.idle[i]!)];
      return [
        name,
        {
          rssMb: round(median(rest)),
          rssRatio: round(median(restRatio)),
          idleRssMb: round(median(idle)),
          idleRssRatio: round(median(idleRatio)),
        },
      ];
    }),
  );
}

async function commandOf({ name, file, compiled }: Contender, env: Env): Promise<{ readonly command: Command; readonly url: string }> {
  const program = fileURLToPath(new URL(file, import.meta.url));
  if (!existsSync(program)) throw new Error(`bench/start/${file} is not there: leave ${name} out with --only raw`);
  const [port, opsPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}${path}`;
  return {
    command: {
      ...{ name, args: [process.execPath, program], ready: { url } },
      env: {
        ...{ ...env.database, PORT: String(port), OPS_PORT: String(opsPort) },
        ...(compiled ? { NODE_COMPILE_CACHE: env.compiled } : { NODE_DISABLE_COMPILE_CACHE: "1" }),
      },
    },
    url,
  };
}

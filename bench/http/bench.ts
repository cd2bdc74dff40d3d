import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadProgram, runLoad } from "../harness/load.ts";
import { pinning, rssMb } from "../harness/machine.ts";
import type { BenchOptions } from "../harness/options.ts";
import { chosen } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { type Runner, runRounds, summarize } from "../harness/rounds.ts";
import { type Server, startServer } from "../harness/server.ts";
import { order, path } from "./order.ts";
import { issueToken } from "./token.ts";
import { type Claims, verify } from "./verify.ts";

interface Contender extends Claims {
  readonly file: string;
  readonly peer: boolean;
  /** Measured with `--quick` too. */
  readonly quick: boolean;
}

const everything = { validates: true, authenticates: true };
const validation = { validates: true, authenticates: false };
const contenders: readonly Contender[] = [
  { name: "plimsoll", file: "plimsoll.ts", ...everything, peer: false, quick: true },
  { name: "raw", file: "raw.ts", validates: false, authenticates: false, peer: false, quick: true },
  { name: "fastify-bare", file: "fastify-bare.ts", ...validation, peer: true, quick: true },
  { name: "fastify", file: "fastify.ts", ...everything, peer: true, quick: false },
  { name: "hono", file: "hono.ts", ...validation, peer: true, quick: false },
  { name: "@nestjs/core", file: "nest.ts", ...validation, peer: true, quick: false },
];
const connections = 64;

/** POST with a validated body of 220 bytes over 64 keep-alive connections: what everything on costs, beside raw `node:http`. */
export async function runHttp(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 9 : 11);
  const running: Server[] = [];
  const folder = mkdtempSync(join(tmpdir(), "bench-http-"));
  try {
    const collector = await startServer({ name: "collector", file: fileOf("collector.ts"), role: "load" });
    running.push(collector);
    const token = issueToken();
    const servers = new Map<string, Server>();
    for (const contender of chosen(contenders, options)) {
      const server = await startContender(contender, {
        OTLP_URL: `${collector.url}/v1/traces`,
        LOG_FILE: join(folder, `${contender.name.replaceAll("/", "-")}.log`),
      });
      running.push(server);
      servers.set(contender.name, server);
      await verify(server.url, contender, token);
    }
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const load = (server: Server, seconds: number) =>
      runLoad({ url: server.url + path, body: JSON.stringify(order), headers, connections, seconds, pid: server.pid });
    for (const server of servers.values()) await load(server, options.quick ? 2 : 4);
    const runners = [...servers].map(([name, server]): Runner & { readonly server: Server } => {
      const { peer } = contenders.find((contender) => contender.name === name)!;
      return { name, peer, server, measure: () => load(server, options.quick ? 1 : 2) };
    });
    const samples = await runRounds(runners, rounds);
    const results = runners.map((runner) => ({ ...summarize(runner, samples), rssMb: rssMb(runner.server.pid) }));
    return {
      bench: "http",
      machine: describeMachine({ load: `${loadProgram}, ${connections} connections`, pinning }),
      commit: describeCommit(),
      rounds,
      results,
    };
  } finally {
    await Promise.all(running.map((server) => server.stop()));
    rmSync(folder, { recursive: true });
  }
}

function startContender({ name, file }: Contender, env: Readonly<Record<string, string>>): Promise<Server> {
  if (!existsSync(fileOf(file)))
    throw new Error(`bench/http/${file} is not there: leave ${name} out with --only raw,fastify-bare,fastify,hono,@nestjs/core`);
  return startServer({ name, file: fileOf(file), role: "server", env });
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadProgram, runLoad } from "../harness/load.ts";
import { pinning, rssMb } from "../harness/machine.ts";
import { type BenchOptions, chosen } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report, type Result } from "../harness/report.ts";
import { type Runner, runRounds, type Sample, summarize } from "../harness/rounds.ts";
import { type Server, startServer } from "../harness/server.ts";
import { awaitSpans, countLogLines, type Evidence, tracesPath } from "./evidence.ts";
import { order, path } from "./order.ts";
import { issueToken } from "./token.ts";
import { type Claims, verify } from "./verify.ts";

interface Contender extends Claims {
  readonly file: string;
  readonly peer: boolean;
  /** Measured with `--quick` too. */
  readonly quick: boolean;
}

const contenders: readonly Contender[] = [
  { name: "plimsoll", file: "plimsoll.ts", does: "everything", peer: false, quick: true },
  { name: "raw", file: "raw.ts", does: "nothing", peer: false, quick: true },
  { name: "fastify-bare", file: "fastify-bare.ts", does: "validation", peer: true, quick: true },
  { name: "fastify", file: "fastify.ts", does: "everything", peer: true, quick: false },
  { name: "hono", file: "hono.ts", does: "validation", peer: true, quick: false },
  { name: "@nestjs/core", file: "nest.ts", does: "validation", peer: true, quick: false },
];
const connections = 64;

/** POST with a validated body of 220 bytes over 64 keep-alive connections: what everything on costs, beside raw `node:http`. */
export async function runHttp(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 9 : 21);
  const folder = mkdtempSync(join(tmpdir(), "bench-http-"));
  const collector = await startServer({ name: "collector", file: fileOf("collector.ts"), role: "load" });
  const measured: Measured[] = [];
  try {
    const token = issueToken();
    for (const contender of chosen(contenders, options)) measured.push(await startMeasured(contender, { collector, folder, token }));
    for (const one of measured) await one.load(options.quick ? 2 : 4);
    const samples = await runRounds(measured, rounds);
    const results: Result[] = [];
    for (const one of measured) {
      const result = { ...summarize(one, samples), does: one.does, rssMb: rssMb(one.server.pid) };
      results.push({ ...result, ...(one.does === "everything" && (await one.evidence())) });
    }
    const machine = describeMachine({ load: `${loadProgram}, ${connections} connections`, pinning });
    return { bench: "http", machine, commit: describeCommit(), rounds, results };
  } finally {
    await Promise.all([collector, ...measured.map(({ server }) => server)].map((server) => server.stop()));
    rmSync(folder, { recursive: true });
  }
}

interface Measured extends Runner, Claims {
  readonly server: Server;
  load(seconds: number): Promise<Sample>;
  /** Stops the server and shows that it did what it claims to do beside answering. */
  evidence(): Promise<Evidence>;
}

interface Surroundings {
  readonly collector: Server;
  readonly folder: string;
  readonly token: string;
}

async function startMeasured(contender: Contender, { collector, folder, token }: Surroundings): Promise<Measured> {
  const { name, file, does, peer } = contender;
  const logFile = join(folder, `${file}.log`);
  const server = await startContender(contender, { OTLP_URL: collector.url + tracesPath(name), LOG_FILE: logFile });
  await verify(server.url, contender, token);
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const body = JSON.stringify(order);
  let requests = 0;
  const load = async (seconds: number): Promise<Sample> => {
    const { requests: answered, ...sample } = await runLoad({
      url: server.url + path,
      body,
      headers,
      connections,
      seconds,
      pid: server.pid,
    });
    requests += answered;
    return sample;
  };
  const evidence = async (): Promise<Evidence> => {
    const spans = await awaitSpans(name, requests, `${collector.url}/count`);
    await server.stop();
    return { spans, logLines: await countLogLines(name, requests, logFile) };
  };
  return { name, does, peer, server, load, evidence, measure: () => load(1) };
}

function startContender({ name, file }: Contender, env: Readonly<Record<string, string>>): Promise<Server> {
  if (!existsSync(fileOf(file)))
    throw new Error(`bench/http/${file} is not there: leave ${name} out with --only raw,fastify-bare,fastify,hono,@nestjs/core`);
  return startServer({ name, file: fileOf(file), role: "server", env });
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

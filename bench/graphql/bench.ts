import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { type Database, prepareDatabase, withClient } from "../database/database.ts";
import { loadProgram, runLoad } from "../harness/load.ts";
import { pinning, rssMb } from "../harness/machine.ts";
import { type BenchOptions, chosen } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { median, round, runRounds, summarize } from "../harness/rounds.ts";
import { type Server, startServer } from "../harness/server.ts";
import { issueToken } from "../http/token.ts";
import { body, path, connections as pool } from "./asked.ts";
import { countCharges } from "./charges.ts";

const contenders = [
  { name: "raw", quick: true, file: "raw", does: "no GraphQL: the reply by hand" },
  { name: "plimsoll", quick: true, file: "plimsoll", does: "everything" },
  { name: "mercurius", quick: true, peer: true, file: "mercurius", does: "jit, loaders, sign-in, rate limit, log, histogram" },
  { name: "mercurius-bare", quick: true, peer: true, file: "mercurius", does: "jit, loaders" },
  { name: "graphql-yoga", quick: true, peer: true, file: "yoga", does: "dataloader" },
] as const;
const clients = 64;

/** 50 orders, each with its customer, out of PostgreSQL: everything on, beside mercurius with jit, yoga, and the reply by hand. */
export async function runGraphql(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 4 : 15);
  const asked = chosen(contenders, options);
  const database = await prepareDatabase();
  const servers = new Map<string, Server>();
  try {
    await addTables(database);
    for (const contender of asked) servers.set(contender.name, await started(contender, database));
    await compareReplies([...servers.values()]);
    const measure = (name: string, seconds: number) => measured(servers.get(name) as Server, seconds);
    for (const { name } of asked) await measure(name, options.quick ? 1 : 3);
    const runners = asked.map(({ name }) => ({ name, measure: () => measure(name, 1) }));
    const samples = await runRounds(runners, rounds);
    const own = samples.get("plimsoll") ?? [];
    const results = asked.map((contender) => {
      const other = samples.get(contender.name) ?? [];
      const ours = round(median(own.map(({ perSecond }, at) => perSecond / (other[at]?.perSecond ?? Number.NaN))));
      const oursByCpu = round(median(own.map(({ cpuUs = Number.NaN }, at) => (other[at]?.cpuUs ?? Number.NaN) / cpuUs)));
      const { pid } = servers.get(contender.name) as Server;
      return { ...summarize(contender, samples), oursVs: ours, oursByCpu, does: contender.does, rssMb: rssMb(pid) };
    });
    const charged = await countCharges();
    const facts = { postgres: database.version, pool, load: `${loadProgram}, ${clients} connections`, pinning, charged };
    const report = { bench: "graphql", machine: describeMachine(facts), commit: describeCommit(), rounds, results };
    judge(report);
    return report;
  } finally {
    for (const server of servers.values()) await server.stop();
    await database.drop();
  }
}

async function addTables({ adminUrl, url }: Database): Promise<void> {
  const schema = readFileSync(new URL("schema.sql", import.meta.url), "utf8");
  await withClient(adminUrl, (client) => client.query(schema.replaceAll(":app", new URL(url).username)));
}

function started({ name, file, does }: (typeof contenders)[number], { url, adminUrl }: Database): Promise<Server> {
  const env = { DATABASE: url, ADMIN_DATABASE: adminUrl, EVERYTHING: String(does.includes("sign-in")) };
  return startServer({ name, file: fileURLToPath(new URL(`${file}.ts`, import.meta.url)), role: "server", env });
}

const headers = { "content-type": "application/json", accept: "application/json", authorization: `Bearer ${issueToken()}` };

async function measured(server: Server, seconds: number) {
  const { name, url, pid } = server;
  const before = await failuresOf(server);
  const { requests: _, ...sample } = await runLoad({ url: url + path, body, headers, connections: clients, seconds, pid });
  const failed = (await failuresOf(server)) - before;
  if (failed > 0) process.stderr.write(`${name}: ${failed} executions refused or failed\n`);
  return { ...sample, perSecond: sample.perSecond - failed / seconds };
}

async function failuresOf(server: Server): Promise<number> {
  if (server.name !== "plimsoll") return 0;
  const { data } = await ask(server, JSON.stringify({ query: "mutation { failures { count } }" }));
  return (data as { readonly failures: { readonly count: number } }).failures.count;
}

interface Reply {
  readonly data: Readonly<Record<string, unknown>>;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** Asks, and again where the load line refuses because another program had the core. */
async function ask(server: Server, query: string, attempts = 20): Promise<Reply> {
  const response = await fetch(server.url + path, { method: "POST", headers, body: query });
  const reply = (await response.json()) as Reply;
  if (attempts === 0 || reply.errors?.some(({ extensions }) => extensions?.code === "unavailable") !== true) return reply;
  await sleep(100);
  return ask(server, query, attempts - 1);
}

/** Every contender must bring the same. */
async function compareReplies(servers: readonly Server[]): Promise<void> {
  let first: Reply | undefined;
  for (const server of servers) {
    const reply = await ask(server, body);
    first ??= reply;
    assert.ok(isDeepStrictEqual(reply, first), `${server.name} replies ${JSON.stringify(reply).slice(0, 500)}, and not as the others do`);
  }
  const { orders } = (first as Reply).data as { readonly orders: { readonly items: readonly unknown[] } };
  assert.equal(orders.items.length, 50);
}

/** Ends the bench with 1 where a peer with jit is ahead; the report is printed all the same. */
function judge({ results }: Report): void {
  const ahead = results.filter(({ name, oursVs }) => name.startsWith("mercurius") && Number(oursVs) < 1);
  if (ahead.length === 0) return;
  process.stderr.write(`plimsoll: ${ahead.map(({ name, oursVs }) => `${oursVs} times ${name}, not 1`).join(", ")}\n`);
  process.exitCode = 1;
}

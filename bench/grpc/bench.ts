import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpuUs, pinning, rssMb } from "../harness/machine.ts";
import { type BenchOptions, chosen } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { median, round, runRounds, summarize } from "../harness/rounds.ts";
import { type Server, startServer } from "../harness/server.ts";
import { issueToken } from "../http/token.ts";
import { measureCodecs } from "./codecs.ts";
import { callOnce, open, runLoad } from "./load.ts";
import { sample } from "./message.ts";
import { requestType } from "./protobufjs.ts";

const contenders = [
  { name: "raw", quick: true },
  { name: "plimsoll", quick: true },
  { name: "grpc-js", quick: true, peer: true },
] as const;
/** Calls per second of ours divided by those of grpc-js in the same round, at the least. */
const bar = 1.3;

/** A unary echo with everything on: what does it cost beside grpc-js without anything, and beside HTTP/2 by hand? And the codec beside protobufjs. */
export async function runGrpc(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 5 : 15);
  const asked = chosen(contenders, options);
  const authorization = `Bearer ${issueToken()}`;
  const frame = frameOf(requestType.encode(requestType.fromObject({ ...sample, currency: "CURRENCY_EUR" })).finish());
  const servers = new Map<string, Server>();
  try {
    for (const { name } of asked) servers.set(name, await started(name));
    await checkRefusals(servers, frame);
    const refused = new Map<string, number>();
    const measure = async (name: string) => {
      const server = servers.get(name) as Server;
      const before = cpuUs(server.pid);
      const { calls, refused: more, ...sampled } = await runLoad(server.url, { frame, authorization, seconds: options.quick ? 1 : 3 });
      const after = cpuUs(server.pid);
      refused.set(name, (refused.get(name) ?? 0) + more);
      return { ...sampled, ...(before !== undefined && after !== undefined && { cpuUs: (after - before) / calls }) };
    };
    for (const { name } of asked) await measure(name);
    const samples = await runRounds(
      asked.map(({ name }) => ({ name, measure: () => measure(name) })),
      rounds,
    );
    const peer = samples.get("grpc-js");
    const results = asked.map((contender) => {
      const own = samples.get(contender.name) ?? [];
      const vsGrpcJs = peer && round(median(own.map(({ perSecond }, at) => perSecond / (peer[at]?.perSecond ?? Number.NaN))));
      return {
        ...summarize(contender, samples),
        vsGrpcJs,
        refused: refused.get(contender.name),
        rssMb: rssMb((servers.get(contender.name) as Server).pid),
      };
    });
    const machine = describeMachine({ pinning, bar, ...measureCodecs(options.quick ? 50_000 : 300_000) });
    const report = { bench: "grpc", machine, commit: describeCommit(), rounds, results };
    judge(report);
    return report;
  } finally {
    for (const server of servers.values()) await server.stop();
  }
}

function started(name: string): Promise<Server> {
  return startServer({ name, file: fileURLToPath(new URL(`./${name}.ts`, import.meta.url)), role: "server" });
}

/** What has everything on refuses who is not signed in. */
async function checkRefusals(servers: ReadonlyMap<string, Server>, frame: Buffer): Promise<void> {
  const ours = servers.get("plimsoll");
  if (ours === undefined) return;
  const session = open(ours.url);
  assert.equal((await callOnce(session, { frame, authorization: "Bearer forged" })).status, "16", "a forged token is refused");
  session.close();
}

function frameOf(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Ends the bench with 1 where ours misses a bar; the report is printed all the same. */
function judge({ results, machine }: Report): void {
  const ours = results.find(({ name }) => name === "plimsoll");
  const missed = [
    typeof ours?.vsGrpcJs === "number" && ours.vsGrpcJs < bar && `${ours.vsGrpcJs} times grpc-js, not ${bar}`,
    Number(machine.encodeVsProtobufjs) < 1 && `encodes ${machine.encodeVsProtobufjs} times as fast as protobufjs`,
    Number(machine.decodeVsProtobufjs) < 1 && `decodes ${machine.decodeVsProtobufjs} times as fast as protobufjs`,
  ].filter((miss) => miss !== false);
  if (missed.length === 0) return;
  process.stderr.write(`plimsoll: ${missed.join(", ")}\n`);
  process.exitCode = 1;
}

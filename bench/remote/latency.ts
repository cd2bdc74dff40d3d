import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import { type App, claim, createApp } from "../../src/index.ts";
import { remote } from "../../src/remote/index.ts";
import { path, sample } from "../grpc/message.ts";
import { requestType, responseType } from "../grpc/protobufjs.ts";
import { median, quantile, round } from "../harness/rounds.ts";
import { type Server, startServer } from "../harness/server.ts";
import { actor, echo, keys, orders } from "./contract.ts";

/** Calls that are under way at any moment: as of a service at a moderate load. */
const atOnce = 4;

/** The times of one kind of call. */
export interface Latency {
  readonly name: "local" | "remote" | "grpc-js";
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Starts a program of a bench. */
export const started = (name: string, file: string): Promise<Server> =>
  startServer({ name, file: fileURLToPath(new URL(file, import.meta.url)), role: "server" });

/** Starts an app that calls the module at these addresses, or has it itself. */
export async function startCaller(urls?: readonly string[]): Promise<App> {
  const modules = [urls === undefined ? orders : remote(orders, { url: urls, keys, lock: false })];
  const app = createApp({ service: { name: "bench-caller" }, modules, tenancy: claim("tid"), rateLimit: { perSecond: 0 } });
  await app.start({ keepsProcess: false });
  return app;
}

/** What a call to a remote module adds at the 99th percentile to the same call in the process, beside a bare call of grpc-js. */
export async function measureLatency({ rounds, ms }: { readonly rounds: number; readonly ms: number }) {
  const servers: Server[] = [];
  const apps: App[] = [];
  try {
    servers.push(await started("callee", "./callee.ts"), await started("grpc-js", "../grpc/grpc-js.ts"));
    const [callee, bare] = servers as [Server, Server];
    apps.push(await startCaller(), await startCaller([callee.url]));
    const [local, away] = apps as [App, App];
    const call = (app: App) => () => app.call(echo, sample as never, { actor });
    const client = new Client(new URL(bare.url).host, credentials.createInsecure());
    const kinds = [
      { name: "local", call: call(local) },
      { name: "remote", call: call(away) },
      { name: "grpc-js", call: () => bareCall(client) },
    ] as const;
    for (const kind of kinds) {
      assert.equal(((await kind.call()) as { readonly reference: string }).reference, sample.reference);
      await measure(kind.call, ms);
    }
    const of = new Map<string, Omit<Latency, "name">[]>(kinds.map(({ name }) => [name, []]));
    for (let nth = 0; nth < rounds; nth++)
      for (const kind of nth % 2 === 0 ? kinds : kinds.toReversed()) of.get(kind.name)?.push(await measure(kind.call, ms));
    client.close();
    return summary(kinds.map(({ name }) => ({ name, rounds: of.get(name) ?? [] })));
  } finally {
    for (const app of apps) await app.stop();
    for (const server of servers) await server.stop();
  }
}

interface Measured {
  readonly name: Latency["name"];
  readonly rounds: readonly Omit<Latency, "name">[];
}

function summary(all: readonly Measured[]): { readonly latencies: readonly Latency[]; readonly addedVsGrpcJs: number } {
  const [local, away, bare] = all.map(({ rounds }) => rounds.map(({ p99Ms }) => p99Ms)) as [number[], number[], number[]];
  const ratios = away.map((ms, nth) => (ms - (local[nth] as number)) / (bare[nth] as number));
  const latencies = all.map(({ name, rounds }) => ({
    name,
    perSecond: Math.round(median(rounds.map(({ perSecond }) => perSecond))),
    p50Ms: round(median(rounds.map(({ p50Ms }) => p50Ms))),
    p99Ms: round(median(rounds.map(({ p99Ms }) => p99Ms))),
  }));
  return { latencies, addedVsGrpcJs: round(median(ratios)) };
}

async function measure(call: () => Promise<unknown>, ms: number): Promise<Omit<Latency, "name">> {
  const tookMs: number[] = [];
  const endAt = performance.now() + ms;
  const caller = async () => {
    for (let at = performance.now(); at < endAt; ) {
      await call();
      const now = performance.now();
      tookMs.push(now - at);
      at = now;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return { perSecond: (tookMs.length * 1_000) / ms, p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99) };
}

const serialize = (message: object) => Buffer.from(requestType.encode(message).finish());
const message = requestType.fromObject({ ...sample, currency: "CURRENCY_EUR" });

function bareCall(client: Client): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      serialize,
      (bytes: Buffer) => responseType.decode(bytes),
      message,
      (error, reply) => (error === null ? resolve(reply) : reject(error)),
    );
  });
}

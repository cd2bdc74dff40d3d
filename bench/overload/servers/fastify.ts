// Fastify with the plugins that its documentation names for overload: under-pressure, rate-limit, and opossum around what it waits for.
import { Agent, request } from "node:http";
import { createRequire } from "node:module";
import rateLimit from "@fastify/rate-limit";
import underPressure from "@fastify/under-pressure";
import { fastify } from "fastify";
import { Redis } from "ioredis";
import pg from "pg";
import { type Work, worksOfProcess } from "../work.ts";
import { performerOf, statement } from "./perform.ts";

/** The package has no types. */
type Breaker = new (
  call: () => Promise<unknown>,
  options: Readonly<Record<"timeout" | "errorThresholdPercentage" | "resetTimeout" | "capacity", number>>,
) => { fire(): Promise<unknown> };
const CircuitBreaker = createRequire(import.meta.url)("opossum") as Breaker;

const works = worksOfProcess();
const rate = Number(process.env.RATE ?? 0);
const pool = works.find(({ kind }) => kind === "pool");
const connections = pool && new pg.Pool({ connectionString: process.env.DATABASE_URL, max: pool.places });
connections?.on("error", () => undefined);
/** Calls of one operation at once: as many as Plimsoll allows by default. */
const capacity = 64;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

const app = fastify({ keepAliveTimeout: 60_000 });
// Without the mode it measures the utilisation since the start, and refuses too late.
await app.register(underPressure, {
  ...{ maxEventLoopDelay: 100, maxEventLoopUtilization: 0.98, eventLoopUtilizationMode: "interval", sampleInterval: 100 },
});
if (rate > 0) {
  const redis = new Redis(process.env.REDIS_URL!, { connectTimeout: 500, maxRetriesPerRequest: 1, enableOfflineQueue: false });
  redis.on("error", () => undefined);
  await app.register(rateLimit, { max: rate, timeWindow: 1_000, redis, skipOnError: true, keyGenerator: () => "all" });
} else await app.register(rateLimit, { max: 1_000_000_000, timeWindow: 60_000 });

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${process.env.UPSTREAM_URL}/work`, { agent }, (response) => {
      response.resume();
      response.once("end", () => (response.statusCode === 200 ? resolve() : reject(new Error("upstream"))));
      response.once("error", reject);
    });
    sent.once("error", reject);
    sent.end();
  });
}

function runnerOf(work: Work): () => Promise<unknown> {
  const own = performerOf(work);
  if (own !== undefined && work.kind === "cpu") return own;
  const call = own ?? (work.kind === "pool" ? () => connections!.query({ name: "work", text: statement }) : ask);
  const breaker = new CircuitBreaker(call, { timeout: work.deadlineMs, errorThresholdPercentage: 50, resetTimeout: 1_000, capacity });
  return () => breaker.fire();
}

for (const work of works) {
  const run = runnerOf(work);
  for (const suffix of ["", "-critical", "-sheddable"])
    app.post(`/${work.name}${suffix}`, async (_request, reply) => {
      try {
        await run();
      } catch {
        return reply.code(503).send({});
      }
      return {};
    });
}
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 4_096 });
console.log("ready");

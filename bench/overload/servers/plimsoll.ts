// Plimsoll in its default configuration: nothing is declared but the deadline, who is important, and the size of the pool.
import { z } from "zod";
import { http } from "../../../src/http/index.ts";
import { action, authenticator, claim, createApp, module, query, rateLimit } from "../../../src/index.ts";
import { postgres } from "../../../src/postgres/index.ts";
import { redisRates } from "../../../src/redis/index.ts";
import { breaker, compose, retry, retryBudget } from "../../../src/resilience/index.ts";
import { logs, prometheus } from "../../../src/telemetry/index.ts";
import { httpClient } from "../../../src/upstream/index.ts";
import { type Work, worksOfProcess } from "../work.ts";
import { performerOf } from "./perform.ts";

const { DATABASE_URL: url, ADMIN_DATABASE_URL: adminUrl, UPSTREAM_URL: upstreamUrl, REDIS_URL: redisUrl, PORT: port } = process.env;
/** Calls in a second of all callers together, where the rate is what limits. */
const rate = Number(process.env.RATE ?? 0);
const works = worksOfProcess();
const pool = works.find(({ kind }) => kind === "pool");

const upstream =
  upstreamUrl === undefined
    ? undefined
    : httpClient("upstream", {
        ...{ baseUrl: upstreamUrl, timeout: "450ms", allow: ["127.0.0.1"] },
        policy: compose(retry({ attempts: 2, budget: retryBudget({ ratio: 0.2 }) }), breaker()),
      });

type Criticality = "critical" | "default" | "sheddable";
const suffixOf = (criticality: Criticality) => (criticality === "default" ? "" : `-${criticality}`);

function specOf({ name, deadlineMs }: Work, criticality: Criticality) {
  return {
    ...({
      input: z.object({}),
      access: "public",
      idempotent: "natural",
      criticality,
      http: `POST /${name}${suffixOf(criticality)}`,
    } as const),
    budget: {
      deadline: `${deadlineMs}ms`,
      ...(rate > 0 && { rate: rateLimit({ per: "all", limit: rate, burst: Math.ceil(rate / 10), period: "1s" }) }),
    } as const,
  };
}

function operationOf(work: Work, criticality: Criticality) {
  const name = `load.${work.name}${suffixOf(criticality)}` as const;
  const spec = specOf(work, criticality);
  const own = performerOf(work);
  if (own !== undefined) return action(name, { ...spec, output: z.object({}), run: () => own().then((): Record<string, never> => ({})) });
  if (work.kind === "upstream")
    return action(name, {
      ...{ ...spec, output: z.object({}), uses: { service: upstream! } },
      run: (_, { service }) => service.request({ method: "GET", path: "/work" }).then(() => ({})),
    });
  const { idempotent: _, http: route, ...read } = spec;
  const N = z.object({ n: z.int() });
  return query(name, { ...read, http: route, output: N, run: (_input, { sql }) => sql(N)`select bench_hand.work() as n`.one() });
}

const all = works.flatMap((work) => (["default", "critical", "sheddable"] as const).map((criticality) => operationOf(work, criticality)));
const app = createApp({
  service: { name: "bench", version: "1.0.0" },
  modules: [module("load", { operations: all })],
  ...(pool !== undefined && url !== undefined && { database: postgres({ url, ...(adminUrl && { adminUrl }), connections: pool.places }) }),
  // The token is the name of the tenant.
  authentication: authenticator({
    authenticate: (tenant) => ({ id: `${tenant}-1`, kind: "user", roles: [], tenant, claims: { tid: tenant } }),
  }),
  tenancy: claim("tid"),
  // One address sends all of it.
  rateLimit: { perSecond: rate > 0 ? 0 : 1_000_000, ...(redisUrl && { store: redisRates({ url: redisUrl }) }) },
  surfaces: [http({ port: Number(port), host: "127.0.0.1" })],
  telemetry: [logs({ destination: { file: "/dev/null" } }), prometheus()],
});
await app.start();
console.log("ready");

// mercurius with jit from the first request on and its loaders, which batch. With EVERYTHING also what a service has: sign-in, rate limit, log and histogram.
import jwt from "@fastify/jwt";
import rateLimit from "@fastify/rate-limit";
import underPressure from "@fastify/under-pressure";
import fastify from "fastify";
import mercurius from "mercurius";
import pino from "pino";
import { Histogram } from "prom-client";
import { expected, secret } from "../http/token.ts";
import { type Order, path, typeDefs } from "./asked.ts";
import { openPool, readCustomers, readOrders } from "./by-hand.ts";

await openPool();
const everything = process.env.EVERYTHING === "true";
const logger = pino(pino.destination({ dest: "/dev/null", sync: false, minLength: 4_096 }));
const app = fastify(everything ? { loggerInstance: logger, disableRequestLogging: true } : { logger: false });
if (everything) {
  const seconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "How long requests take.",
    labelNames: ["route", "status"],
  });
  await app.register(underPressure, { maxEventLoopDelay: 2_000, maxEventLoopUtilization: 1, sampleInterval: 1_000 });
  await app.register(rateLimit, { max: 1_000_000_000, timeWindow: 60_000 });
  await app.register(jwt, {
    secret,
    verify: { algorithms: ["HS256"], allowedIss: expected.issuer, allowedAud: expected.audience, cache: 10_000, cacheTTL: 60_000 },
  });
  app.addHook("onRequest", (request) => request.jwtVerify());
  app.addHook("onResponse", async (request, reply) => {
    seconds.observe({ route: path, status: reply.statusCode }, reply.elapsedTime / 1_000);
    request.log.info({ status: reply.statusCode, responseTime: reply.elapsedTime }, "request completed");
  });
}
await app.register(mercurius, {
  ...{ schema: typeDefs, path, jit: 1, queryDepth: 12 },
  resolvers: { Query: { orders: async (_root: unknown, { first }: { readonly first: number }) => ({ items: await readOrders(first) }) } },
  loaders: {
    Order: {
      customer: async (asked: readonly { readonly obj: Order }[]) => [...(await readCustomers(asked.map(({ obj }) => obj.customerId)))],
    },
  },
});
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
console.log("ready");

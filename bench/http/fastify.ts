// Fastify with everything on that a service of ours has: what each plugin recommends for speed, and the same sampling.

import helmet from "@fastify/helmet";
import jwt from "@fastify/jwt";
import rateLimit from "@fastify/rate-limit";
import underPressure from "@fastify/under-pressure";
import pino from "pino";
import { collectDefaultMetrics, Histogram, register } from "prom-client";
import { fastifyInstrumentation } from "./opentelemetry.ts";
import { accept, type Order, orderSchema, path, receiptSchema } from "./order.ts";
import { expected, secret } from "./token.ts";

// By require, after the instrumentation: an import would be hoisted over it.
const { fastify, LogController } = await import("fastify");

const logger = pino(pino.destination({ dest: process.env.LOG_FILE ?? "/dev/null", sync: false, minLength: 4_096 }));
const app = fastify({ loggerInstance: logger, logController: new LogController({ disableRequestLogging: true }) });

collectDefaultMetrics();
const seconds = new Histogram({
  name: "http_request_duration_seconds",
  help: "How long requests take.",
  labelNames: ["method", "route", "status"],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
});

await app.register(fastifyInstrumentation.plugin());
await app.register(helmet);
await app.register(underPressure, { maxEventLoopDelay: 2_000, maxEventLoopUtilization: 1, sampleInterval: 1_000 });
await app.register(rateLimit, { max: 1_000_000_000, timeWindow: 60_000 });
await app.register(jwt, {
  secret,
  verify: { algorithms: ["HS256"], allowedIss: expected.issuer, allowedAud: expected.audience, cache: 10_000, cacheTTL: 60_000 },
});

app.addHook("onResponse", async (request, reply) => {
  const route = request.routeOptions.url ?? "none";
  seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
  request.log.info({ method: request.method, route, status: reply.statusCode, responseTime: reply.elapsedTime }, "request completed");
});

app.post<{ Body: Order }>(
  path,
  { schema: { body: orderSchema, response: { 200: receiptSchema } }, onRequest: (request) => request.jwtVerify() },
  async ({ body }) => accept(body),
);
app.get("/metrics", async (_request, reply) => reply.type(register.contentType).send(await register.metrics()));
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
process.once("SIGTERM", async () => {
  await app.close();
  logger.flush(() => process.exit(0));
});
console.log("ready");

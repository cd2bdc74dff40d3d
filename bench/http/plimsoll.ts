// Plimsoll with everything on: validation in and out, JWT, rate limit, admission, deadline, security headers, a JSON access log to a file,
// histograms, and spans of one request in a hundred, exported to a live collector.
import { z } from "zod";
import { jwt } from "../../src/auth/index.ts";
import { http } from "../../src/http/index.ts";
import { action, claim, createApp, module, role, supervise } from "../../src/index.ts";
import { logs, otlp, prometheus } from "../../src/telemetry/index.ts";
import { accept } from "./order.ts";
import { expected, secret } from "./token.ts";

const line = z.object({
  sku: z.string().regex(/^[A-Z0-9-]{1,32}$/),
  quantity: z.int().min(1).max(1_000),
  unitCents: z.int().min(0).max(10_000_000),
});
const order = z.object({
  reference: z.uuid(),
  currency: z.enum(["EUR", "GBP", "USD"]),
  lines: z.array(line).min(1).max(100),
  note: z.string().max(500).optional(),
  giftWrap: z.boolean(),
});
const receipt = z.object({
  orderId: z.uuid(),
  status: z.literal("accepted"),
  currency: z.enum(["EUR", "GBP", "USD"]),
  lineCount: z.int(),
  totalCents: z.int(),
});

const echoOrder = action("orders.echo", {
  input: order,
  output: receipt,
  access: role("customer"),
  idempotent: "natural",
  budget: { deadline: "1s", concurrency: 64, queue: 128 },
  http: "POST /v1/echo-order",
  run: async (input) => accept(input),
});

const app = createApp({
  service: { name: "bench", version: "1.0.0" },
  modules: [module("orders", { operations: [echoOrder] })],
  tenancy: claim("tid"),
  authentication: jwt({ keys: [{ algorithm: "HS256", secret }], ...expected }),
  rateLimit: { perSecond: 1_000_000_000 },
  sample: 0.01,
  surfaces: [http({ port: Number(process.env.PORT), host: "127.0.0.1" })],
  ops: { port: Number(process.env.OPS_PORT ?? 0) },
  telemetry: [
    logs({ destination: { file: process.env.LOG_FILE ?? "/dev/null" } }),
    prometheus(),
    ...(process.env.OTLP_URL === undefined ? [] : [otlp({ url: process.env.OTLP_URL, sample: 0.01 })]),
  ],
});
// It is stopped by SIGTERM, and what it has logged until then is counted.
await supervise(app);
console.log("ready");

// An app of Plimsoll as it is started in production: the built package, a database that is up, HTTP, the ops port, tokens, logs and metrics.
import { z } from "zod";
import { jwt } from "../../dist/auth.js";
import { http } from "../../dist/http.js";
import { claim, createApp, module, query, supervise } from "../../dist/index.js";
import { postgres } from "../../dist/postgres.js";
import { logs, prometheus } from "../../dist/telemetry.js";

const ping = query("bench.ping", {
  input: z.object({}),
  output: z.object({ ok: z.boolean() }),
  access: "public",
  budget: { deadline: "1s", concurrency: 256, queue: 1_024 },
  http: "GET /v1/ping",
  run: async () => ({ ok: true }),
});

const app = createApp({
  modules: [module("bench", { schema: "bench_hand", operations: [ping] })],
  database: postgres({ url: process.env.DATABASE_URL, adminUrl: process.env.ADMIN_DATABASE_URL }),
  tenancy: claim("tid"),
  authentication: jwt({
    keys: [{ algorithm: "HS256", secret: "a secret of the bench, 32 bytes and more" }],
    issuer: "https://id.bench.test/",
    audience: "https://api.bench.test/",
  }),
  rateLimit: { perSecond: 1_000_000_000 },
  surfaces: [http({ port: Number(process.env.PORT), host: "127.0.0.1" })],
  ops: { port: Number(process.env.OPS_PORT), host: "127.0.0.1" },
  telemetry: [logs({ destination: { file: "/dev/null" } }), prometheus()],
});
await supervise(app);

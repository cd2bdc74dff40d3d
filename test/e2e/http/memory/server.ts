// A server under the flags of `npm start`, as a process of its own: it says where it listens, and on request what its heap holds.
import { z } from "zod";
import { createApp } from "../../../../src/app/app.ts";
import { jwt } from "../../../../src/auth/jwt.ts";
import { http } from "../../../../src/http/http.ts";
import { module } from "../../../../src/operation/module.ts";
import { action } from "../../../../src/operation/online/action.ts";

const common = { output: z.object({ text: z.string() }), access: "public", budget: "60s", idempotent: "no" } as const;
const echo = action("t.echo", {
  ...common,
  input: z.object({ text: z.string().max(100) }),
  http: "POST /echo",
  run: async ({ text }) => ({ text }),
});
const long = action("t.long", { ...common, input: z.object({}), http: "DELETE /long", run: async () => ({ text: "x".repeat(20_000) }) });

const app = createApp({
  modules: [module("t", { operations: [echo, long] })],
  surfaces: [http({ port: 0, host: "127.0.0.1" })],
  authentication: jwt({ keys: [{ algorithm: "HS256", secret: "Zk3vP9qLw7RtY2nB5sXc8mJd4hGf6aTe" }], issuer: "t", audience: "t" }),
  rateLimit: { perSecond: 0 },
});
await app.start();
process.on("message", () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ heapUsed, external });
});
process.send?.({ port: Number(new URL(app.urls.surfaces[0] ?? "").port) });

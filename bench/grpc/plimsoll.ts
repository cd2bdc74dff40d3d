// Plimsoll over gRPC with everything on: validation in and out, JWT, rate limit, admission, deadline, a JSON access log and histograms.
import { jwt } from "../../src/auth/index.ts";
import { grpc } from "../../src/grpc/index.ts";
import { claim, createApp } from "../../src/index.ts";
import { logs, prometheus } from "../../src/telemetry/index.ts";
import { expected, secret } from "../http/token.ts";
import { modules } from "./contract.ts";

const app = createApp({
  service: { name: "bench", version: "1.0.0" },
  ...{ modules, tenancy: claim("tid"), authentication: jwt({ keys: [{ algorithm: "HS256", secret }], ...expected }) },
  ...{ rateLimit: { perSecond: 1_000_000_000 }, sample: 0.01 },
  surfaces: [grpc({ port: Number(process.env.PORT), host: "127.0.0.1", lock: false })],
  telemetry: [logs({ destination: { file: "/dev/null" } }), prometheus()],
});
await app.start();
console.log("ready");

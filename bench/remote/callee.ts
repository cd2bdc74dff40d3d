// A service that has the module, for those who call it with remote().
import { grpc } from "../../src/grpc/index.ts";
import { claim, createApp } from "../../src/index.ts";
import { internalCalls } from "../../src/remote/index.ts";
import { keys, orders } from "./contract.ts";

const app = createApp({
  ...{ service: { name: "bench-callee" }, modules: [orders], tenancy: claim("tid"), rateLimit: { perSecond: 0 } },
  authentication: internalCalls({ keys }),
  surfaces: [grpc({ port: Number(process.env.PORT), host: "127.0.0.1", lock: false, internal: true })],
});
await app.start();
console.log("ready");

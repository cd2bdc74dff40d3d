// Plimsoll in its default configuration: nothing is declared but the deadline, and who is important.
import { z } from "zod";
import { http } from "../../src/http/index.ts";
import { action, authenticator, claim, createApp, module } from "../../src/index.ts";
import { logs, prometheus } from "../../src/telemetry/index.ts";
import { type Work, works } from "./work.ts";

const operationOf = ({ name, deadlineMs, run }: Work, criticality: "critical" | "default" | "sheddable") =>
  action(`load.${name}${criticality === "default" ? "" : `-${criticality}`}`, {
    input: z.object({}),
    output: z.object({}),
    access: "public",
    idempotent: "natural",
    criticality,
    budget: `${deadlineMs}ms`,
    http: `POST /${name}${criticality === "default" ? "" : `-${criticality}`}`,
    run: async () => {
      await run();
      return {};
    },
  });

const app = createApp({
  service: { name: "bench", version: "1.0.0" },
  modules: [
    module("load", {
      operations: works.flatMap((work) =>
        (["default", "critical", "sheddable"] as const).map((criticality) => operationOf(work, criticality)),
      ),
    }),
  ],
  // The token is the name of the tenant.
  authentication: authenticator({
    authenticate: (tenant) => ({ id: `${tenant}-1`, kind: "user", roles: [], tenant, claims: { tid: tenant } }),
  }),
  tenancy: claim("tid"),
  // One address sends all of it.
  rateLimit: { perSecond: 1_000_000 },
  surfaces: [http({ port: Number(process.env.PORT), host: "127.0.0.1" })],
  telemetry: [logs({ destination: { file: "/dev/null" } }), prometheus()],
});
await app.start();
console.log("ready");

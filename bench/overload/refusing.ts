// Refuses everything: of Plimsoll by the age of a turn that is always old, or as node:http does it with a constant 503.
import { createServer } from "node:http";
import { z } from "zod";
import { http } from "../../src/http/index.ts";
import { action, createApp, module } from "../../src/index.ts";
import { logs, prometheus } from "../../src/telemetry/index.ts";

const port = Number(process.env.PORT);

if (process.argv[2] === "raw") {
  const body = '{"type":"urn:ideal:overloaded"}';
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(503, { "content-type": "application/json", "content-length": body.length });
    response.end(body);
  });
  server.listen(port, "127.0.0.1", () => console.log("ready"));
} else {
  let ordinal = 0;
  const app = createApp({
    modules: [
      module("load", {
        operations: [
          action("load.work", {
            input: z.object({}),
            output: z.object({}),
            access: "public",
            idempotent: "natural",
            budget: "250ms",
            http: "POST /work",
            run: async () => ({}),
          }),
        ],
      }),
    ],
    turns: { look: () => ({ ordinal: ordinal++, beganAt: 0, now: 1_000, restedMs: 0 }) },
    rateLimit: { perSecond: 1_000_000_000 },
    surfaces: [http({ port, host: "127.0.0.1" })],
    telemetry: [logs({ destination: { file: "/dev/null" } }), prometheus()],
  });
  await app.start();
  console.log("ready");
}

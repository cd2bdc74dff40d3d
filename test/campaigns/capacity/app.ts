// The app of the capacity campaign: one operation with what its configuration says, in a process of its own. It ends when its input does.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { action, createApp, module, query } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { http } from "plimsoll/http";
import { prometheus } from "plimsoll/telemetry";
import { httpClient } from "plimsoll/upstream";
import { z } from "zod";
import type { RealConfiguration } from "./configurations.ts";

const of = JSON.parse(process.env.CONFIGURATION ?? "{}") as RealConfiguration;
const slow = createServer((_, response) => {
  setTimeout(() => response.setHeader("content-type", "application/json").end("{}"), of.upstreamMs);
}).listen(0, "127.0.0.1");
await once(slow, "listening");
const pay = httpClient("pay", {
  ...{ baseUrl: `http://127.0.0.1:${(slow.address() as AddressInfo).port}`, timeout: "3s", allow: ["127.0.0.1"] },
  ...(of.upstreamConnections > 0 && { connections: of.upstreamConnections }),
});

const compute = (): number => {
  const start = performance.now();
  let rounds = 0;
  while (performance.now() - start < of.loopMs) rounds++;
  return rounds;
};
const budget = { deadline: "300ms", concurrency: of.slots, queue: of.slots * 2 } as const;
const common = { input: z.object({}), output: z.object({ done: z.number() }), access: "public", budget } as const;

const read = query("lab.call", {
  ...{ ...common, http: "POST /call" },
  async run(_, { sql }) {
    compute();
    return sql<{ done: number }>`select count(*)::int + coalesce(length(pg_sleep(${of.sleepMs / 1_000})::text), 0) as done
      from generate_series(1, ${of.rows}::int)`.one();
  },
});
const call = action("lab.call", {
  ...{ ...common, idempotent: "natural", http: "POST /call", uses: { pay } },
  async run(_, uses) {
    compute();
    if (of.upstreamMs > 0) await uses.pay.request({ method: "GET", path: "/", output: z.object({}) });
    return { done: 1 };
  },
});

const usesDatabase = of.rows > 0 || of.sleepMs > 0;
const app = createApp({
  modules: [module("lab", { operations: [usesDatabase ? read : call] })],
  ...(usesDatabase && { database: embedded({ directory: process.env.DATA_DIR ?? "", connections: of.pool }) }),
  surfaces: [http({ port: 0 })],
  ...{ ops: { port: 0 }, rateLimit: { perSecond: 0 }, telemetry: [prometheus()] },
});
await app.start();
process.stdout.write(`${JSON.stringify({ url: app.urls.surfaces[0], ops: app.urls.ops })}\n`);
process.stdin.resume();
process.stdin.once("end", () => void app.stop().then(() => process.exit(0)));

// One app in several processes: `node program.ts <processes> plimsoll`, or the same app behind node:cluster with `cluster`. Each process writes a line when it
// is ready.
import cluster from "node:cluster";
import { z } from "zod";
import { createApp } from "../../src/app/app.ts";
import { supervise } from "../../src/app/supervisor.ts";
import { http } from "../../src/http/http.ts";
import { module } from "../../src/operation/module.ts";
import { action } from "../../src/operation/online/action.ts";

const [processes = "1", name = "plimsoll"] = process.argv.slice(2);

function makeApp() {
  const who = action("bench.who", {
    input: z.object({}),
    output: z.object({ pid: z.int() }),
    access: "public",
    idempotent: "no",
    budget: { deadline: "5s", concurrency: 256, queue: 1_024 },
    http: "POST /v1/who",
    run: async () => ({ pid: process.pid }),
  });
  // One address makes all the load.
  const limits = { connectionsPerSecond: 1_000_000, requestsPerAddress: 10_000 };
  return createApp({
    modules: [module("bench", { operations: [who] })],
    rateLimit: { perSecond: 0 },
    surfaces: [http({ port: Number(process.env.PORT), host: "127.0.0.1", limits })],
  });
}

if (name === "cluster" && cluster.isPrimary) for (let started = 0; started < Number(processes); started++) cluster.fork();
else {
  await (name === "cluster" ? makeApp().start() : supervise(makeApp(), { processes: Number(processes) }));
  process.stdout.write(`ready ${process.pid}\n`);
}

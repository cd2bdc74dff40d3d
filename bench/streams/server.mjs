// An app with one stream, of the built package, that yields a numbered message a second. Says where it listens, and what its event loop did, to the process that forked it.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { z } from "zod";
import { http } from "../../dist/http.js";
import { createApp, module, query } from "../../dist/index.js";

const watch = query("bench.watch", {
  input: z.object({}),
  stream: z.object({ seq: z.int(), text: z.string() }),
  ...{ access: "public", budget: "30s", http: "GET /watch" },
  run: async function* (_, { pause }) {
    for (let seq = 0; ; seq++) {
      yield { seq, text: "the price of one thing has changed" };
      await pause("1s");
    }
  },
});

const app = createApp({
  modules: [module("bench", { operations: [watch] })],
  surfaces: [http({ port: 0, host: "127.0.0.1" })],
});
await app.start();

// What the loop did between two looks; without it, a timer of its own would be what is measured.
const options = { resolution: 1, samplePerIteration: true };
const delay = monitorEventLoopDelay(options);
delay.enable();
process.on("message", (asked) => {
  if (asked === "reset") delay.reset();
  else if (asked === "read") {
    const { heapUsed, external } = process.memoryUsage();
    process.send({ p50Ns: delay.percentile(50), p99Ns: delay.percentile(99), maxNs: delay.max, count: delay.count, heapUsed, external });
  }
});
process.on("disconnect", () => process.exit(0));
process.send(app.urls.surfaces[0]);

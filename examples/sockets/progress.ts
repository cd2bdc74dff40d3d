// The progress of a task, kept for readers that come later or again. Run it with: node --conditions=source examples/sockets/progress.ts
import { randomUUID } from "node:crypto";
import { createApp, module, query, task } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { http } from "plimsoll/http";
import { durableStream } from "plimsoll/streams";
import { z } from "zod";

const progress = durableStream("imports.progress", { item: z.object({ percent: z.int() }), retention: "1d" });

const runImport = task("imports.run", {
  input: z.object({ importId: z.string() }),
  budget: "1m",
  async run({ importId }, { call, key }) {
    // A second attempt writes the same keys, and adds nothing.
    for (const percent of [25, 50, 75, 100])
      await call(progress.write, { id: importId, items: [{ percent }], key: `${key}:${percent}`, end: percent === 100 });
  },
});

const watchImport = query("imports.watch", {
  ...{ input: z.object({ importId: z.string() }), access: "public", budget: "2s", http: "GET /v1/imports/{importId}/progress" },
  ...{ stream: progress.stream, faults: progress.faults },
  run: ({ importId }, scope) => progress.follow(scope, importId),
});

const imports = module("imports", {
  operations: [...progress.operations, runImport, watchImport],
  schedules: progress.schedules,
});

if (import.meta.main) {
  const app = createApp({
    ...{ modules: [imports], surfaces: [http({ port: 0 })] },
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
  });
  await app.start();
  const importId = randomUUID();
  const url = `${app.urls.surfaces[0]}/v1/imports/${importId}/progress`;
  await app.tasks.start(runImport, { importId });
  console.log((await (await fetch(url, { headers: { accept: "application/x-ndjson" } })).text()).trim().split("\n").join(" "));
  const again = await fetch(url, { headers: { "last-event-id": "3" } });
  for (const line of (await again.text()).split("\n")) if (line !== "") console.log(line);
  await app.stop();
}

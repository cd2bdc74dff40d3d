// A stream of events that a client continues after a break. Run it with: node --conditions=source examples/callers/events.ts
import { createApp, module, query } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const Progress = z.object({ step: z.int(), percent: z.int() });
const steps = 4;

const watchImport = query("imports.watch", {
  input: z.object({}),
  stream: { item: Progress, id: ({ step }) => String(step), idle: "1m" },
  ...{ access: "public", budget: "2s", http: "GET /v1/imports/progress" },
  run: async function* (_, { lastEventId, pause }) {
    for (let step = Number(lastEventId ?? 0) + 1; step <= steps; step++) {
      yield { step, percent: (100 * step) / steps };
      await pause("10ms");
    }
  },
});

export const app = createApp({ modules: [module("imports", { operations: [watchImport] })], surfaces: [http({ port: 0 })] });

if (import.meta.main) {
  await app.start();
  const url = `${app.urls.surfaces[0]}/v1/imports/progress`;
  const events = await fetch(url, { headers: { "last-event-id": "2" } });
  console.log(events.headers.get("content-type"));
  for (const line of (await events.text()).split("\n")) if (line !== "") console.log(line);
  const lines = await fetch(url, { headers: { accept: "application/x-ndjson" } });
  console.log((await lines.text()).split("\n")[0]);
  await app.stop();
}

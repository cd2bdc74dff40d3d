import { z } from "zod";
import { http } from "../../src/http/index.ts";
import { createApp, module, task } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import { standardWebhooks, webhook } from "../../src/webhooks/index.ts";
import type { EventTarget } from "../events/system.ts";
import type { Intake } from "./bench.ts";
import { secret } from "./sender.ts";

const Paid = z.object({ type: z.literal("invoice.paid"), invoice: z.string() });
const settle = task("bench.settle", { input: Paid, budget: "30s", unique: { for: "1d" }, run: async () => undefined });
const intake = webhook("bench.intake", {
  ...{ http: "POST /v1/webhooks", scheme: standardWebhooks(), secrets: [secret], starts: settle },
  input: ({ json }) => Paid.parse(json),
});

/** Plimsoll: a webhook is a task once for each id, which runs afterwards in the same process. */
export async function openPlimsoll({ url, appUrl, connections }: EventTarget): Promise<Intake> {
  const app = createApp({
    service: { name: "bench", version: "1.0.0" },
    modules: [module("bench", { operations: [settle, intake] })],
    database: postgres({ url: appUrl, adminUrl: url, connections }),
    surfaces: [http({ port: 0 })],
    rateLimit: { perSecond: 1_000_000_000 },
    development: false,
  });
  await app.start();
  return { url: `${app.urls.surfaces[0]}/v1/webhooks`, close: () => app.stop() };
}

import { z } from "zod";
import { type App, command, createApp, event, module, relay, type Subscription, subscription } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import type { StoreUrls } from "../tasks/stores.ts";
import type { Place } from "./brokers.ts";

const keys = 1_000;
const partitions = 32;

const noted = event("bench.noted", { data: z.object({ key: z.string(), n: z.int() }), key: ({ key }) => key });
const emitMany = command("bench.emit-many", {
  ...{ input: z.object({ from: z.int(), count: z.int() }), output: z.object({}), access: "public", idempotent: "no", budget: "30s" },
  emits: [noted],
  async run({ from, count }, { emit }) {
    for (let n = from; n < from + count; n++) emit(noted, { key: `k${n % keys}`, n });
    return {};
  },
});

/** An app that emits, and follows its log with one subscription or relay from the beginning. */
export interface FollowingApp {
  readonly app: App;
  emit(from: number, count: number): Promise<unknown>;
}

/** Makes an app that is not started. `name` is new each time, so that each begins with the oldest event. `place`: undefined where it only reads the log. */
export function followingApp(name: string, place: Place | undefined, { url, appUrl }: StoreUrls): FollowingApp {
  const on = { on: [noted], from: "beginning", partitions } as const;
  const follower: Subscription =
    place === undefined
      ? subscription(name, { ...on, budget: { deadline: "30s", concurrency: partitions }, run: async () => undefined })
      : relay(name, { ...on, to: place.to });
  const app = createApp({
    service: { name: "bench", version: "1.0.0" },
    modules: [module("bench", { operations: [emitMany, follower], events: [noted] })],
    database: postgres({ url: appUrl, adminUrl: url, connections: 16 }),
    rateLimit: { perSecond: 1_000_000_000 },
  });
  return { app, emit: (from, count) => app.call(emitMany, { from, count }) };
}

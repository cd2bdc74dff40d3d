// One process of the app whose rate is measured: offers calls by the clock, and says on demand what happened to them.
import { z } from "zod";
import { createApp } from "../../src/app/app.ts";
import type { Fault } from "../../src/core/fault.ts";
import { module } from "../../src/operation/module.ts";
import { action } from "../../src/operation/online/action.ts";
import { rateLimit } from "../../src/operation/online/rate.ts";
import type { MemberCounts, MemberOrder } from "./bench.ts";
import { openStore } from "./stores.ts";

const [order] = process.argv.slice(2).map((text) => JSON.parse(text) as MemberOrder);
if (order === undefined) throw new Error("bench/limits/bench.ts starts this");

const limited = action("limits.limited", {
  input: z.object({}),
  output: z.object({}),
  access: "public",
  idempotent: "no",
  budget: { deadline: "5s", rate: rateLimit({ per: "all", limit: order.limit, burst: order.burst, period: "1s" }) },
  run: async () => ({}),
});
const app = createApp({
  service: { name: "limits" },
  modules: [module("limits", { operations: [limited] })],
  rateLimit: { perSecond: 0, store: openStore(order) },
});
await app.start();

const counts: { -readonly [K in keyof MemberCounts]: MemberCounts[K] } = {
  admitted: 0,
  refused: 0,
  errors: 0,
  slowestMs: 0,
  gone: 0,
  back: 0,
};
app.signals.rateStore.on(({ state }) => counts[state]++);

function offer(): void {
  const startedAt = performance.now();
  const ended = () => {
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - startedAt);
  };
  app.call(limited, {}).then(
    () => {
      counts.admitted++;
      ended();
    },
    (fault: Fault) => {
      if (fault.type === "rate_limited") counts.refused++;
      else counts.errors++;
      ended();
    },
  );
}

let owed = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  owed += ((now - last) / 1_000) * order.perSecond;
  last = now;
  for (; owed >= 1; owed--) offer();
}, 5);

process.on("message", (message) => {
  if (message !== "counts") return;
  process.send!({ ...counts });
  counts.slowestMs = 0;
});
process.on("disconnect", () => process.exit());
process.send!("ready");

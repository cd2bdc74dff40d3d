// One process of the app whose values are measured: reads by the clock, and says on demand what it saw.
import { setTimeout as pause } from "node:timers/promises";
import { createApp } from "../../src/app/app.ts";
import { postgres } from "../../src/postgres/database.ts";
import { redisCache } from "../../src/redis/cache.ts";
import type { MemberCounts, MemberOrder } from "./bench.ts";
import { change, expiring, loads, tagged, values } from "./module.ts";

const [order] = process.argv.slice(2).map((text) => JSON.parse(text) as MemberOrder);
if (order === undefined) throw new Error("bench/caches/bench.ts starts this");

const app = createApp({
  service: { name: "caches" },
  modules: [values],
  database: postgres({ url: order.url }),
  rateLimit: { perSecond: 0 },
  ...(order.redisUrl !== undefined && { cache: { store: redisCache({ url: order.redisUrl }) } }),
});
await app.start();

/** The same in all processes of the machine. *Units*: milliseconds. */
const now = () => performance.timeOrigin + performance.now();

const counts: { -readonly [K in keyof MemberCounts]: MemberCounts[K] } = {
  reads: 0,
  errors: 0,
  loads: [],
  lastRead: {},
  committed: {},
};
app.signals.executed.on(({ cache }) => {
  if (cache !== undefined) counts.uses = { ...counts.uses, [cache]: (counts.uses?.[cache] ?? 0) + 1 };
});

async function reader(everyMs: number, read: () => Promise<void>): Promise<void> {
  await pause(Math.random() * everyMs);
  for (;;) {
    await read().then(
      () => counts.reads++,
      () => counts.errors++,
    );
    await pause(everyMs);
  }
}

for (let n = 0; n < order.readers; n++) void reader(200, async () => void (await app.call(expiring, {})));
for (let n = 0; n < 20; n++)
  void reader(10, async () => {
    const startedAt = now();
    const { version } = await app.call(tagged, {});
    counts.lastRead[version] = Math.max(startedAt, counts.lastRead[version] ?? 0);
  });
if (order.writes)
  void reader(100, async () => {
    const { version } = await app.call(change, {});
    counts.committed[version] = now();
  });

process.on("message", () => process.send!({ ...counts, loads }));
process.on("disconnect", () => process.exit());
process.send!("ready");

// The shop as it is started for customers, on a given database, with attempts that fail; it says, when asked, how long first attempts waited.
import { join } from "node:path";
import { failFirstAttempts } from "../../examples/shop/crunch/chaos.ts";
import { openShops } from "../../examples/shop/seed.ts";
import { createShop } from "../../examples/shop/shop.ts";
import { postgres } from "../../src/postgres/index.ts";
import { logs, prometheus } from "../../src/telemetry/index.ts";
import { Histogram } from "./histogram.ts";

/** What the shop says when it is open, and when it is asked. */
export interface Opened {
  readonly api: string;
  readonly tokens: readonly string[];
}
export interface Waited {
  readonly firstAttempts: number;
  /** Until it was claimed, as the platform counts it. *Units*: milliseconds. */
  readonly lagMs: readonly [p50: number, p99: number, max: number];
  /** From `start` in the command to the first line of the handler: everything that lies between. */
  readonly begunMs: readonly [p50: number, p99: number, max: number];
}

const { DATABASE_URL = "", ADMIN_DATABASE_URL, DATA_DIR = "", FAILURES } = process.env;
const [lag, begun] = [new Histogram(), new Histogram()];
const failures = failFirstAttempts(Number(FAILURES));
const bornAt = (key: string) => Number.parseInt(key.split(":")[1]!.replaceAll("-", "").slice(0, 12), 16);

const app = createShop({
  secret: "a secret of the bench, 32 bytes and more",
  database: postgres({ url: DATABASE_URL, adminUrl: ADMIN_DATABASE_URL }),
  port: 0,
  opsPort: 0,
  mailDirectory: join(DATA_DIR, "mail"),
  telemetry: [logs({ destination: { file: join(DATA_DIR, "shop.log") } }), prometheus()],
  chaos: {
    fails(attempt) {
      // A task's id says when it was made.
      if (attempt.attempt === 1) begun.add(Date.now() - bornAt(attempt.key));
      return failures.fails(attempt);
    },
  },
});
await app.start();
app.tasks.signals.began.on(({ task, lagMs }) => {
  if (task === "crunch.item") lag.add(lagMs);
});
const { people } = await openShops(app);
const [api = ""] = app.urls.surfaces;
process.on("message", () => {
  const spread = (of: Histogram) => [of.quantile(0.5), of.quantile(0.99), of.quantile(1)] as const;
  process.send?.({ firstAttempts: lag.size, lagMs: spread(lag), begunMs: spread(begun) } satisfies Waited);
});
process.once("SIGTERM", () => void app.stop().then(() => process.exit(0)));
process.send?.({ api, tokens: people.filter(({ role }) => role === "customer").map(({ token }) => token) } satisfies Opened);

// The shop as it is started for customers, on a given database, with one upstream for its relay.
import { join } from "node:path";
import { createShop } from "../../examples/shop/shop.ts";
import { jwtIssuer } from "../../src/auth/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import { redisRates } from "../../src/redis/index.ts";
import { logs, prometheus } from "../../src/telemetry/index.ts";

/** What the shop says when it is open. */
export interface Opened {
  readonly api: string;
  /** One for each user. */
  readonly tokens: readonly string[];
}

const { DATABASE_URL = "", ADMIN_DATABASE_URL, DATA_DIR = "", UPSTREAM_URL = "", REDIS_URL, USERS = "1" } = process.env;
const secret = "a secret of the bench, 32 bytes and more";
const app = createShop({
  ...{ secret, port: 0, opsPort: 0, mailDirectory: join(DATA_DIR, "mail") },
  database: postgres({ url: DATABASE_URL, adminUrl: ADMIN_DATABASE_URL }),
  telemetry: [logs({ destination: { file: join(DATA_DIR, "shop.log") } }), prometheus()],
  ...(REDIS_URL !== undefined && {
    rateLimit: { perSecond: 1_000, store: redisRates({ url: REDIS_URL, prefix: `bench:${process.pid}` }) },
  }),
  places: { urls: { moody: UPSTREAM_URL }, allow: ["127.0.0.1"] },
});
await app.start();
const issuer = jwtIssuer({ key: { algorithm: "HS256", secret }, issuer: "shop", audience: "shop", ttl: "1h" });
const users = Array.from({ length: Number(USERS) }, (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`);
const tokens = await Promise.all(users.map(async (subject) => (await issuer.sign({ subject, tenant: "acme", roles: ["customer"] })).token));
const [api = ""] = app.urls.surfaces;
process.once("SIGTERM", () => void app.stop().then(() => process.exit(0)));
process.send?.({ api, tokens } satisfies Opened);

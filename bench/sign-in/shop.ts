// The shop as it is started for customers, on a given database, with a tenant whose users sign in.
import { join } from "node:path";
import { foundTenant } from "../../examples/shop/identity/contract.ts";
import { createShop } from "../../examples/shop/shop.ts";
import { hashPassword, jwtIssuer } from "../../src/auth/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import { logs, prometheus } from "../../src/telemetry/index.ts";

/** What the shop says when it is open. */
export interface Opened {
  readonly api: string;
  readonly password: string;
  /** Addresses of users who sign in by that password. */
  readonly emails: readonly string[];
  /** Of users who work. */
  readonly tokens: readonly string[];
}

const { DATABASE_URL = "", ADMIN_DATABASE_URL, DATA_DIR = "", USERS = "1", WORKERS = "1" } = process.env;
const secret = "a secret of the bench, 32 bytes and more";
const password = "the password of the bench";
const app = createShop({
  ...{ secret, port: 0, opsPort: 0, mailDirectory: join(DATA_DIR, "mail") },
  database: postgres({ url: DATABASE_URL, adminUrl: ADMIN_DATABASE_URL }),
  telemetry: [logs({ destination: { file: join(DATA_DIR, "shop.log") } }), prometheus()],
});
await app.start();
const passwordHash = await hashPassword(password);
const emails = Array.from({ length: Number(USERS) }, (_, n) => `user${n}@acme.example`);
const users = emails.map((email) => ({ email, name: email, roles: ["customer" as const], passwordHash }));
const seeder = { id: "bench", kind: "system", roles: [], tenant: "acme", claims: { tid: "acme" } } as const;
await app.call(foundTenant, { name: "Acme", users }, { actor: seeder });
const issuer = jwtIssuer({ key: { algorithm: "HS256", secret }, issuer: "shop", audience: "shop", ttl: "1h" });
const workers = Array.from({ length: Number(WORKERS) }, (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`);
const tokens = await Promise.all(
  workers.map(async (subject) => (await issuer.sign({ subject, tenant: "acme", roles: ["customer"] })).token),
);
const [api = ""] = app.urls.surfaces;
process.once("SIGTERM", () => void app.stop().then(() => process.exit(0)));
process.send?.({ api, password, emails, tokens } satisfies Opened);

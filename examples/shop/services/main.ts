// The shop as four services: npm run shop:services. Its modules are those of the shop in one process, and so are its data.
import { join } from "node:path";
import { createApp, exitOnFault } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { startOwnProvider } from "../provider/own-provider.ts";
import { endOnFault, keptSecret, openFolder, readSettings, refuseToStart } from "../settings.ts";
import { Fleet } from "./fleet.ts";
import { openShop } from "./opening.ts";
import { adminToken } from "./services.ts";

const settings = exitOnFault(readSettings);
const { DATA_DIR: directory, DATABASE_URL: url, ADMIN_DATABASE_URL: adminUrl, PORT: port } = settings;
exitOnFault(() => openFolder(directory));
const secret = settings.JWT_SECRET ?? keptSecret(directory);

// The embedded PostgreSQL runs for as long as this process does: the services use it, and none of them stops it.
const keeper = createApp({
  service: { name: "shop-services" },
  modules: [],
  ...(url === undefined && { database: embedded({ directory: join(directory, "postgres") }) }),
});
await keeper.start().catch(endOnFault);

const pays = await startOwnProvider({ directory, port: settings.PROVIDER_PORT, temper: settings.PROVIDER_TEMPER, shopPort: 0 });
const database = url !== undefined && adminUrl !== undefined ? { url, adminUrl } : undefined;
const fleet = await Fleet.start({
  secret,
  directory,
  mailDirectory: join(directory, "mail"),
  port,
  pays,
  ...(database && { database }),
}).catch(async (error: Error) => {
  await keeper.stop();
  return refuseToStart(error.message);
});
const stop = async () => {
  await fleet.stop();
  await keeper.stop();
  process.exit(0);
};
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void stop());

const token = await openShop(fleet.given, "acme");
console.log(`The shop runs as four services: identity, orders (and catalog), payments, gateway.

  API     ${fleet.url}/v1, documented at ${fleet.url}/docs
  admin   ${fleet.adminUrl}/v1, with a token of its own
  log     ${join(directory, "<service>.log")}

  curl -s "${fleet.url}/v1/products?limit=3" -H "Authorization: Bearer ${token}"
  curl -s "${fleet.url}/v1/home" -X POST -H "Content-Type: application/json" -d '{}' -H "Authorization: Bearer ${token}"
  curl -s "${fleet.adminUrl}/v1/users" -H "Authorization: Bearer ${await adminToken(secret, "acme")}"`);

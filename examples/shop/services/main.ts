// The shop as four services: npm run shop:services. Its modules are those of the shop in one process, and so are its data.
// npm run shop:services -- --one-door: customers, administrators and browsers use one address, as with the shop in one process.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createApp, exitOnFault } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { keepTokens } from "../banner.ts";
import { startOwnProvider } from "../provider/own-provider.ts";
import { endOnFault, keptSecret, openFolder, readSettings, refuseToStart, upstreamPlaces } from "../settings.ts";
import { Fleet, freePorts } from "./fleet.ts";
import { adminToken } from "./gateways.ts";
import { openInServices } from "./opening.ts";

const { "one-door": oneDoor } = parseArgs({ options: { "one-door": { type: "boolean", default: false } } }).values;
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

const { PAYMENTS_URL: paymentsUrl, PAYMENTS_SECRET: paymentsSecret = "", REDIS_URL: redisUrl, ORIGIN: origin } = settings;
const [noticesPort = 0] = await freePorts(1);
const own = { directory, port: settings.PROVIDER_PORT, temper: settings.PROVIDER_TEMPER, shopPort: noticesPort };
const pays = paymentsUrl === undefined ? await startOwnProvider(own) : { url: paymentsUrl, secret: paymentsSecret };
const database = url !== undefined && adminUrl !== undefined ? { url, adminUrl } : undefined;
const fleet = await Fleet.start({
  ...{ secret, directory, mailDirectory: join(directory, "mail"), port, noticesPort, pays, oneDoor },
  ...{ places: upstreamPlaces(settings), crunchFailures: settings.CRUNCH_FAILURES },
  ...(database && { database }),
  ...(redisUrl !== undefined && { redis: { url: redisUrl } }),
  ...(origin !== undefined && { origin: new URL(origin).origin }),
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

keepTokens(directory, await openInServices(fleet.given));
const ben = `"Authorization: Bearer $(cat ${join(directory, "tokens/ben")})"`;
const administrators = oneDoor
  ? `  admin   the same, with a token of the shop
  page    http://localhost:${port}/sign-in`
  : `  admin   ${fleet.adminUrl}/v1, with a token of its own`;
const list = oneDoor
  ? `${fleet.url}/v1/users" -H "Authorization: Bearer $(cat ${join(directory, "tokens/ada")})"`
  : `${fleet.adminUrl}/v1/users" -H "Authorization: Bearer ${await adminToken(secret, "acme")}"`;
console.log(`The shop runs as four services: identity, orders (and catalog), payments, gateway.

  API     ${fleet.url}/v1, documented at ${fleet.url}/docs
${administrators}
  ops     ${fleet.opsUrls.join(" ")}
  log     ${join(directory, "<service>.log")}

  curl -s "${fleet.url}/v1/products?limit=3" -H ${ben}
  curl -s "${fleet.url}/v1/home" -X POST -H "Content-Type: application/json" -d '{}' -H ${ben}
  curl -s "${list}`);

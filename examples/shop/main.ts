import { join } from "node:path";
import { exitOnFault, supervise } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { postgres } from "plimsoll/postgres";
import { logs, prometheus } from "plimsoll/telemetry";
import { banner, keepTokens, reopened } from "./banner.ts";
import { failFirstAttempts } from "./crunch/chaos.ts";
import { startOwnProvider } from "./provider/own-provider.ts";
import { firstAdministrator, openShops } from "./seed.ts";
import { keptSecret, openFolder, readSettings, upstreamPlaces } from "./settings.ts";
import { sharedIn } from "./shared.ts";
import { createShop } from "./shop.ts";

const settings = exitOnFault(readSettings);
const { DATA_DIR: directory, DATABASE_URL: url, ADMIN_DATABASE_URL: adminUrl, KEEP_DATABASE: keepRunning, REDIS_URL: redisUrl } = settings;
const [logFile, mailDirectory] = [join(directory, "shop.log"), join(directory, "mail")];

const production = process.env.NODE_ENV === "production";

const provider = { directory, port: settings.PROVIDER_PORT, temper: settings.PROVIDER_TEMPER, shopPort: settings.PORT };
const { PAYMENTS_URL: paymentsUrl, PAYMENTS_SECRET: secret = "" } = settings;
const isOwn = paymentsUrl === undefined && !production;
if (isOwn) exitOnFault(() => openFolder(directory));
const pays = isOwn ? await startOwnProvider(provider) : paymentsUrl && { url: paymentsUrl, secret };

const app = exitOnFault(() =>
  createShop({
    secret: settings.JWT_SECRET ?? keptSecret(directory),
    database: url === undefined ? embedded({ directory: join(directory, "postgres"), keepRunning }) : postgres({ url, adminUrl }),
    port: settings.PORT,
    ...(settings.ORIGIN !== undefined && { origin: new URL(settings.ORIGIN).origin }),
    opsPort: settings.OPS_PORT,
    mailDirectory,
    places: upstreamPlaces(settings),
    ...(pays && { pays }),
    ...(redisUrl !== undefined && sharedIn(redisUrl)),
    chaos: failFirstAttempts(settings.CRUNCH_FAILURES),
    // Problems are also shown on the terminal.
    telemetry: [
      logs({ destination: { file: logFile } }),
      prometheus(),
      ...(process.stdout.isTTY && !production ? [logs({ level: "warn" })] : []),
    ],
  }),
);

await supervise(app);
const opened = production ? await firstAdministrator(app, settings) : await openShops(app);
keepTokens(directory, opened);
console.log(process.env.PLIMSOLL_RELOADS === undefined ? banner(app, { directory, logFile, mailDirectory }, opened) : reopened(app));

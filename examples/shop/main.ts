import { join } from "node:path";
import { exitOnFault, supervise } from "plimsoll";
import { embedded, postgres } from "plimsoll/postgres";
import { logs, prometheus } from "plimsoll/telemetry";
import { banner } from "./banner.ts";
import { failFirstAttempts } from "./crunch/chaos.ts";
import { openShops } from "./seed.ts";
import { keptSecret, readSettings } from "./settings.ts";
import { createShop } from "./shop.ts";

const settings = exitOnFault(readSettings);
const { DATA_DIR: directory, DATABASE_URL: url, ADMIN_DATABASE_URL: adminUrl, KEEP_DATABASE: keepRunning } = settings;
const [logFile, mailDirectory] = [join(directory, "shop.log"), join(directory, "mail")];

const app = exitOnFault(() =>
  createShop({
    secret: settings.JWT_SECRET ?? keptSecret(directory),
    database: url === undefined ? embedded({ directory: join(directory, "postgres"), keepRunning }) : postgres({ url, adminUrl }),
    port: settings.PORT,
    opsPort: settings.OPS_PORT,
    mailDirectory,
    chaos: failFirstAttempts(settings.CRUNCH_FAILURES),
    telemetry: [logs({ destination: { file: logFile } }), prometheus()],
  }),
);

await supervise(app);
console.log(banner(app, { logFile, mailDirectory }, await openShops(app)));

// What a deploy would change, and doing it. Run it with: node --conditions=source examples/04-migrate.ts <status|dry-run|apply>
import { migrate } from "plimsoll/postgres";
import { modules } from "./shop/shop.ts";

const { DATABASE_URL: url, ADMIN_DATABASE_URL: adminUrl } = process.env;
const mode = (["status", "dry-run", "apply"] as const).find((each) => each === process.argv[2]);
if (url === undefined || adminUrl === undefined || mode === undefined) {
  console.error("usage: DATABASE_URL=… ADMIN_DATABASE_URL=… node --conditions=source examples/04-migrate.ts <status|dry-run|apply>");
  process.exit(2);
}

const { applied, pending, ahead, notTried = [] } = await migrate({ modules, url, adminUrl, mode });
for (const name of applied) console.log(`applied ${name}`);
for (const name of pending) console.log(`pending ${name}`);
for (const { file, reason } of notTried) console.log(`not tried ${file}: ${reason}`);
for (const name of ahead) console.log(`ahead ${name}`);
if (applied.length + pending.length + ahead.length === 0) console.log("nothing to do");

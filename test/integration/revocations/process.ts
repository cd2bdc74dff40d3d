import { type AccountsSpec, accounts } from "./accounts.ts";

const app = accounts(JSON.parse(process.argv[2] ?? "") as AccountsSpec);
await app.start();
process.send?.({ type: "listening", url: app.urls.surfaces[0] });
process.once("disconnect", () => process.exit());

// One worker of a fleet, in a process of its own: node worker.ts <url of the database> <version of its code>
import { createApp } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { fleet, type Version } from "./versions.ts";

const [url, version] = process.argv.slice(2);
const app = createApp({ modules: [fleet(version as Version)], database: postgres({ url: url! }), roles: ["worker"] });
await app.start();
process.send?.("ready");
process.on("message", () => void app.stop().then(() => process.disconnect()));
setInterval(() => undefined, 1_000);

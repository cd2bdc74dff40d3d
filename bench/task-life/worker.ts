// A worker of its own process. Tells its parent what it began, and when.
import { createApp } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import { life, step } from "./life.ts";

const app = createApp({
  service: { name: "life", version: "1.0.0" },
  modules: [life],
  database: postgres({ url: process.env.DATABASE_URL!, adminUrl: process.env.ADMIN_DATABASE_URL! }),
  roles: ["worker"],
  tasks: { queues: { life: { concurrency: 50 } } },
  provide: [step.provide((begun) => process.send?.(begun))],
});
process.once("SIGTERM", () => void app.stop().then(() => process.exit(0)));
await app.start();
process.send?.("ready");

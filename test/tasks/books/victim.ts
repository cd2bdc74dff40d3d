// A worker in a process of its own, which one of its tasks takes with it: node victim.ts <url of the database>
import { createApp } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { bodies, books } from "./books.ts";

bodies.set("books.post", ({ name }) => {
  if (name === "poison") process.kill(process.pid, "SIGKILL");
});
const app = createApp({
  modules: [books],
  database: postgres({ url: process.argv[2]! }),
  tenancy: { description: "test", tenantOf: ({ tenant }) => tenant },
  roles: ["worker"],
});
await app.start();
setInterval(() => undefined, 1_000);

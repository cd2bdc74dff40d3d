// A worker in a process of its own, which one of its tasks takes with it, or blocks: node victim.ts <url of the database>
import { writeSync } from "node:fs";
import { createApp } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { bodies, books } from "./books.ts";

const body = ({ name }: { readonly name: string }) => {
  if (name === "poison") process.kill(process.pid, "SIGKILL");
  if (name === "blocks") {
    // The test that started this process waits for it: from now on the process does nothing more.
    writeSync(1, "blocks\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120_000);
  }
  return name === "slow" ? new Promise((resolve) => setTimeout(resolve, 200)) : undefined;
};
bodies.set("books.post", body);
bodies.set("books.single", body);
const app = createApp({
  modules: [books],
  database: postgres({ url: process.argv[2]! }),
  tenancy: { description: "test", tenantOf: ({ tenant }) => tenant },
  roles: ["worker"],
  tasks: { queues: { single: { concurrency: 1 } } },
});
await app.start();
setInterval(() => undefined, 1_000);

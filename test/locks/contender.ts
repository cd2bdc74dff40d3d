import { createApp } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import { turf, w, write } from "./writes.ts";

// A process that takes the lock whenever it can and writes many times, whatever its signal says. Its parent stops it in the middle.

const [url, fence] = process.argv.slice(2);
const writesOfHolder = 100;
const app = createApp({ modules: [w], database: postgres({ url: url! }), roles: ["serve"] });
let ends = false;
process.on("message", () => {
  ends = true;
});
await app.start();
while (!ends)
  await app.locks
    .hold(turf, async ({ token }) => {
      for (let n = 0; n < writesOfHolder && !ends; n++) {
        try {
          await app.call(write, { token, by: String(process.pid), fence: fence === "fence" });
        } catch (error) {
          const { type } = error as { type?: string };
          process.send?.({ token, type });
          if (type === "lock_lost") return;
        }
      }
      process.send?.({ token, type: "done" });
    })
    .catch(() => undefined);
await app.stop();
process.disconnect();

// The process of one checkout: brings it up, and measures it whenever it is asked to.
import { type Meter, open } from "./meters.ts";

const [meter = "", checkout = ""] = process.argv.slice(2);
const measured = await open(meter as Meter, checkout);
process.on("message", async () => {
  process.send!(await measured.measure());
});
process.once("disconnect", async () => {
  await measured[Symbol.asyncDispose]();
  process.exit(0);
});
process.send!("ready");

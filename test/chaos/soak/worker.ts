// The process that does the tasks of the soak. It tells its parent how many, and how long its statements took.
import { createApp } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { PostgresTaskStore } from "../../../src/postgres/tasks/store.ts";
import type { Progress } from "./progress.ts";
import { countModule } from "./task.ts";

const tellMs = 100;
const { DIRECTORY: directory = "", TASKS: tasks = "0" } = process.env;
/** A bit for each: so that one that is done twice differs from one that is lost. */
const seen = new Uint8Array((Number(tasks) >> 3) + 1);
let [done, twice, lost] = [0, 0, 0];
let claims: number[] = [];
let settlements: number[] = [];

const { soak } = countModule((nth) => {
  const bit = 1 << (nth & 7);
  if ((seen[nth >> 3]! & bit) !== 0) twice++;
  else done++;
  seen[nth >> 3]! |= bit;
});

const { claim, settle } = PostgresTaskStore.prototype;
PostgresTaskStore.prototype.claim = async function (...given) {
  const since = performance.now();
  const claimed = await claim.apply(this, given);
  claims.push(performance.now() - since);
  return claimed;
};
PostgresTaskStore.prototype.settle = async function (...given) {
  const since = performance.now();
  const kept = await settle.apply(this, given);
  settlements.push(performance.now() - since);
  return kept;
};

const app = createApp({
  service: { name: "soak-worker", version: "1.0.0" },
  modules: [soak],
  database: embedded({ directory }),
  roles: ["worker"],
  rateLimit: { perSecond: 0 },
  development: false,
});
app.tasks.signals.lost.on(({ tasks }) => {
  lost += tasks;
});
app.tasks.signals.failing.on(({ error }) => console.error("the worker could not work:", error));
await app.start();

const tell = () => {
  process.send!({ done, twice, lost, claims, settlements } satisfies Progress);
  claims = [];
  settlements = [];
};
const telling = setInterval(tell, tellMs);
process.once("message", async () => {
  await app.stop();
  clearInterval(telling);
  tell();
  process.disconnect();
});

import { module } from "plimsoll";
import { crunchItem } from "./operations/crunch-item.ts";
import { readStats } from "./operations/read-stats.ts";
import { storeResults } from "./operations/store-results.ts";
import { submitBatch } from "./operations/submit-batch.ts";

export const crunch = module("crunch", {
  schema: "crunch",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [submitBatch, readStats, crunchItem, storeResults],
});

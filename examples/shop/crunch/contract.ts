import { command, exponential, fault, query, role, signedIn, task } from "plimsoll";
import { z } from "zod";
import { system } from "../access.ts";
import { chaos } from "./chaos.ts";
import { Item, ItemResult, Progress } from "./domain.ts";
import { resultWriter } from "./result-writer.ts";

/** Attempts at one item; one that still fails is counted as failed. */
export const attempts = 3;

/** Attempts that are left to the storing of a result, which may fail as well: a task that gives up leaves an item that waits for ever. */
const storingAttempts = 10;

/**
 * Items of one tenant that may wait. At 5,000 in a second it is what comes in twenty seconds, longer than it takes until other workers take over what a lost
 * worker had. It is looked at and not locked: batches that come at the same time may pass it together, each process eight.
 */
export const maxWaiting = 100_000;

export const CrunchFull = fault("crunch_full", {
  code: "resource_exhausted",
  details: z.object({ limit: z.int(), waiting: z.int() }),
  message: ({ limit, waiting }) => `${waiting} of your items wait, and ${limit} may. Send this batch again in a moment.`,
  retryAfterMs: 2_000,
});

export const CrunchFailed = fault("crunch_failed", {
  code: "unavailable",
  message: "The item could not be crunched. It is tried again.",
});

export const submitBatch = command("crunch.submit", {
  summary: "Submit up to 1,000 items for background tasks",
  input: z.object({ items: z.array(Item).min(1).max(1_000) }),
  output: z.object({ batchId: z.uuid(), items: z.int() }),
  faults: [CrunchFull],
  access: role("customer"),
  budget: { deadline: "5s", concurrency: 8, queue: 64, calls: 1_000 },
  idempotent: "key",
  http: { route: "POST /v1/crunch", status: 202 },
});

export const readStats = query("crunch.stats", {
  summary: "Count the items that are done, have failed or wait",
  input: z.object({}),
  output: Progress,
  access: signedIn(),
  budget: "2s",
  http: "GET /v1/crunch/stats",
});

/** Crunches one item of a batch. The command that starts it has written the batch in the same transaction. */
export const crunchItem = task("crunch.item", {
  input: z.object({ batchId: z.uuid(), item: z.int().min(0), text: Item }),
  queue: "crunch",
  budget: { deadline: "10s", concurrency: 400 },
  retry: { attempts: attempts + storingAttempts, backoff: exponential("100ms", { max: "5s" }) },
  uses: { chaos, resultWriter },
});

/** Internal: stores results. One that is there stays as it is, so that it is harmless to say it again. */
export const storeResults = command("crunch.store-results", {
  input: z.object({ results: z.array(ItemResult).min(1).max(1_000) }),
  output: z.object({}),
  access: system,
  idempotent: "natural",
  budget: "10s",
});

import { command, event, exponential, module, saga, signedIn, subscription, task } from "plimsoll";
import { z } from "zod";

// Writes a text in each place that the platform writes to, as a careless handler would.

const Note = z.object({ note: z.string() });
export const noted = event("bytes.noted", { data: Note, key: () => "note" });
const online = { input: Note, output: z.object({}), access: signedIn(), idempotent: "no", budget: "20s" } as const;

/** Is never run: no worker of it gets that far. */
const wait = task("bytes.wait", { input: Note, budget: "20s", run: async () => undefined });
export const keep = saga("bytes.keep", {
  ...{ input: z.object({}), output: z.string(), budget: "1h" },
  run: (_, { step }) => step("note", async () => kept.note),
});
export const kept = { note: "" };

export const spill = command("bytes.spill", {
  ...{ ...online, emits: [noted] },
  audit: { subject: () => "note", input: true },
  async run({ note }, { sql, emit, start, log }) {
    await sql`insert into bytes.notes values (${note})`.run();
    emit(noted, { note });
    await start(wait, { note }, { delay: "1d" });
    log.info(`spills ${note}`);
    return {};
  },
});

const fails = subscription("bytes.on-noted", {
  ...{ on: [noted], from: "beginning", budget: "20s", retry: { attempts: 1, backoff: exponential("1ms", { max: "1ms" }) } },
  run: () => Promise.reject(new RangeError("asked to fail")),
});

export const bytes = module("bytes", {
  ...{ schema: "bytes", migrations: new URL("./migrations/", import.meta.url) },
  operations: [wait, keep, spill, fails],
  events: [noted],
});

import { command, exponential, module, type SubscriptionScope, signedIn, subscription } from "plimsoll";
import { type TestAppSpec, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { ann, bookAdded, bookLost, shelf } from "./shelf.ts";

// Subscriptions whose handlers are written by each test.

type Body = (data: { readonly name: string }, scope: SubscriptionScope) => unknown;

/** What the subscriptions of the next test do, by their names. */
export const bodies = new Map<string, Body>();
const run = (name: string) => async (data: { readonly name: string }, scope: SubscriptionScope) => bodies.get(name)?.(data, scope);

/** Comes again soon, at a time that the tests can tell. */
const soon = exponential("1ms", { max: "1ms", jitter: "none" });
const shared = { on: [bookAdded], budget: "20s", from: "beginning", retry: { attempts: 3, backoff: soon } } as const;

export const reads = subscription("reader.reads", { ...shared, run: run("reader.reads") });
export const stops = subscription("reader.stops", { ...shared, onFailure: "stop", run: run("reader.stops") });
export const mixes = subscription("reader.mixes", { ...shared, order: "none", run: run("reader.mixes") });
export const narrow = subscription("reader.narrow", { ...shared, partitions: 2, run: run("reader.narrow") });

/** Writes what an event was, and emits that it was lost. */
export const note = command("reader.note", {
  ...{ input: z.object({ event: z.uuid(), key: z.string(), note: z.string() }), output: z.object({}) },
  ...{ access: signedIn(), budget: "20s", idempotent: "natural" },
  async run({ event, key, note: text }, { sql }) {
    await sql`insert into shelf.seen (event, key, note) values (${event}, ${key}, ${text})`.run();
    return {};
  },
});

export const readerWith = (...subscriptions: readonly (typeof reads)[]) => module("reader", { operations: [...subscriptions, note] });

export const readerDatabase = () => testDatabase({ modules: [shelf] });
export const readerApp = (
  database: TestDatabase,
  { subscriptions = [reads], ...spec }: Partial<TestAppSpec> & { readonly subscriptions?: readonly (typeof reads)[] } = {},
) => testApp({ modules: [shelf, readerWith(...subscriptions)], database, actor: ann, ...spec });

/** What `note` wrote, in the order in which it was committed for each key. */
export async function noted(database: TestDatabase): Promise<readonly { readonly key: string; readonly note: string }[]> {
  return database.admin<{ key: string; note: string }>("select key, note from shelf.seen order by n");
}

/** Forgets all events and subscriptions. */
export async function emptyEvents(database: TestDatabase): Promise<void> {
  await database.admin(
    "delete from plimsoll.subscriptions; delete from plimsoll.event_workers; truncate plimsoll.events, shelf.seen, shelf.books",
  );
}

export { bookLost };

import { command, exponential, module, signedIn, type TaskScope, task } from "plimsoll";
import { type TestApp, type TestAppSpec, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { type Clock, systemClock } from "../../../src/core/clock.ts";
import { seen } from "../../integration/scratch.ts";

// Tasks whose bodies are written by each test, and a table that shows what they did.

export const Entry = z.object({ name: z.string(), key: z.string().optional() });
type Body = (input: z.infer<typeof Entry>, scope: TaskScope) => unknown;

/** What the tasks of the next test do, by the name of the task. */
export const bodies = new Map<string, Body>();
const run =
  (name: string): Body =>
  (input, scope) =>
    bodies.get(name)?.(input, scope);
const body = (name: string) => ({ input: Entry, run: async (input: z.infer<typeof Entry>, scope: TaskScope) => run(name)(input, scope) });

/** Comes again soon, at a time that the tests can tell. */
const soon = exponential("1ms", { max: "1ms", jitter: "none" });

export const post = task("books.post", { ...body("books.post"), budget: "30s", retry: { backoff: soon } });
export const twice = task("books.twice", { ...body("books.twice"), budget: "30s", retry: { attempts: 2, backoff: soon } });
export const once = task("books.once", { ...body("books.once"), budget: "30s", unique: "active" });
export const hourly = task("books.hourly", { ...body("books.hourly"), budget: "30s", unique: { for: "1h" } });
export const brief = task("books.brief", { ...body("books.brief"), budget: "30s", ttl: "1m", retry: { backoff: soon } });
export const kept = task("books.kept", { ...body("books.kept"), budget: "30s", history: true });
export const hasty = task("books.hasty", { ...body("books.hasty"), budget: "500ms", retry: { backoff: soon } });
export const listed = task("books.listed", { input: z.object({ words: z.array(z.string()) }), budget: "30s", run: async () => undefined });
export const narrow = task("books.narrow", { ...body("books.narrow"), budget: { deadline: "30s", concurrency: 1 }, queue: "wide" });
export const wide = task("books.wide", { ...body("books.wide"), budget: "30s", queue: "wide" });
export const single = task("books.single", { ...body("books.single"), budget: "30s", queue: "single", fairnessKey: ({ key = "" }) => key });
export const capped = task("books.capped", {
  ...body("books.capped"),
  budget: { deadline: "30s", concurrency: 400 },
  queue: "capped",
  maxPerKey: 2,
  fairnessKey: ({ key = "" }) => key,
});
export const beside = task("books.beside", { ...body("books.beside"), budget: "30s", queue: "capped", fairnessKey: ({ key = "" }) => key });
export const rated = task("books.rated", { ...body("books.rated"), budget: "30s", queue: "rated", fairnessKey: ({ key = "" }) => key });

/** Writes an entry, starts what it is asked to, and fails when it is asked to. */
export const order = command("books.order", {
  input: z.object({ name: z.string(), key: z.string().optional(), delayMs: z.number().optional(), fails: z.boolean().optional() }),
  output: z.object({ id: z.string(), started: z.boolean() }),
  access: signedIn(),
  idempotent: "key",
  budget: "20s",
  async run({ name, key, delayMs, fails }, { sql, newId, start }) {
    await sql`insert into books.entries (id, name) values (${newId()}, ${name})`.run();
    const started = await start(post, { name }, { ...(key !== undefined && { key }), ...(delayMs !== undefined && { delay: delayMs }) });
    if (fails) throw new RangeError("asked to fail");
    return started;
  },
});

/** Writes an entry, once for its key. */
export const enter = command("books.enter", {
  input: Entry,
  output: z.object({ by: z.string(), roles: z.array(z.string()) }),
  access: signedIn(),
  idempotent: "key",
  budget: "20s",
  async run({ name }, { sql, newId, actor }) {
    await sql`insert into books.entries (id, name) values (${newId()}, ${name})`.run();
    return { by: actor.id, roles: [...actor.roles] };
  },
});

export const books = module("books", {
  schema: "books",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [order, enter, post, twice, once, hourly, brief, kept, hasty, listed, narrow, wide, single, capped, beside, rated],
});

/** A worker whose randomness is known. */
export const evenClock: Clock = { ...systemClock, random: () => 0.5 };

export const booksDatabase = () => testDatabase({ modules: [books] });

export function booksApp(database: TestDatabase, spec: Partial<TestAppSpec> = {}): Promise<TestApp> {
  return testApp({ modules: [books], database, ...spec });
}

/** Only starts tasks, and runs none. */
export const idle = { roles: ["serve"] } as const;

/** Waits until the database shows a row; resolves with it. */
export function shown<R extends Record<string, unknown>>(database: TestDatabase, text: string, ...values: unknown[]): Promise<R> {
  return seen<R>(database.adminUrl, text, values);
}

export async function count(database: TestDatabase, from: string): Promise<number> {
  const [row] = await database.admin<{ n: number }>(`select count(*)::integer as n from ${from}`);
  return row!.n;
}

export async function names(database: TestDatabase): Promise<string[]> {
  return (await database.admin<{ name: string }>("select name from books.entries order by name")).map(({ name }) => name);
}

/** Moves durable time, of the whole database. */
export async function moveTime(database: TestDatabase, by: string): Promise<void> {
  await database.admin("select plimsoll.set_clock_offset($1)", [by]);
}

/** A task that a test lets go on when it likes. */
export function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, opened: promise };
}

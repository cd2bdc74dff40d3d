import { command, event, module, query, signedIn, task } from "plimsoll";
import { type TestAppSpec, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";

// A module that emits events, as each test asks for.

export const bookAdded = event("shelf.book-added", {
  data: z.object({ name: z.string(), copies: z.int().default(1), text: z.string().optional() }),
  key: ({ name }) => name.split("/")[0] ?? "",
});
export const bookLost = event("shelf.book-lost", { version: 2, data: z.object({ name: z.string() }), key: ({ name }) => name });

const Names = z.object({ names: z.array(z.string()), ends: z.enum(["commit", "fail", "undo", "again"]).default("commit") });
const online = { output: z.object({}), access: signedIn(), budget: "20s", idempotent: "key" } as const;

let conflicts = 0;

/** Adds books, each with an event. */
export const add = command("shelf.add", {
  ...{ ...online, input: Names, emits: [bookAdded, bookLost] },
  async run({ names, ends }, { sql, newId, emit, attempt, call }) {
    for (const name of names) {
      await sql`insert into shelf.books (id, name) values (${newId()}, ${name})`.run();
      emit(bookAdded, { name });
    }
    if (ends === "fail") throw new RangeError("asked to fail");
    if (ends === "again" && ++conflicts % 2 === 1) await sql`do $$ begin raise exception 'again' using errcode = '40001'; end $$`.run();
    if (ends === "undo")
      await attempt(async () => {
        emit(bookLost, { name: "undone" });
        await call(lose, { name: "undone too" });
        throw new RangeError("undone");
      }).catch(() => undefined);
    return {};
  },
});

/** Emits inside the transaction of its caller. */
export const lose = command("shelf.lose", {
  ...{ ...online, input: z.object({ name: z.string() }), idempotent: "natural", emits: [bookLost] },
  async run({ name }, { emit }) {
    emit(bookLost, { name });
    return {};
  },
});

/** Calls a command that emits, and emits itself. */
export const move = command("shelf.move", {
  ...{ ...online, input: z.object({ name: z.string() }), emits: [bookAdded] },
  async run({ name }, { call, emit }) {
    await call(lose, { name });
    emit(bookAdded, { name });
    return {};
  },
});

/** Emits what a test gives, whatever that is. */
export const given = command("shelf.given", {
  ...{ ...online, input: z.object({ what: z.string(), caught: z.boolean().default(false) }), emits: [bookAdded] },
  async run({ what, caught }, { emit, sql, newId }) {
    await sql`insert into shelf.books (id, name) values (${newId()}, 'given')`.run();
    const giving = gifts[what as keyof typeof gifts] as () => unknown;
    try {
      if (what === "unlisted") emit(bookLost as never, { name: "a" } as never);
      else if (what === "many") for (let n = 0; n <= 1_000; n++) emit(bookAdded, { name: String(n) });
      else emit(bookAdded, giving() as never);
    } catch (error) {
      if (!caught) throw error;
    }
    return {};
  },
});

/** What `given` emits, by its name. */
export const gifts = {
  right: () => ({ name: "a", password: "not in the schema" }),
  wrong: () => ({ name: 7 }),
  keyless: () => ({ name: "" }),
  control: () => ({ name: "a\nb" }),
  large: () => ({ name: "a", text: "x".repeat(70_000) }),
  unlisted: () => undefined,
  many: () => undefined,
} as const;

export const peek = query("shelf.peek", {
  ...{ input: z.object({}), output: z.object({}), access: signedIn(), budget: "20s" },
  async run(_input, scope) {
    (scope as unknown as { emit(event: unknown, data: unknown): void }).emit(bookAdded, { name: "a" });
    return {};
  },
});

/** Completes with a command that emits. */
export const shelve = task("shelf.shelve", {
  ...{ input: z.object({ name: z.string() }), budget: "20s" },
  async run({ name }, { commit }) {
    await commit(({ call }) => call(lose, { name }));
  },
});

/** The module with events that it does not emit, as earlier versions of its own. */
export const shelfWith = (...events: readonly (typeof bookLost)[]) =>
  module("shelf", {
    schema: "shelf",
    migrations: new URL("./migrations/", import.meta.url),
    operations: [add, lose, move, given, peek, shelve],
    events: [bookAdded, bookLost, ...events],
  });
export const shelf = shelfWith();

export const ann = testActor({ id: "ann", tenant: "acme" });
export const shelfDatabase = () => testDatabase({ modules: [shelf] });
export const shelfApp = (database: TestDatabase, spec: Partial<TestAppSpec> = {}) =>
  testApp({ modules: [shelf], database, actor: ann, ...spec });

/** What the log has, in its order. */
export async function logged(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.admin<{ name: string; data: string }>("select name, data from plimsoll.events order by epoch, xid, seq");
  return rows.map(({ name, data }) => `${name} ${data}`);
}

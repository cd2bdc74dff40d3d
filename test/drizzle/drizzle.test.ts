import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { eq, sql as expression } from "drizzle-orm";
import { command, fault, type Module, module, signedIn } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import type { Fault } from "../../src/core/fault.ts";
import { testServers } from "../integration/servers.ts";
import { db, findTickets, openTicket, readNotes, tickets, vote } from "./tickets.ts";

const migration = `
create table desk.tickets (
  tenant_id text not null default plimsoll.tenant(),
  id uuid not null,
  title text not null check (title <> 'forbidden'),
  votes bigint not null default 0,
  opened_at timestamptz not null default plimsoll.now(),
  due_at timestamp,
  price numeric,
  labels text[] not null default '{}',
  facts jsonb,
  photo bytea,
  open boolean not null default true,
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('desk.tickets');
create table desk.notes (tenant_id text not null default plimsoll.tenant(), id uuid not null, ticket_id uuid not null, body text not null, place integer not null, primary key (tenant_id, id));
select plimsoll.tenant_table('desk.notes');`;

type Db = ReturnType<typeof db>;
const Stop = fault("stop", { code: "failed_precondition", message: "It stops here." });
const title = "attempted";
/** Commands that hold a connection each until they are released. */
const holders = { count: 0, both: Promise.withResolvers<void>(), released: Promise.withResolvers<void>() };

/** Each is tried in a command of its own; what it returns is the output. */
const attempts: Record<string, (db: Db, id: string) => Promise<unknown> | unknown> = {
  transaction: (db) => db.transaction(async (tx) => tx.select().from(tickets)),
  budget: async (db) => {
    for (let i = 0; i < 6; i++) await db.select().from(tickets);
  },
  twice: async (db, id) => {
    await db.insert(tickets).values({ id, title });
    await db.insert(tickets).values({ id, title });
  },
  check: (db, id) => db.insert(tickets).values({ id, title: "forbidden" }),
  missing: (db) => db.execute(expression`select * from desk.nothing`),
  "a value that the column does not take": (db, id) => db.insert(tickets).values({ id, title, votes: 1.5 }),
  "an insert that is not awaited": (db, id) => void db.insert(tickets).values({ id, title }).returning(),
  "an update that is not awaited": (db) => void db.update(tickets).set({ title }),
  "a delete that is not awaited": (db) => void db.delete(tickets),
  "a write that is sent and not awaited": (db, id) => void db.insert(tickets).values({ id, title }).execute(),
  "a write in a with": async (db, id) => {
    const made = db.$with("made").as(db.insert(tickets).values({ id, title }).returning());
    return (await db.with(made).select({ title: made.title }).from(made)).map((row) => row.title);
  },
  holds: async (db) => {
    await db.select().from(tickets).limit(1);
    if (++holders.count === 2) holders.both.resolve();
    await holders.released.promise;
  },
  counts: async (db, id) => {
    const inserted = await db.insert(tickets).values([{ id, title }]);
    const updated = await db.update(tickets).set({ votes: 3 }).where(eq(tickets.id, id));
    const read = await db.execute<{ votes: number }>(expression`select votes from desk.tickets where id = ${id}`);
    const counted = await db.$count(tickets, eq(tickets.title, title));
    const gone = await db.delete(tickets).where(eq(tickets.id, id)).returning({ title: tickets.title });
    return [inserted.rowCount, updated.rowCount, read.rows, counted, gone];
  },
  prepared: async (db, id) => {
    await db.insert(tickets).values({ id, title });
    const find = db
      .select({ title: tickets.title })
      .from(tickets)
      .where(eq(tickets.id, expression.placeholder("id")))
      .prepare("find");
    return find.execute({ id });
  },
  values: async (db, id) => {
    const given = {
      ...{ id, title: 'It\'s 100% \\ "odd" ☂', votes: 2 ** 53 - 1, openedAt: new Date("2026-11-29T11:22:33.444Z") },
      ...{ dueAt: new Date("2026-12-24T18:00:00.000Z"), price: "12345678901234567890.123", labels: ["a,b", 'c"d', "{}", ""] },
      ...{ facts: { a: [1, null, "x"] } as unknown, photo: Buffer.from([0, 255, 7]), open: false },
    };
    await db.insert(tickets).values(given);
    const [read] = await db.select().from(tickets).where(eq(tickets.id, id));
    assert.deepEqual(read, given);
    for (const facts of ["a text", 7, true, ["x"]]) {
      await db.update(tickets).set({ facts }).where(eq(tickets.id, id));
      assert.deepEqual((await db.select({ facts: tickets.facts }).from(tickets).where(eq(tickets.id, id)))[0], { facts });
    }
    return "read as written";
  },
};

const common = {
  input: z.object({ what: z.string(), stop: z.boolean().default(false) }),
  output: z.object({ result: z.unknown() }),
  faults: [Stop],
  access: signedIn(),
  idempotent: "no",
} as const;
const attempt = command("desk.attempt", {
  ...common,
  budget: { deadline: "5s", queries: 16 },
  async run({ what, stop }, scope) {
    const result = await attempts[what]?.(db(scope), scope.newId());
    if (stop) scope.fail(Stop, {});
    return { result: result ?? null };
  },
});
const few = command("desk.few", {
  ...common,
  budget: { deadline: "5s", queries: 3 },
  run: async ({ what }, scope) => ({ result: await attempts[what]?.(db(scope), scope.newId()) }),
});

for (const server of await testServers()) {
  describe(`Drizzle on the operation's own transaction, on ${server.name}`, () => {
    let folder: string;
    let desk: Module;
    let database: TestDatabase;
    let app: TestApp;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "plimsoll-desk-"));
      writeFileSync(join(folder, "0001_desk.sql"), migration);
      const operations = [openTicket, findTickets, vote, readNotes, attempt, few];
      desk = module("desk", { schema: "desk", migrations: pathToFileURL(`${folder}/`), operations });
      database = await testDatabase({ modules: [desk], server });
      const actor = testActor({ tenant: "acme" });
      app = await testApp({ modules: [desk], database: postgres({ url: database.url, connections: 2 }), actor });
    });
    after(async () => {
      await app?.stop();
      await database?.drop();
      await server.stop();
      rmSync(folder, { recursive: true });
    });

    const result = async (what: string) => (await app.call(attempt, { what })).result;
    const problem = async (what: string, of: typeof attempt | typeof few = attempt) => {
      const failed = await app.call(of, { what }).then(
        () => assert.fail(`${what} did not fail`),
        (error: Fault) => error,
      );
      return [failed.code, failed.type, String(failed.cause ?? failed.message)].join(" ");
    };
    const kept = () => database.admin("select from desk.tickets where title in ('attempted', 'forbidden')");

    it("writes and reads, with the types and for the tenant of the operation", async () => {
      const { id } = await app.call(openTicket, { title: "It's 100% broken", notes: ["first", "second"] }, { key: "open" });
      assert.deepEqual(await app.call(openTicket, { title: "It's 100% broken", notes: ["first", "second"] }, { key: "open" }), { id });
      await app.call(openTicket, { title: "quiet" });
      assert.deepEqual(await app.call(vote, { id }), { votes: 1 });
      assert.deepEqual(await app.call(findTickets, { title: "100%", minVotes: 1 }), {
        tickets: [{ id, title: "It's 100% broken", votes: 1 }],
      });
      assert.equal((await app.call(findTickets, {})).tickets.length, 2);
      const { joined, related } = await app.call(readNotes, { id });
      assert.deepEqual(
        [joined.map(([ticket, note, body]) => [ticket === id, note !== id, body]), related],
        [
          [
            [true, true, "first"],
            [true, true, "second"],
          ],
          ["first", "second"],
        ],
      );
      assert.deepEqual(await app.as(testActor({ tenant: "globex" })).call(findTickets, {}), { tickets: [] });
    });

    it("reads each value as it was written", async () => assert.equal(await result("values"), "read as written"));

    it("says how many rows changed, runs raw statements, counts and prepares", async () => {
      assert.deepEqual(await result("counts"), [1, 1, [{ votes: 3 }], 1, [{ title }]]);
      assert.deepEqual(await result("prepared"), [{ title }]);
      assert.deepEqual(await result("a write in a with"), [title]);
      await database.admin("delete from desk.tickets where title = 'attempted'");
    });

    it("is undone with everything else", async () => {
      await assert.rejects(app.call(attempt, { what: "prepared", stop: true }), { type: "stop" });
      assert.deepEqual(await kept(), []);
    });

    for (const [what, expected] of [
      ["transaction", /internal .*one transaction already/],
      ["twice", /already_exists|duplicate key/],
      ["check", /failed_precondition check_violation/],
      ["missing", /internal .*desk\.nothing/],
      ["a value that the column does not take", /internal .*1\.5|int8 takes integers/],
      ["an insert that is not awaited", /statement_not_run.*drizzle\.test\.ts|drizzle\.test\.ts.*never sent/],
      ["an update that is not awaited", /never sent: update "desk"/],
      ["a delete that is not awaited", /never sent: delete from "desk"/],
      ["a write that is sent and not awaited", /internal/],
    ] as const)
      it(`fails with the fault of a statement, and keeps nothing: ${what}`, async () => {
        const text = await problem(what);
        assert.match(text, expected);
        assert.doesNotMatch(text, /Failed query|params:/, "Drizzle's own error has the values of the statement");
        assert.deepEqual(await kept(), []);
      });

    it("fails alone where a write that is not awaited still waits for its connection", async () => {
      Object.assign(holders, { count: 0, both: Promise.withResolvers(), released: Promise.withResolvers() });
      const holding = [app.call(attempt, { what: "holds" }), app.call(attempt, { what: "holds" })];
      await holders.both.promise;
      assert.match(await problem("a write that is sent and not awaited"), /internal (floating_statements|promise_not_awaited)/);
      holders.released.resolve();
      await Promise.all(holding);
      // The write fails once its connection is there. A rejection that no code handles fails this test when the turn ends.
      await app.call(findTickets, {});
      await new Promise(setImmediate);
    });

    it("is counted against the budget", async () => assert.match(await problem("budget", few), /query_budget_exceeded/));
  });
}

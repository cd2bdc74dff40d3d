import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { command, type Module, module, query, signedIn } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { kysely } from "../../src/kysely/index.ts";
import { testServers } from "../integration/servers.ts";
import { closeOld, findTickets, openTicket, vote } from "./tickets.ts";

const migration = `
create table desk.tickets (
  tenant_id text not null default plimsoll.tenant(),
  id uuid not null,
  title text not null,
  votes bigint not null default 0,
  opened_at timestamptz not null default plimsoll.now(),
  primary key (tenant_id, id)
);
select plimsoll.tenant_table('desk.tickets');`;

interface Database {
  "desk.tickets": { id: string; title: string; votes: number; opened_at: string };
}
const quick = { input: z.object({}), output: z.object({}), access: signedIn(), budget: { deadline: "1s", queries: 3 } } as const;

const failing = command("desk.failing", {
  ...{ ...quick, idempotent: "key" },
  async run(_, { sql, newId }) {
    await kysely<Database>(sql).insertInto("desk.tickets").values({ id: newId(), title: "undone", votes: 7, opened_at: "now" }).execute();
    await sql`select 1 / 0`.run();
    return {};
  },
});
const attempts: Record<string, (db: ReturnType<typeof kysely<Database>>) => Promise<unknown>> = {
  transaction: (db) => db.transaction().execute(async (trx) => trx.selectFrom("desk.tickets").selectAll().execute()),
  stream: async (db) => {
    for await (const _ of db.selectFrom("desk.tickets").selectAll().stream());
  },
  budget: async (db) => {
    for (let i = 0; i < 4; i++) await db.selectFrom("desk.tickets").selectAll().execute();
  },
  destroy: (db) => db.destroy(),
};
const attempt = query("desk.attempt", {
  ...quick,
  input: z.object({ what: z.string() }),
  output: z.object({ message: z.string() }),
  async run({ what }, { sql }) {
    const message = await attempts[what]?.(kysely<Database>(sql)).then(
      () => "done",
      (error: Error) => error.message,
    );
    return { message: message ?? "" };
  },
});

for (const server of await testServers()) {
  describe(`Kysely on the operation's own transaction, on ${server.name}`, () => {
    let folder: string;
    let desk: Module;
    let database: TestDatabase;
    let app: TestApp;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "plimsoll-desk-"));
      writeFileSync(join(folder, "0001_desk.sql"), migration);
      desk = module("desk", {
        schema: "desk",
        migrations: pathToFileURL(`${folder}/`),
        operations: [openTicket, findTickets, vote, closeOld, failing, attempt],
      });
      database = await testDatabase({ modules: [desk], server });
      const actor = testActor({ tenant: "acme" });
      app = await testApp({ modules: [desk], database: postgres({ url: database.url, connections: 2 }), actor });
    });
    after(async () => {
      await app.stop();
      await database.drop();
      await server.stop();
      rmSync(folder, { recursive: true });
    });

    it("writes and reads, with the types and for the tenant of the operation", async () => {
      const { id } = await app.call(openTicket, { title: "It's 100% broken" }, { key: "open" });
      assert.deepEqual(await app.call(openTicket, { title: "It's 100% broken" }, { key: "open" }), { id });
      await app.call(openTicket, { title: "quiet" });
      assert.deepEqual(await app.call(vote, { id }), { votes: 1 });
      assert.deepEqual(await app.call(findTickets, { title: "100%", minVotes: 1 }), {
        tickets: [{ id, title: "It's 100% broken", votes: 1 }],
      });
      assert.equal((await app.call(findTickets, {})).tickets.length, 2);
      assert.deepEqual(await app.as(testActor({ tenant: "globex" })).call(findTickets, {}), { tickets: [] });
    });

    it("tells how many rows it changed, and returns those that were asked for", async () => {
      assert.deepEqual(await app.call(closeOld, {}), { counted: 2, returned: ["QUIET"] });
    });

    it("is undone with everything else", async () => {
      await assert.rejects(app.call(failing, {}), { code: "internal" });
      assert.deepEqual(await database.admin("select from desk.tickets where title = 'undone'"), []);
    });

    it("begins no transaction of its own, streams nothing, and is counted against the budget", async () => {
      const message = async (what: string) => (await app.call(attempt, { what })).message;
      assert.match(await message("transaction"), /one transaction already/);
      assert.match(await message("stream"), /Read pages with a limit/);
      assert.equal(await message("destroy"), "done");
      await assert.rejects(app.call(attempt, { what: "budget" }), /may send 3 statements/);
      assert.equal((await app.call(findTickets, {})).tickets.length, 1);
    });
  });
}

import { sql as expression, type Generated } from "kysely";
import { command, query, signedIn } from "plimsoll";
import { z } from "zod";
import { kysely } from "../../src/kysely/index.ts";

/** The tables, as Kysely wants them. */
interface Database {
  "desk.tickets": { id: string; title: string; votes: Generated<number>; opened_at: Generated<string> };
}

const Ticket = z.object({ id: z.uuid(), title: z.string(), votes: z.int() });

export const openTicket = command("desk.open-ticket", {
  input: z.object({ title: z.string().min(1) }),
  output: z.object({ id: z.uuid() }),
  access: signedIn(),
  idempotent: "key",
  budget: "2s",
  async run({ title }, { sql, newId }) {
    const id = newId();
    await kysely<Database>(sql).insertInto("desk.tickets").values({ id, title }).execute();
    return { id };
  },
});

export const findTickets = query("desk.find-tickets", {
  input: z.object({ title: z.string().optional(), minVotes: z.int().optional() }),
  output: z.object({ tickets: z.array(Ticket) }),
  access: signedIn(),
  budget: "2s",
  async run({ title, minVotes }, { sql }) {
    let tickets = kysely<Database>(sql).selectFrom("desk.tickets").select(["id", "title", "votes"]);
    if (title !== undefined) tickets = tickets.where("title", "ilike", `%${title}%`);
    if (minVotes !== undefined) tickets = tickets.where("votes", ">=", minVotes);
    return { tickets: await tickets.orderBy("votes", "desc").limit(50).execute() };
  },
});

/** One handler may use both: they are the same transaction. */
export const vote = command("desk.vote", {
  input: z.object({ id: z.uuid() }),
  output: z.object({ votes: z.int() }),
  access: signedIn(),
  idempotent: "key",
  budget: "2s",
  async run({ id }, { sql }) {
    await sql`update desk.tickets set votes = votes + 1 where id = ${id}`.run();
    const { votes } = await kysely<Database>(sql).selectFrom("desk.tickets").select("votes").where("id", "=", id).executeTakeFirstOrThrow();
    return { votes };
  },
});

export const closeOld = command("desk.close-old", {
  input: z.object({}),
  output: z.object({ counted: z.int(), returned: z.array(z.string()) }),
  access: signedIn(),
  idempotent: "no",
  budget: "2s",
  async run(_, { sql }) {
    const db = kysely<Database>(sql);
    const { numUpdatedRows } = await db.updateTable("desk.tickets").set({ title: expression`upper(title)` }).executeTakeFirstOrThrow();
    const gone = await db.deleteFrom("desk.tickets").where("votes", "=", 0).returning("title").execute();
    return { counted: Number(numUpdatedRows), returned: gone.map(({ title }) => title) };
  },
});

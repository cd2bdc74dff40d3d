import { and, eq, sql as expression, gte, ilike, relations } from "drizzle-orm";
import { bigint, boolean, customType, integer, jsonb, numeric, pgSchema, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { command, query, signedIn } from "plimsoll";
import { z } from "zod";
import { drizzle } from "../../src/drizzle/index.ts";

const desk = pgSchema("desk");
const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });

/** The tables, as Drizzle wants them. The migration makes them; the tenant is the database's business. */
export const tickets = desk.table("tickets", {
  id: uuid("id").primaryKey(),
  title: text("title").notNull(),
  votes: bigint("votes", { mode: "number" }).notNull().default(0),
  openedAt: timestamp("opened_at", { withTimezone: true, mode: "date" }).notNull().default(expression`plimsoll.now()`),
  dueAt: timestamp("due_at", { mode: "date" }),
  price: numeric("price"),
  labels: text("labels").array().notNull().default([]),
  facts: jsonb("facts"),
  photo: bytea("photo"),
  open: boolean("open").notNull().default(true),
});
export const notes = desk.table("notes", {
  id: uuid("id").primaryKey(),
  ticketId: uuid("ticket_id").notNull(),
  body: text("body").notNull(),
  place: integer("place").notNull(),
});
const ticketNotes = relations(tickets, ({ many }) => ({ notes: many(notes) }));
const noteTicket = relations(notes, ({ one }) => ({ ticket: one(tickets, { fields: [notes.ticketId], references: [tickets.id] }) }));

export const db = drizzle({ schema: { tickets, notes, ticketNotes, noteTicket } });

const Ticket = z.object({ id: z.uuid(), title: z.string(), votes: z.int() });

export const openTicket = command("desk.open-ticket", {
  input: z.object({ title: z.string().min(1), notes: z.array(z.string()).default([]) }),
  output: z.object({ id: z.uuid() }),
  access: signedIn(),
  idempotent: "key",
  budget: "2s",
  async run({ title, notes: bodies }, scope) {
    const id = scope.newId();
    await db(scope).insert(tickets).values({ id, title });
    const rows = bodies.map((body, place) => ({ id: scope.newId(), ticketId: id, body, place }));
    if (rows.length > 0) await db(scope).insert(notes).values(rows);
    return { id };
  },
});

export const findTickets = query("desk.find-tickets", {
  input: z.object({ title: z.string().optional(), minVotes: z.int().optional() }),
  output: z.object({ tickets: z.array(Ticket) }),
  access: signedIn(),
  budget: "2s",
  async run({ title, minVotes }, scope) {
    const { id, votes } = tickets;
    const found = await db(scope)
      .select({ id, title: tickets.title, votes })
      .from(tickets)
      .where(
        and(
          title === undefined ? undefined : ilike(tickets.title, `%${title}%`),
          minVotes === undefined ? undefined : gte(votes, minVotes),
        ),
      )
      .orderBy(tickets.title)
      .limit(50);
    return { tickets: found };
  },
});

/** One handler may use both: they are the same transaction. */
export const vote = command("desk.vote", {
  input: z.object({ id: z.uuid() }),
  output: z.object({ votes: z.int() }),
  access: signedIn(),
  idempotent: "key",
  budget: "2s",
  async run({ id }, scope) {
    await scope.sql`update desk.tickets set votes = votes + 1 where id = ${id}`.run();
    const [row] = await db(scope).select({ votes: tickets.votes }).from(tickets).where(eq(tickets.id, id));
    return { votes: row?.votes ?? 0 };
  },
});

/** Two tables whose columns have one name, and relations. */
export const readNotes = query("desk.read-notes", {
  input: z.object({ id: z.uuid() }),
  output: z.object({ joined: z.array(z.array(z.string().nullable())), related: z.array(z.string()) }),
  access: signedIn(),
  budget: "2s",
  async run({ id }, scope) {
    const joined = await db(scope)
      .select()
      .from(tickets)
      .leftJoin(notes, eq(notes.ticketId, tickets.id))
      .where(eq(tickets.id, id))
      .orderBy(notes.place);
    const ticket = await db(scope).query.tickets.findFirst({ where: eq(tickets.id, id), with: { notes: { orderBy: notes.place } } });
    return {
      joined: joined.map((row) => [row.tickets.id, row.notes?.id ?? null, row.notes?.body ?? null]),
      related: ticket?.notes.map(({ body }) => body) ?? [],
    };
  },
});

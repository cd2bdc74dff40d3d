// Queries built with Drizzle. Run it with: node --conditions=source examples/libraries/drizzle.ts
import { asc, eq, gte, sql } from "drizzle-orm";
import { integer, pgSchema, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { command, createApp, module, query } from "plimsoll";
import { drizzle } from "plimsoll/drizzle";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

const items = pgSchema("stock").table("items", {
  id: uuid("id").primaryKey(),
  name: text("name").notNull(),
  quantity: integer("quantity").notNull(),
  countedAt: timestamp("counted_at", { withTimezone: true }).notNull().default(sql`plimsoll.now()`),
});
const db = drizzle({ schema: { items } });
const common = { access: "public", budget: "2s" } as const;

const add = command("stock.add", {
  ...{ ...common, input: z.object({ name: z.string(), quantity: z.int() }), output: z.object({ id: z.uuid() }), idempotent: "no" },
  async run(item, scope) {
    const id = scope.newId();
    await db(scope)
      .insert(items)
      .values({ id, ...item });
    return { id };
  },
});

const take = command("stock.take", {
  ...{ ...common, input: z.object({ id: z.uuid() }), output: z.object({ left: z.int() }), idempotent: "no" },
  async run({ id }, scope) {
    const [row] = await db(scope)
      .update(items)
      .set({ quantity: sql`${items.quantity} - 1` })
      .where(eq(items.id, id))
      .returning({ left: items.quantity });
    return { left: row?.left ?? 0 };
  },
});

const list = query("stock.list", {
  ...{ ...common, input: z.object({ least: z.int().default(0) }), output: z.object({ names: z.array(z.string()) }) },
  async run({ least }, scope) {
    const rows = await db(scope).select({ name: items.name }).from(items).where(gte(items.quantity, least)).orderBy(asc(items.name));
    return { names: rows.map(({ name }) => name) };
  },
});

const stock = module("stock", { schema: "stock", migrations: new URL("./drizzle/", import.meta.url), operations: [add, take, list] });
const app = createApp({ modules: [stock], database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }) });
await app.start();
const { id } = await app.call(add, { name: "kite", quantity: 1 });
await app.call(add, { name: "rope", quantity: 12 });
console.log(`left: ${(await app.call(take, { id })).left}`);
// The constraint of the table decides, and its fault comes as it is.
await app.call(take, { id }).catch(({ type }) => console.log(`none is left: ${type}`));
console.log(`at least one: ${(await app.call(list, { least: 1 })).names}`);
await app.stop();

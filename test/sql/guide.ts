import { command, json, list, module, query, signedIn, sqlFragment } from "plimsoll";
import { z } from "zod";

// What docs/guide/sql.md quotes.

const Book = z.object({ id: z.uuid(), title: z.string(), priceCents: z.int(), tags: z.array(z.string()), addedAt: z.iso.datetime() });

export const findBooks = query("library.find-books", {
  input: z.object({ ids: z.array(z.uuid()).max(100).optional(), tag: z.string().optional() }),
  output: z.object({ books: z.array(Book) }),
  access: signedIn(),
  budget: "2s",
  async run({ ids, tag }, { sql }) {
    const wanted = ids === undefined ? sqlFragment`true` : sqlFragment`id in ${list(ids)}`;
    const tagged = tag === undefined ? sqlFragment`true` : sqlFragment`${tag} = any(tags)`;
    const books = await sql(Book)`
      select id, title, price_cents, tags, added_at from library.books where ${wanted} and ${tagged} order by title limit 100`.many();
    return { books };
  },
});

export const addBook = command("library.add-book", {
  input: z.object({ title: z.string().max(200), priceCents: z.int(), tags: z.array(z.string()).max(20), note: z.json() }),
  output: z.object({ id: z.uuid(), isFirst: z.boolean() }),
  access: signedIn(),
  budget: "2s",
  idempotent: "key",
  async run({ title, priceCents, tags, note }, { sql, newId, now }) {
    const isFirst = !(await sql`select from library.books where title = ${title}`.exists());
    const id = newId();
    await sql`
      insert into library.books (id, title, price_cents, tags, note, added_at)
      values (${id}, ${title}, ${priceCents}, ${tags}, ${json(note)}, ${now()})`.run();
    return { id, isFirst };
  },
});

export const library = module("library", {
  schema: "library",
  migrations: new URL("./library/", import.meta.url),
  operations: [findBooks, addBook],
});

import { module, query, signedIn } from "plimsoll";
import { z } from "zod";

const Row = z.object({ id: z.int() });

export const findBooks = query("shelves.find", {
  input: z.object({ owner: z.string() }),
  output: z.object({ items: z.array(Row) }),
  access: signedIn(),
  budget: "2s",
  async run({ owner }, { sql }) {
    return { items: await sql(Row)`select id from shelves.books where owner_id = ${owner} order by id limit 10`.many() };
  },
});

export const shelves = module("shelves", {
  schema: "shelves",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [findBooks],
});

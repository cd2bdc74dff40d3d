import { command, module, type Sql, signedIn } from "plimsoll";
import { z } from "zod";
import { kysely } from "../../../src/kysely/index.ts";

// One table with a column of each type, and ways to bring any value of JavaScript into it and back.

/** A way of a value to the server and back. */
export type Way = (sql: Sql, column: string, value: unknown) => Promise<unknown>;

export const ways: Readonly<Record<string, Way>> = {
  sql: async (sql, column, value) => {
    const { read } = await sql<{ read: unknown }>`
      insert into cells.cells (${sql.unsafe(column)}) values (${value}) returning ${sql.unsafe(column)} as read`.one();
    return read;
  },
  Kysely: async (sql, column, value) => {
    // biome-ignore lint/suspicious/noExplicitAny: the columns are those of a test.
    const db = kysely<any>(sql);
    const row = await db
      .insertInto("cells.cells")
      .values({ [column]: value })
      .returning(column)
      .executeTakeFirstOrThrow();
    return (row as Record<string, unknown>)[column];
  },
};

/** What an operation does is said by the test, outside of what an input can say. */
export const work: { run: (sql: Sql) => Promise<void> } = { run: async () => undefined };

export const doWork = command("cells.work", {
  input: z.object({ field: z.unknown().optional(), other: z.unknown().optional() }),
  output: z.object({}),
  access: signedIn(),
  idempotent: "no",
  budget: { deadline: "20s", queries: 100 },
  async run(_, { sql }) {
    await work.run(sql);
    return {};
  },
});

export const cells = module("cells", {
  schema: "cells",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [doWork],
});

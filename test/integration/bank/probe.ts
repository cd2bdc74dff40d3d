import { command, module, query, signedIn } from "plimsoll";
import { z } from "zod";

// Operations that run whatever SQL a test sends: a way for tests to put any statement on the path of a request, and nothing for an application.

const Rows = z.object({ rows: z.array(z.record(z.string(), z.unknown())) });

/** One statement in a read-only transaction. */
export const read = query("probe.read", {
  input: z.object({ text: z.string(), values: z.array(z.unknown()).optional(), columnsAsIs: z.boolean().optional() }),
  output: Rows,
  access: signedIn(),
  budget: "5s",
  run: async ({ text, values, columnsAsIs = false }, { sql }) => ({ rows: await sql.unsafe(text, values, { columnsAsIs }).many() }),
});

const Texts = z.object({ texts: z.array(z.string()) });

/** Several statements in one transaction, one after the other; the rows are those of the last. */
export const write = command("probe.write", {
  input: Texts,
  output: Rows,
  access: signedIn(),
  idempotent: "key",
  budget: { deadline: "5s", queries: 1_000 },
  async run({ texts }, { sql }) {
    let rows: Record<string, unknown>[] = [];
    for (const text of texts) rows = await sql.unsafe(text).many();
    return { rows };
  },
});

/** The same without a key. */
export const writeOnce = command("probe.write-once", {
  input: Texts,
  output: Rows,
  access: signedIn(),
  idempotent: "no",
  budget: "5s",
  async run({ texts }, { sql }) {
    let rows: Record<string, unknown>[] = [];
    for (const text of texts) rows = await sql.unsafe(text).many();
    return { rows };
  },
});

export const probe = module("probe", { operations: [read, write, writeOnce] });

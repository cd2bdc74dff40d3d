import pg from "pg";
import { taskTables } from "../../tasks/books/task-tables.ts";

/** What an old transaction has read: `other`, a table that is none of ours; `tasks`, those of the tasks, as a dump does. */
export const readings = {
  other: "select count(*) from soak_other",
  tasks: `select count(*) from ${taskTables.tasks}`,
} as const;

/** Holds a transaction with a snapshot open for a while. */
export async function holdSnapshot(
  url: string,
  { reads, ms }: { readonly reads: keyof typeof readings; readonly ms: number },
): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: "soak-reader" });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query("create table if not exists soak_other (a integer)");
    await client.query("begin isolation level repeatable read");
    await client.query(readings[reads]);
    await new Promise((resolve) => setTimeout(resolve, ms));
    await client.query("commit");
  } finally {
    await client.end();
  }
}

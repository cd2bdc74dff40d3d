import pg from "pg";
import { databaseFault } from "./errors.ts";

/** Runs work on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "plimsoll-migrate", connectionTimeoutMillis: 5_000 });
  // A connection that breaks while nothing is asked of it rejects the next query; unheard, it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw databaseFault(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

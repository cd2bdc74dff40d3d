import pg from "pg";
import { limits } from "../core/limits.ts";
import { databaseFault } from "./faults.ts";
import { verifiedUrl } from "./start/verified-url.ts";
import { endSession } from "./wire/end-session.ts";

const connectMs = 5_000;

/** Makes a client that is not yet connected. */
export function migrationClient(url: string): pg.Client {
  return new pg.Client({
    ...{ connectionString: verifiedUrl(url), application_name: "plimsoll-migrate", connectionTimeoutMillis: connectMs },
    // A statement of a migration may take hours, in which nothing else is sent.
    ...{ keepAlive: true, keepAliveInitialDelayMillis: limits.connectionProbeMs },
  });
}

/** Runs work on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = migrationClient(url);
  // If an unused connection breaks, the next query rejects. Without a listener the event would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw databaseFault(error);
  } finally {
    await endSession(client);
  }
}

import type { DatabaseSource } from "../../src/app/database.ts";
import { postgres } from "../../src/postgres/database.ts";
import type { TestDatabase, TestServer } from "../../src/testing/database.ts";

/** What a campaign tells the test files that it runs: the server's address as its superuser, and that of a pooler in front of it. */
export const serverVariable = "PLIMSOLL_CAMPAIGN_SERVER";
export const poolerVariable = "PLIMSOLL_CAMPAIGN_POOLER";
/** `false` where that pooler loses prepared statements. */
export const preparedVariable = "PLIMSOLL_CAMPAIGN_PREPARED";

/** The server of the campaign that runs this file; undefined where none does. */
export function chosenServer(): TestServer | undefined {
  const adminUrl = process.env[serverVariable];
  return adminUrl === undefined ? undefined : { name: "campaign", adminUrl, stop: async () => undefined };
}

/** The database as the application reaches it in this campaign: through its pooler, where it has one. */
export function asChosen(database: TestDatabase): DatabaseSource {
  const pooler = process.env[poolerVariable];
  if (pooler === undefined) return database;
  const url = new URL(database.url);
  url.host = pooler;
  return postgres({ url: url.href, directUrl: database.url, preparedStatements: process.env[preparedVariable] !== "false" });
}

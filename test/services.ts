import assert from "node:assert/strict";
import pg from "pg";

const candidates = ["postgres", "root"].map((user) => `postgres://${user}@127.0.0.1:5432/postgres`);

async function findPostgres(): Promise<string | undefined> {
  for (const connectionString of candidates) {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.query("select 1");
      return connectionString;
    } catch {
      // Not this one; whether that matters is decided below.
    } finally {
      await client.end().catch(() => {});
    }
  }
  return undefined;
}

const postgres = await findPostgres();

/**
 * The PostgreSQL of this machine that tests may fill with databases of their own, as a superuser; `undefined` where none answers on 127.0.0.1:5432.
 * Where `CI=true` it throws instead: there, a test that a missing service would skip must fail.
 * @example describe("pool", { skip: postgresUrl() ? false : "no PostgreSQL on 127.0.0.1:5432" }, () => { … });
 */
export function postgresUrl(): string | undefined {
  const needed = process.env.CI === "true";
  assert(
    postgres || !needed,
    "No PostgreSQL answers on 127.0.0.1:5432 to user postgres or root without a password: start one, or unset CI to skip its tests.",
  );
  return postgres;
}

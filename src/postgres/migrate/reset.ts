import type pg from "pg";
import { withClient } from "../client.ts";
import type { MigrateSpec } from "../migrate.ts";
import { type MigrationOwner, readMigrations } from "../migration-files.ts";
import { withLock } from "./lock.ts";
import { broken } from "./migration-file.ts";

/** The database that {@link reset} empties: the address for its owner and, as a check, its name. */
export interface ResetSpec extends Pick<MigrateSpec, "clock" | "waitMs"> {
  readonly modules: readonly MigrationOwner[];
  readonly adminUrl: string;
  readonly database: string;
}

/**
 * Drops the schemas of Plimsoll and of the modules, with all rows in them and all that depends on them, so that the next start runs all migrations
 * from the first. Use it in development, after you edited a file that has run. For an embedded server, use `reset` from `plimsoll/embedded`.
 * *Defaults*: waits 2 min for a process that migrates.
 * *Guarantees*: touches no other schema, and drops all or nothing.
 * *Faults thrown*: `failed_precondition` (`NODE_ENV` is `production`, or the address leads to another database than `database` names), `unavailable`.
 * @example await reset({ modules, adminUrl: env.ADMIN_DATABASE_URL, database: "shop_dev" });
 */
export async function reset({ modules, adminUrl, database, ...spec }: ResetSpec): Promise<void> {
  refuseInProduction();
  const schemas = readMigrations(modules).map(({ schema }) => schema);
  await withClient(adminUrl, async (client) => {
    await refuseOther(client, database);
    await withLock(client, spec, () => dropAll(client, schemas));
  });
}

/** *Faults thrown*: `failed_precondition`, where `NODE_ENV` is `production`. */
export function refuseInProduction(): void {
  if (process.env.NODE_ENV === "production")
    throw broken("A reset drops every row, and NODE_ENV is production. Write what you want in a new migration.");
}

async function refuseOther(client: pg.Client, database: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>("select current_database() as name");
  if (rows[0]?.name === database) return;
  throw broken(
    `A reset drops every row, and adminUrl leads to the database "${rows[0]?.name}", but "${database}" was named. Name the database that you mean to empty.`,
  );
}

async function dropAll(client: pg.Client, schemas: readonly string[]): Promise<void> {
  await client.query(`drop schema if exists ${schemas.map((schema) => client.escapeIdentifier(schema)).join(", ")} cascade`);
}

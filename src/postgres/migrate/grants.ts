import type pg from "pg";
import type { MigratedModule } from "../migration-files.ts";
import { broken, type MigrationFile } from "./migration-file.ts";

/** Lets the application's role use what the migrations made, and what later ones will make; of Plimsoll's own schema only what it needs. */
export async function grantTo(client: pg.Client, role: string, modules: readonly MigratedModule[]): Promise<void> {
  const app = client.escapeIdentifier(role);
  if (!(await isRole(client, role)))
    throw broken(`The role "${role}" of the application's address does not exist. Create it: create role ${app} login password '…'.`);
  const grants = modules.slice(1).map((module) => {
    const schema = client.escapeIdentifier(module.schema);
    return `
    create schema if not exists ${schema};
    grant usage on schema ${schema} to ${app};
    grant select, insert, update, delete on all tables in schema ${schema} to ${app};
    grant usage, select on all sequences in schema ${schema} to ${app};
    grant execute on all functions in schema ${schema} to ${app};
    alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${app};
    alter default privileges in schema ${schema} grant usage, select on sequences to ${app};
    alter default privileges in schema ${schema} grant execute on functions to ${app};`;
  });
  await client.query(`begin; ${grantsOfOwn(app, modules[0]?.files ?? [])} ${grants.join("")} commit`);
}

/** Lets the application's role, where it is there already, use what it needs of Plimsoll's own schema. */
export async function grantOwn(client: pg.Client, role: string, files: readonly MigrationFile[]): Promise<void> {
  if (await isRole(client, role)) await client.query(grantsOfOwn(client.escapeIdentifier(role), files));
}

/** Functions without a grant are for the owner, as whom the functions that call them run. */
function grantsOfOwn(app: string, files: readonly MigrationFile[]): string {
  return `
    grant usage on schema plimsoll to ${app};
    grant select on plimsoll.migrations to ${app};
    revoke execute on all functions in schema plimsoll from public;
    grant execute on function plimsoll.now to ${app};
    ${files.map(({ grants }) => grants.replaceAll(':"app"', () => app)).join("")}`;
}

async function isRole(client: pg.Client, role: string): Promise<boolean> {
  const { rows } = await client.query("select from pg_roles where rolname = $1", [role]);
  return rows.length > 0;
}

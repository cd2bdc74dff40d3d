import type pg from "pg";
import { Fault } from "../core/fault.ts";
import type { Module } from "../operation/module.ts";
import type { Connection } from "./connection.ts";

const oldestVersion = 150_000;

interface RoleFacts {
  readonly version: number;
  readonly role: string;
  readonly superuser: boolean;
  readonly bypassesRls: boolean;
  readonly owned: string | null;
}

/**
 * Refuses a connection whose role could look past row-level security, or a server that is too old. Returns the server's version.
 * *Faults thrown*: `failed_precondition` that says what to do.
 */
export async function checkAppRole(connection: Connection, modules: readonly Module[]): Promise<number> {
  const schemas = ["plimsoll", ...modules.flatMap(({ schema }) => schema ?? [])];
  const { rows } = await connection.send({
    text: `select current_setting('server_version_num')::int as version, r.rolname as role, r.rolsuper as superuser, r.rolbypassrls as "bypassesRls",
        (select min(n.nspname) from pg_namespace n where n.nspname = any ($1)
          and (pg_has_role(n.nspowner, 'member') or exists (select from pg_class c where c.relnamespace = n.oid and pg_has_role(c.relowner, 'member')))) as owned
      from pg_roles r where r.rolname = current_user`,
    values: [schemas],
    columnsAsIs: true,
  });
  const facts = rows[0] as unknown as RoleFacts;
  if (facts.version < oldestVersion)
    throw refused(`The server is PostgreSQL ${Math.floor(facts.version / 10_000)}; Plimsoll needs 15 or newer. Upgrade the server.`);
  const why = facts.superuser
    ? "is a superuser"
    : facts.bypassesRls
      ? "may bypass row-level security"
      : facts.owned === null
        ? undefined
        : `owns the schema "${facts.owned}" or a table in it`;
  if (why !== undefined)
    throw refused(
      `The application connects as "${facts.role}", which ${why}: nothing would keep tenants apart. Create a role of its own (create role app login password '…'), put it into DATABASE_URL, and the owner into ADMIN_DATABASE_URL.`,
    );
  return facts.version;
}

/** Makes the application's role where it is not there yet; two processes may do it at once. */
export async function ensureAppRole(
  admin: pg.Client,
  { role, password }: { readonly role: string; readonly password: string },
): Promise<void> {
  const quoted = admin.escapeIdentifier(role);
  const secret = admin.escapeLiteral(password);
  await admin
    .query(`create role ${quoted} login nosuperuser nocreatedb nocreaterole nobypassrls password ${secret}`)
    // Somebody made it before, or at the same moment.
    .catch((error: { code?: string }) => (error.code === "42710" || error.code === "23505" ? undefined : Promise.reject(error)));
}

function refused(message: string): Fault {
  return new Fault({ code: "failed_precondition", type: "database_role_refused", message });
}

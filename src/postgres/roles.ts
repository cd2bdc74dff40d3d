import type pg from "pg";
import { Fault } from "../core/fault.ts";
import type { Connection } from "./connection.ts";
import type { MigrationOwner } from "./migration-files.ts";

const oldestVersion = 150_000;

interface RoleFacts {
  readonly version: number;
  readonly role: string;
  /** Roles that it is, or can become with `set role`. */
  readonly superuser: string | null;
  readonly bypassesRls: string | null;
  readonly createsRoles: string | null;
  /** A schema that it owns, or can come to own. */
  readonly owned: string | null;
  /** A schema that it may not use. */
  readonly closed: string | null;
}

// A role can become each that it is a member of, so what those may do counts as its own. Itself comes first, for the message.
const canBecome = (right: string): string =>
  `(select r.rolname from pg_roles r where ${right} and pg_has_role(session_user, r.oid, 'member') order by r.rolname <> session_user, r.rolname limit 1)`;

// Before 16, a role that may create roles may make itself a member of any but a superuser.
const roleFacts = `
  select current_setting('server_version_num')::int as version, session_user::text as role,
    ${canBecome("r.rolsuper")} as superuser,
    ${canBecome("r.rolbypassrls")} as "bypassesRls",
    ${canBecome("r.rolcreaterole and current_setting('server_version_num')::int < 160000")} as "createsRoles",
    (select min(n.nspname) from pg_namespace n where n.nspname = any ($1) and (pg_has_role(session_user, n.nspowner, 'member')
      or exists (select from pg_class c where c.relnamespace = n.oid and pg_has_role(session_user, c.relowner, 'member')))) as owned,
    (select min(n.nspname) from pg_namespace n where n.nspname = any ($1) and not has_schema_privilege(n.oid, 'usage')) as closed`;

/**
 * Refuses a connection whose role could look past row-level security, as itself or as a role that it can become, and a server that is too
 * old. One round trip. Returns the server's version, as in 150020.
 * *Faults thrown*: `failed_precondition` that says what to do.
 */
export async function checkAppRole(connection: Connection, modules: readonly MigrationOwner[]): Promise<number> {
  const schemas = ["plimsoll", ...modules.flatMap(({ schema }) => schema ?? [])];
  const { rows } = await connection.send({ text: roleFacts, values: [schemas], columnsAsIs: true });
  const facts = rows[0] as unknown as RoleFacts;
  refuseOldServer(facts.version);
  const why = whyUnsafe(facts);
  if (why !== undefined)
    throw refused(
      `The application connects as "${facts.role}", which ${why}, so PostgreSQL would not separate the tenants. Create another role (create role app login password '…'), use it in the address of the application (DATABASE_URL), and the owner in the admin address (ADMIN_DATABASE_URL).`,
    );
  if (facts.closed !== null)
    throw refused(
      `The application connects as "${facts.role}", which may not use the schema "${facts.closed}". Run the migrations with this role in DATABASE_URL, which grants it the schemas, or use the role in DATABASE_URL with which the migrations ran.`,
    );
  return facts.version;
}

/** *Faults thrown*: `failed_precondition` before PostgreSQL 15. */
export function refuseOldServer(version: number): void {
  if (version < oldestVersion)
    throw refused(`The server is PostgreSQL ${Math.floor(version / 10_000)}; Plimsoll needs 15 or newer. Upgrade the server.`);
}

function whyUnsafe({ role, superuser, bypassesRls, createsRoles, owned }: RoleFacts): string | undefined {
  const through = (other: string, what: string) => (other === role ? what : `can become "${other}", which ${what}`);
  if (superuser !== null) return through(superuser, "is a superuser");
  if (bypassesRls !== null) return through(bypassesRls, "may bypass row-level security");
  if (owned !== null) return `owns the schema "${owned}" or a table in it, or can become its owner`;
  if (createsRoles !== null) return through(createsRoles, "may create roles, and so become the owner");
  return undefined;
}

/** The application's role to create, and the database that it may connect to. */
export interface AppRoleSpec {
  readonly role: string;
  readonly password: string;
  /** A database to make where there is none, and to let the role connect to. */
  readonly database?: string;
}

/** Makes the application's role, and its database where one is named, if they are not there yet; two processes may do it at once. */
export async function ensureAppRole(admin: pg.Client, { role, password, database }: AppRoleSpec): Promise<void> {
  const app = admin.escapeIdentifier(role);
  await unlessThere(
    admin.query(`create role ${app} login nosuperuser nocreatedb nocreaterole nobypassrls password ${admin.escapeLiteral(password)}`),
  );
  if (database === undefined) return;
  const name = admin.escapeIdentifier(database);
  const known = await admin.query("select from pg_database where datname = $1", [database]);
  // Copying a template takes long and disturbs others who do, so it is not tried in vain.
  if (known.rowCount === 0) await unlessThere(admin.query(`create database ${name}`));
  const mayConnect = await admin.query("select where has_database_privilege($1, $2, 'connect')", [role, database]);
  if (mayConnect.rowCount === 0) await admin.query(`grant connect on database ${name} to ${app}`);
}

/** Another session made it before (42710, 42P04), or at the same moment (23505). */
async function unlessThere(made: Promise<unknown>): Promise<void> {
  try {
    await made;
  } catch (error) {
    if (!["42710", "42P04", "23505"].includes((error as { code?: string }).code ?? "")) throw error;
  }
}

function refused(message: string): Fault {
  return new Fault({ code: "failed_precondition", type: "database_role_refused", message });
}

import pg from "pg";
import { type Clock, sleep } from "../core/clock.ts";
import type { Module } from "../operation/module.ts";
import { databaseFault } from "./errors.ts";
import { broken, type MigratedModule, type MigrationFile, readMigrations } from "./migration-files.ts";

export interface MigrateSpec {
  readonly modules: readonly Module[];
  /** As the owner. Without it nothing is applied: what is missing is a fault. */
  readonly adminUrl?: string | undefined;
  /** As the application, whose role is granted what it needs. */
  readonly appUrl: string;
  /** How long a statement waits for a lock before the migration steps back and tries again. *Default*: 5 s. */
  readonly lockTimeoutMs?: number;
  /** Runs before the first file, when there is something to apply: makes roles where the server is our own. */
  readonly prepare?: () => Promise<void>;
  readonly clock: Clock;
}

/** What a migration run did, or would do. */
export interface MigrationReport {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

interface LedgerRow {
  readonly module: string;
  readonly name: string;
  readonly checksum: string;
}

// One lock for all processes of a database; the number is the word "plimsoll" in part.
const lockKey = 0x706c696d;
const attempts = 5;

/**
 * Brings the database to the version of this code: Plimsoll's own schema and that of every module, one file after the other, each in a
 * transaction of its own. A second process that starts at the same time waits. A database that is ahead of this code is left alone.
 * *Faults thrown*: `failed_precondition` (a file that was edited after it ran, out of order, or fails), `unavailable`.
 */
export async function migrate(spec: MigrateSpec): Promise<MigrationReport> {
  const modules = readMigrations(spec.modules);
  const pending = await readPending(spec.appUrl, modules).catch((error) => {
    // The role or the database may not exist before the first run as the owner.
    if (spec.adminUrl === undefined) throw error;
    return undefined;
  });
  if (pending?.length === 0) return { applied: [], pending: [] };
  if (spec.adminUrl === undefined)
    throw broken(
      `The database lacks ${list(pending ?? [])}. Start once with adminUrl (the owner), which applies them, before this version serves.`,
    );
  const adminUrl = spec.adminUrl;
  await spec.prepare?.();
  return withClient(adminUrl, (client) => withLock(client, () => applyAll(client, { ...spec, adminUrl }, modules)));
}

/** Tells what would be applied, and tries it in a transaction that is rolled back. */
export async function dryRun(spec: MigrateSpec & { readonly adminUrl: string }): Promise<MigrationReport> {
  const modules = readMigrations(spec.modules);
  return withClient(spec.adminUrl, async (client) => {
    await client.query("begin");
    try {
      await prepare(client);
      const pending = pendingOf(modules, await readLedger(client));
      for (const file of pending) {
        await client.query(`create schema if not exists ${file.schema}`);
        // What cannot run in a transaction cannot be tried in one.
        if (!file.alone) await runFile(client, file);
      }
      return { applied: [], pending: pending.map(nameOf) };
    } finally {
      await client.query("rollback");
    }
  });
}

async function applyAll(
  client: pg.Client,
  spec: MigrateSpec & { readonly adminUrl: string },
  modules: readonly MigratedModule[],
): Promise<MigrationReport> {
  await prepare(client);
  const pending = pendingOf(modules, await readLedger(client));
  for (const file of pending) await applyFile(client, file, spec);
  await grant(client, modules, new URL(spec.appUrl).username);
  return { applied: pending.map(nameOf), pending: [] };
}

/** The ledger must be there before the first file, so it is no file. */
async function prepare(client: pg.Client): Promise<void> {
  await client.query(`
    create schema if not exists plimsoll;
    create table if not exists plimsoll.migrations (
      module text not null, name text not null, checksum text not null,
      applied_at timestamptz not null default now(), duration_ms integer not null,
      primary key (module, name)
    )`);
}

async function applyFile(client: pg.Client, file: MigrationFile, { clock, lockTimeoutMs = 5_000 }: MigrateSpec): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const since = clock.monotonic();
    try {
      await client.query(`set lock_timeout = ${lockTimeoutMs}`);
      if (!file.alone) await client.query("begin");
      await client.query(`create schema if not exists ${file.schema}`);
      await runFile(client, file);
      await client.query("insert into plimsoll.migrations (module, name, checksum, duration_ms) values ($1, $2, $3, $4)", [
        ...[file.module, file.name, file.checksum, Math.round(clock.monotonic() - since)],
      ]);
      if (!file.alone) await client.query("commit");
      return;
    } catch (error) {
      if (!file.alone) await client.query("rollback").catch(() => undefined);
      const { cause } = error as { cause?: { code?: string } };
      if (cause?.code !== "55P03" || attempt >= attempts) throw error;
      // Whoever waits behind our waiting lock is let through before the next try.
      await sleep(clock, 200 * 2 ** attempt * (0.5 + clock.random()));
    }
  }
}

async function runFile(client: pg.Client, file: MigrationFile): Promise<void> {
  try {
    await client.query(file.sql);
  } catch (cause) {
    const { position, message, hint, code } = cause as { position?: string; message: string; hint?: string; code?: string };
    const line = position === undefined ? "" : `:${file.sql.slice(0, Number(position)).split("\n").length}`;
    const advice =
      code === "55P03"
        ? "Another transaction holds a lock on the table. End it, or migrate at a quieter time."
        : "Mend the file; nothing of it was kept.";
    throw broken(`${file.path}${line}: ${message}.${hint === undefined ? "" : ` ${hint}.`} ${advice}`, cause);
  }
}

/** Lets the application's role use what the migrations made, and what later ones will make. */
async function grant(client: pg.Client, modules: readonly MigratedModule[], role: string): Promise<void> {
  const { rows } = await client.query<{ known: boolean; role: string }>(
    "select exists (select from pg_roles where rolname = $1) as known, quote_ident($1) as role",
    [role],
  );
  const app = rows[0]?.role;
  if (rows[0]?.known !== true)
    throw broken(`The role "${role}" of the application's address does not exist. Create it: create role ${app} login password '…'.`);
  const grants = modules.slice(1).map(
    ({ schema }) => `
    create schema if not exists ${schema};
    grant usage on schema ${schema} to ${app};
    grant select, insert, update, delete on all tables in schema ${schema} to ${app};
    grant usage, select on all sequences in schema ${schema} to ${app};
    grant execute on all functions in schema ${schema} to ${app};
    alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${app};
    alter default privileges in schema ${schema} grant usage, select on sequences to ${app};
    alter default privileges in schema ${schema} grant execute on functions to ${app};`,
  );
  await client.query(`
    grant usage on schema plimsoll to ${app};
    grant select on plimsoll.migrations to ${app};
    revoke execute on function plimsoll.tenant_table(regclass) from public;
    ${grants.join("")}`);
}

/** Files that this code has and the database has not. A database that is ahead is fine; one that differs is not. */
function pendingOf(modules: readonly MigratedModule[], ledger: readonly LedgerRow[]): readonly MigrationFile[] {
  const applied = new Map(ledger.map((row) => [`${row.module}/${row.name}`, row.checksum]));
  return modules.flatMap(({ files, name: module }) => {
    const pending = files.filter((file) => !applied.has(nameOf(file)));
    for (const file of files) {
      const checksum = applied.get(nameOf(file));
      if (checksum !== undefined && checksum !== file.checksum)
        throw broken(
          `${file.path} was changed after it ran (it ran as ${checksum.slice(0, 12)}, it is ${file.checksum.slice(0, 12)}). Undo the change, and write what you want in a new file.`,
        );
    }
    const last = files.findLastIndex((file) => applied.has(nameOf(file)));
    const gap = files.slice(0, Math.max(0, last)).find((file) => !applied.has(nameOf(file)));
    if (gap !== undefined)
      throw broken(`${gap.path} did not run, and a later file of ${module} did. Give it a number after the last one that ran.`);
    // What the ledger has in the middle and this code has not is another history, not a later version.
    const known = new Set(files.map((file) => file.name));
    const strange = ledger.find((row) => row.module === module && !known.has(row.name) && Number(row.name.slice(0, 4)) <= files.length);
    if (strange !== undefined)
      throw broken(
        `The database ran ${module}/${strange.name}, which this code does not have. Deploy the code that has it, or restore the file.`,
      );
    return pending;
  });
}

async function readPending(url: string, modules: readonly MigratedModule[]): Promise<readonly MigrationFile[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ there: boolean }>("select to_regclass('plimsoll.migrations') is not null as there");
    return pendingOf(modules, rows[0]?.there === true ? await readLedger(client) : []);
  });
}

async function readLedger(client: pg.Client): Promise<readonly LedgerRow[]> {
  const { rows } = await client.query<LedgerRow>("select module, name, checksum from plimsoll.migrations");
  return rows;
}

async function withLock<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query("set lock_timeout = 60000");
  await client.query("select pg_advisory_lock($1)", [lockKey]);
  try {
    return await work();
  } finally {
    await client.query("select pg_advisory_unlock($1)", [lockKey]).catch(() => undefined);
  }
}

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

const nameOf = (file: MigrationFile): string => `${file.module}/${file.name}`;
const list = (files: readonly MigrationFile[]): string => files.map(nameOf).join(", ");

import pg from "pg";
import { type Clock, systemClock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import { migrationClient, withClient } from "./client.ts";
import { type ApplyOptions, applyFile, sqlStateOf } from "./migrate/apply.ts";
import { applyOwn } from "./migrate/functions.ts";
import { grantTo } from "./migrate/grants.ts";
import { withLock } from "./migrate/lock.ts";
import { broken, type MigrationFile } from "./migrate/migration-file.ts";
import { type LedgerRow, type MigrationPlan, madeByUnreleased, nameOf, planMigrations, type UntriedFile } from "./migrate/plan.ts";
import { tryFiles } from "./migrate/try.ts";
import { type MigratedModule, type MigrationOwner, readMigrations } from "./migration-files.ts";
import { checkSession } from "./start/session-address.ts";

const needsSession =
  "Migrations need a session, which holds their lock, and a transaction pooler between this process and PostgreSQL keeps none. Give adminUrl an address of the server itself, or of a pooler with pool_mode = session.";

/** Options of {@link migrate}: the modules, the addresses of the database, and the mode. */
export interface MigrateSpec {
  /** All modules of the app: what is missing here counts as newer code. */
  readonly modules: readonly MigrationOwner[];
  /** As the owner. Without it nothing is applied: what is missing is a fault. */
  readonly adminUrl?: string | undefined;
  /** As the application, whose role is granted what it needs. */
  readonly url: string;
  /** The same past a pooler. *Default*: `url`. */
  readonly directUrl?: string | undefined;
  /** *Default*: the user of `directUrl` or `url`; a pooler may know it under another name. */
  readonly appRole?: string;
  /**
   * `apply` brings the database to this code; `dry-run` tries that in a transaction that is rolled back, which holds the locks of all files
   * until then, and names the files that cannot be tried so; `status` only tells. *Default*: `apply`.
   */
  readonly mode?: "apply" | "dry-run" | "status";
  /** How long a statement waits for a lock before the file is undone and tried again. *Default*: 5 s. */
  readonly lockTimeoutMs?: number;
  /** How long to wait for another process that migrates. *Default*: 2 min. */
  readonly waitMs?: number;
  /** Runs before the first file, when there is something to apply: makes roles where the server is our own. */
  readonly prepare?: () => Promise<void>;
  /** *Default*: the system's. */
  readonly clock?: Clock;
}

/** What a migration run did, or would do; files are named as in `orders/0001_orders`. */
export interface MigrationReport {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** What newer code ran on this database, and this code does not know. */
  readonly ahead: readonly string[];
  /** Of a dry run: pending files of which only an apply can say whether they run, each with the reason. */
  readonly notTried?: readonly UntriedFile[];
}

/**
 * Runs the pending migrations: those of Plimsoll in one transaction, then those of every module, each file in its own transaction. A second process
 * that starts at the same time waits. It does not change a database that is ahead of this code. If nothing is pending, it costs one connection and
 * one round trip. An app does this at its start; call it to see pending migrations first, or to migrate in a separate step.
 * *Defaults*: applies, waits 2 min for another process and 5 s for a lock.
 * *Faults thrown*: `failed_precondition` (a file that was edited after it ran, out of order, or fails), `unavailable`.
 * @example
 * const { pending } = await migrate({ modules, url: env.DATABASE_URL, adminUrl: env.ADMIN_DATABASE_URL, mode: "status" });
 */
export async function migrate(spec: MigrateSpec): Promise<MigrationReport> {
  const { adminUrl, mode = "apply" } = spec;
  const modules = readMigrations(spec.modules);
  if (mode === "dry-run") return dryRun(spec, modules);
  const plan = await readPlan(spec, modules);
  if (plan?.pending.length === 0 || (plan !== undefined && mode === "status")) return report(plan);
  if (mode === "status") return report({ pending: modules.flatMap(({ files }) => files), ahead: [], removed: [] });
  if (adminUrl === undefined)
    throw broken(
      `The database lacks ${plan?.pending.map(nameOf).join(", ") ?? "Plimsoll's schema, or the application's role may not read it"}. Start one process with adminUrl, the address of the owner (ADMIN_DATABASE_URL), which runs the pending migrations.`,
    );
  await spec.prepare?.();
  return asOwner(adminUrl, spec, (client) => applyAll(client, spec, modules));
}

/** Under the lock of all that migrate, which a session holds. */
function asOwner<T>(adminUrl: string, spec: MigrateSpec, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return withClient(adminUrl, async (client) => {
    await checkSession(client, { another: () => migrationClient(adminUrl), message: needsSession });
    return withLock(client, spec, () => work(client));
  });
}

/** It refuses nothing that an apply takes: a file that fails here, and might not there, is named as not tried. */
function dryRun(spec: MigrateSpec, modules: readonly MigratedModule[]): Promise<MigrationReport> {
  if (spec.adminUrl === undefined)
    throw broken("A dry run has no adminUrl, and only the owner can try the files. Give it the address of the owner.");
  return asOwner(spec.adminUrl, spec, async (client) => {
    await client.query("begin");
    try {
      await createLedger(client);
      const plan = planMigrations(modules, await readLedger(client));
      const notTried = await tryFiles(client, plan.pending, lockTimeoutOf(spec));
      return { ...report(plan), ...(notTried.length > 0 && { notTried }) };
    } finally {
      await client.query("rollback").catch(() => undefined);
    }
  });
}

async function applyAll(client: pg.Client, spec: MigrateSpec, modules: readonly MigratedModule[]): Promise<MigrationReport> {
  await createLedger(client);
  const { pending, ahead, removed } = planMigrations(modules, await readLedger(client));
  const options: ApplyOptions = { lockTimeoutMs: lockTimeoutOf(spec), clock: spec.clock ?? systemClock };
  const role = spec.appRole ?? userOf(directOf(spec));
  const own = pending.filter(isOwn);
  if (own.length > 0) await applyOwn(client, { pending: own, removed, all: modules[0]?.files ?? [], role }, options);
  for (const file of pending) if (!isOwn(file)) await applyFile(client, file, options);
  await grantTo(client, role, modules);
  return { applied: pending.map(nameOf), pending: [], ahead };
}

/** The ledger must be there before the first file, so it is no file. */
async function createLedger(client: pg.Client): Promise<void> {
  try {
    await client.query(`
      create schema if not exists plimsoll;
      create table if not exists plimsoll.migrations (
        module text not null, name text not null, checksum text not null,
        applied_at timestamptz not null default clock_timestamp(), duration_ms integer not null, release text not null,
        primary key (module, name)
      )`);
  } catch (cause) {
    if (sqlStateOf(cause) !== "42501") throw cause;
    throw broken(
      `The owner of adminUrl may not make what the migrations need: ${(cause as Error).message}. Grant it: grant create on database … to ${client.escapeIdentifier(client.user ?? "owner")}.`,
      cause,
    );
  }
}

/** In one round trip; undefined where the database, the role or the ledger is not there yet, or the role may not read it. */
async function readPlan(spec: MigrateSpec, modules: readonly MigratedModule[]): Promise<MigrationPlan | undefined> {
  const { adminUrl, mode } = spec;
  const url = directOf(spec);
  const notYet = new Set(["42P01", "3F000", "42501", ...(adminUrl === undefined ? [] : ["28000", "28P01", "3D000"])]);
  let connected = false;
  try {
    return await withClient(mode === "status" ? (adminUrl ?? url) : url, async (client) => {
      connected = true;
      return planMigrations(modules, await readLedger(client));
    });
  } catch (error) {
    const code = sqlStateOf(error);
    // A role that may not even connect is not one that only lacks the right to read.
    if (code === "42501" && !connected && adminUrl === undefined) throw error;
    if (code !== undefined && notYet.has(code)) return undefined;
    throw error;
  }
}

async function readLedger(client: pg.Client): Promise<readonly LedgerRow[]> {
  try {
    const { rows } = await client.query<LedgerRow>("select module, name, checksum, release from plimsoll.migrations");
    return rows;
  } catch (cause) {
    if (sqlStateOf(cause) !== "42703") throw cause;
    throw madeByUnreleased("its ledger names no release", cause);
  }
}

const isOwn = ({ module }: MigrationFile): boolean => module === "plimsoll";

const directOf = ({ url, directUrl }: MigrateSpec): string => directUrl ?? url;
const lockTimeoutOf = ({ lockTimeoutMs = limits.migrationLockMs }: MigrateSpec): number => lockTimeoutMs;
/** As the driver reads it: an address without a user means that of the environment. */
const userOf = (url: string): string => new pg.Client({ connectionString: url }).user ?? "";
const report = ({ pending, ahead }: MigrationPlan): MigrationReport => ({ applied: [], pending: pending.map(nameOf), ahead });

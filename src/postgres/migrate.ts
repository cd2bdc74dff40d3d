import pg from "pg";
import { type Clock, sleep, systemClock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { withClient } from "./client.ts";
import { type ApplyOptions, applyFile, forget, runFile, sqlStateOf } from "./migrate/apply.ts";
import { grantTo } from "./migrate/grants.ts";
import { type LedgerRow, type MigrationPlan, nameOf, planMigrations } from "./migrate/plan.ts";
import { broken, type MigratedModule, type MigrationOwner, readMigrations } from "./migration-files.ts";

/** What {@link migrate} brings where. */
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
   * until then; `status` only tells. *Default*: `apply`.
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
}

// One lock for all processes of a database; the number is the word "plimsoll" in part.
const lockKey = 0x706c696d;
const lockPollMs = 100;

/**
 * Brings the database to the version of this code: Plimsoll's own schema and that of every module, one file after the other, each in a
 * transaction of its own. A second process that starts at the same time waits. A database that is ahead of this code is left alone.
 * Where nothing is missing it costs one connection and one round trip. An app does this at its start; call it to ask first, or to migrate in a
 * step of its own.
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
  if (mode === "status") return report({ pending: modules.flatMap(({ files }) => files), ahead: [] });
  if (adminUrl === undefined)
    throw broken(
      `The database lacks ${plan?.pending.map(nameOf).join(", ") ?? "Plimsoll's schema, or the application's role may not read it"}. Start once with adminUrl (the owner), which applies what is missing, before this version serves.`,
    );
  await spec.prepare?.();
  return withClient(adminUrl, (client) => withLock(client, spec, () => applyAll(client, spec, modules)));
}

/** What cannot run in a transaction cannot be tried in one; those files are only named. */
function dryRun(spec: MigrateSpec, modules: readonly MigratedModule[]): Promise<MigrationReport> {
  if (spec.adminUrl === undefined) throw broken("A dry run needs adminUrl (the owner), who would apply the files.");
  return withClient(spec.adminUrl, (client) =>
    withLock(client, spec, async () => {
      await client.query("begin");
      try {
        await createLedger(client);
        const plan = planMigrations(modules, await readLedger(client));
        for (const file of plan.pending) {
          await forget(client);
          if (!file.alone) await runFile(client, file, lockTimeoutOf(spec));
        }
        return report(plan);
      } finally {
        await client.query("rollback").catch(() => undefined);
      }
    }),
  );
}

async function applyAll(client: pg.Client, spec: MigrateSpec, modules: readonly MigratedModule[]): Promise<MigrationReport> {
  await createLedger(client);
  const { pending, ahead } = planMigrations(modules, await readLedger(client));
  const options: ApplyOptions = { lockTimeoutMs: lockTimeoutOf(spec), clock: spec.clock ?? systemClock };
  for (const file of pending) await applyFile(client, file, options);
  await grantTo(client, spec.appRole ?? userOf(directOf(spec)), modules);
  return { applied: pending.map(nameOf), pending: [], ahead };
}

/** The ledger must be there before the first file, so it is no file. */
async function createLedger(client: pg.Client): Promise<void> {
  try {
    await client.query(`
      create schema if not exists plimsoll;
      create table if not exists plimsoll.migrations (
        module text not null, name text not null, checksum text not null,
        applied_at timestamptz not null default now(), duration_ms integer not null,
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
  try {
    return await withClient(mode === "status" ? (adminUrl ?? url) : url, async (client) =>
      planMigrations(modules, await readLedger(client)),
    );
  } catch (error) {
    const code = sqlStateOf(error);
    if (code !== undefined && notYet.has(code)) return undefined;
    throw error;
  }
}

async function readLedger(client: pg.Client): Promise<readonly LedgerRow[]> {
  const { rows } = await client.query<LedgerRow>("select module, name, checksum from plimsoll.migrations");
  return rows;
}

/**
 * One process migrates at a time. It asks again and again: a session that waits within a statement holds a snapshot, for which
 * `create index concurrently` of the other process would wait in turn.
 */
async function withLock<T>(client: pg.Client, spec: MigrateSpec, work: () => Promise<T>): Promise<T> {
  const { clock = systemClock, waitMs = limits.migrationWaitMs } = spec;
  const until = clock.monotonic() + waitMs;
  await forget(client);
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [lockKey]);
    if (rows[0]?.locked === true) break;
    if (clock.monotonic() >= until)
      throw new Fault({
        code: "unavailable",
        type: "migration_locked",
        message: `Another process has been migrating this database for more than ${Math.round(waitMs / 1_000)} s. Wait for it, or end it (see pg_stat_activity, application plimsoll-migrate), and start again.`,
        retryAfterMs: waitMs,
      });
    await sleep(clock, lockPollMs * (0.5 + clock.random()));
  }
  try {
    return await work();
  } finally {
    await client.query("select pg_advisory_unlock($1)", [lockKey]).catch(() => undefined);
  }
}

const directOf = ({ url, directUrl }: MigrateSpec): string => directUrl ?? url;
const lockTimeoutOf = ({ lockTimeoutMs = limits.migrationLockMs }: MigrateSpec): number => lockTimeoutMs;
/** As the driver reads it: an address without a user means that of the environment. */
const userOf = (url: string): string => new pg.Client({ connectionString: url }).user ?? "";
const report = ({ pending, ahead }: MigrationPlan): MigrationReport => ({ applied: [], pending: pending.map(nameOf), ahead });

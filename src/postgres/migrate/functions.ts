import type pg from "pg";
import { type ApplyOptions, applyWithin, forget, inTransaction, prepareSession, type ServerError, sendStatements } from "./apply.ts";
import { grantOwn } from "./grants.ts";
import { broken, type MigrationFile } from "./migration-file.ts";
import { release } from "./release.ts";

/** What is pending of Plimsoll's own schema, and what comes with it. */
export interface OwnChanges {
  /** Versioned files before functions. */
  readonly pending: readonly MigrationFile[];
  /** Names of functions that are to go. */
  readonly removed: readonly string[];
  /** All that this release has, pending or not: what they grant. */
  readonly all: readonly MigrationFile[];
  /** Of the application. */
  readonly role: string;
}

/** Applies what is pending of Plimsoll's own schema in one transaction, so that no process meets new tables with old functions. */
export async function applyOwn(client: pg.Client, { pending, removed, all, role }: OwnChanges, options: ApplyOptions): Promise<void> {
  const functions = pending.filter(({ repeatable }) => repeatable);
  await inTransaction(client, options, async () => {
    for (const file of pending) if (!file.repeatable) await applyWithin(client, file, options);
    const drops = removed.map((name) => `drop function if exists plimsoll.${client.escapeIdentifier(name.slice("functions/".length))};`);
    await client.query(drops.join("\n"));
    await runFunctions(client, functions, options.lockTimeoutMs);
    await rememberFunctions(client, functions, removed);
    await grantOwn(client, role, all);
  });
}

/** Makes or replaces functions in the transaction that is open. *Faults thrown*: `failed_precondition`, for what the server refuses. */
export async function runFunctions(client: pg.Client, functions: readonly MigrationFile[], lockTimeoutMs: number): Promise<void> {
  const [first] = functions;
  if (first === undefined) return;
  await forget(client);
  await prepareSession(client, first, lockTimeoutMs);
  for (const file of functions) await sendStatements(client, file);
  await checkFunctions(client, functions);
}

/**
 * Has the server read the bodies of functions, whose tables and whose like are all there now.
 * *Faults thrown*: `failed_precondition` (a body that fits no table, a second signature of one name).
 */
async function checkFunctions(client: pg.Client, functions: readonly MigrationFile[]): Promise<void> {
  const names = functions.map(({ name }) => name.slice("functions/".length));
  const twice = await client.query<{ name: string }>(
    "select proname as name from pg_catalog.pg_proc where pronamespace = 'plimsoll'::regnamespace group by 1 having count(*) > 1 order by 1",
  );
  const [double] = twice.rows;
  if (double !== undefined)
    throw broken(
      `plimsoll.${double.name} would have two signatures. A function keeps its own, because the release before this one calls it: give the changed one another name, and remove the old file one release later.`,
    );
  try {
    await client.query("set local check_function_bodies = on");
    for (const [language, validator] of [["sql", "fmgr_sql_validator"] as const, ["plpgsql", "plpgsql_validator"] as const])
      await client.query(
        `select pg_catalog.${validator}(p.oid) from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
         where p.pronamespace = 'plimsoll'::regnamespace and p.proname = any ($1) and l.lanname = '${language}'`,
        [names],
      );
  } catch (error) {
    const { message, where } = error as ServerError;
    throw broken(`A function of Plimsoll does not fit its tables: ${message} (${where ?? "the server names no function"}).`, error);
  }
}

async function rememberFunctions(client: pg.Client, functions: readonly MigrationFile[], removed: readonly string[]): Promise<void> {
  await forget(client);
  await client.query(
    `insert into plimsoll.migrations (module, name, checksum, duration_ms, release)
     select 'plimsoll', f.name, f.checksum, 0, $3 from unnest($1::text[], $2::text[]) with ordinality as f (name, checksum, n) order by f.n
     on conflict (module, name) do update
       set checksum = excluded.checksum, applied_at = excluded.applied_at, release = excluded.release`,
    [functions.map(({ name }) => name), functions.map(({ checksum }) => checksum), release],
  );
  await client.query("delete from plimsoll.migrations where module = 'plimsoll' and name = any ($1)", [removed]);
}

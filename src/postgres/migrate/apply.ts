import pg from "pg";
import { type Clock, sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { broken, type MigrationFile } from "../migration-files.ts";
import { type SqlStatement, splitSql } from "./split.ts";

export interface ApplyOptions {
  /** How long a statement waits for a lock before the file is undone and tried again. */
  readonly lockTimeoutMs: number;
  readonly clock: Clock;
}

/** What `pg` throws when the server refuses a statement. */
interface ServerError {
  readonly code?: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
}

const lockNotAvailable = "55P03";
const deadlockDetected = "40P01";
const controlsTransaction = new Set(["begin", "start", "commit", "end", "rollback", "abort", "prepare"]);

/** A query that knows how many statements of its text were done when one failed. */
class FileQuery extends (pg.Query as unknown as new (text: string, values: undefined, done: (error: Error | null) => void) => DriverQuery) {
  done = 0;
  override handleCommandComplete(message: unknown, connection: unknown): void {
    this.done++;
    super.handleCommandComplete(message, connection);
  }
}

/** What `pg` calls on a query while its answer comes in; its published types leave these out. */
interface DriverQuery extends pg.Submittable {
  handleCommandComplete(message: unknown, connection: unknown): void;
}

/** Runs a file and remembers it, in one transaction where it does not say otherwise; waits for locks briefly and often, not once and long. */
export async function applyFile(client: pg.Client, file: MigrationFile, options: ApplyOptions): Promise<void> {
  if (file.alone) return applyAlone(client, file, options);
  const { clock, lockTimeoutMs } = options;
  for (let attempt = 1; ; attempt++) {
    const since = clock.monotonic();
    try {
      await forget(client);
      await client.query("begin");
      await runFile(client, file, lockTimeoutMs);
      await remember(client, file, clock.monotonic() - since);
      await client.query("commit");
      return;
    } catch (error) {
      await client.query("rollback").catch(() => undefined);
      const code = sqlStateOf(error);
      if ((code !== lockNotAvailable && code !== deadlockDetected) || attempt >= limits.migrationAttempts) throw error;
      // Whoever queued behind our waiting lock is let through before the next try.
      await sleep(clock, 100 * 2 ** attempt * (0.5 + clock.random()));
    }
  }
}

/** Runs the statements of a file within the transaction that is open. */
export async function runFile(client: pg.Client, file: MigrationFile, lockTimeoutMs: number): Promise<void> {
  const control = splitSql(file.sql).find(({ verb }) => controlsTransaction.has(verb));
  if (control !== undefined)
    throw broken(
      `${file.path}:${control.line}: "${control.verb}" would end the transaction in which the file runs. Leave it out; every file is one transaction.`,
    );
  await prepareSession(client, file, lockTimeoutMs);
  const query = await sendFile(client, file.sql);
  if (query.error !== undefined)
    throw refusedBy(query.error, { file, statement: splitSql(file.sql)[query.done], advice: adviceFor(query.error) });
  await refuseGaps(client, file);
}

/** `create index concurrently` and its like: one statement after the other, each on its own. */
async function applyAlone(client: pg.Client, file: MigrationFile, { clock }: ApplyOptions): Promise<void> {
  const since = clock.monotonic();
  await forget(client);
  // It waits for whoever uses the table without being in anybody's way, so it may wait for long.
  await prepareSession(client, file, limits.migrationWaitMs);
  for (const statement of splitSql(file.sql)) {
    const { error } = await sendFile(client, statement.text);
    if (error === undefined) continue;
    const { position: _, ...elsewhere } = { ...(error as object), message: error.message } as ServerError;
    throw refusedBy(elsewhere, {
      file,
      statement,
      advice:
        "What stands before it was kept: write the file so that it can run again from its beginning (if not exists, drop … if exists), and start again.",
    });
  }
  const { rows } = await client.query<{ index: string }>(
    "select format('%I.%I', n.nspname, c.relname) as index from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and not x.indisvalid",
    [file.schema],
  );
  if (rows[0] !== undefined)
    throw broken(
      `${file.path} left the index ${rows[0].index} invalid, as one that was interrupted. Drop it (drop index concurrently ${rows[0].index}), and start again.`,
    );
  await refuseGaps(client, file);
  await remember(client, file, clock.monotonic() - since);
}

/** What a file set is no business of what comes after it, and how long a statement of the owner may take otherwise is none of a migration. */
export async function forget(client: pg.Client): Promise<void> {
  await client.query("reset role; reset all; set statement_timeout = 0");
}

/** Names without a schema are those of the module. */
async function prepareSession(client: pg.Client, { schema, alone }: MigrationFile, lockTimeoutMs: number): Promise<void> {
  const name = client.escapeIdentifier(schema);
  const set = alone ? "set" : "set local";
  await client.query(
    `${set} lock_timeout = ${Math.round(lockTimeoutMs)}; ${set} statement_timeout = 0; ${set} search_path = ${name}, public; create schema if not exists ${name}`,
  );
}

function sendFile(client: pg.Client, sql: string): Promise<{ readonly done: number; readonly error: ServerError | undefined }> {
  return new Promise((resolve) => {
    const query: FileQuery = new FileQuery(sql, undefined, (error) => resolve({ done: query.done, error: error ?? undefined }));
    client.query(query);
  });
}

async function remember(client: pg.Client, file: MigrationFile, durationMs: number): Promise<void> {
  await forget(client);
  const values = [file.module, file.name, file.checksum, Math.round(durationMs)];
  await client.query("insert into plimsoll.migrations (module, name, checksum, duration_ms) values ($1, $2, $3, $4)", values);
}

/** Keeps nothing of a file after which one tenant could see another's rows. */
async function refuseGaps(client: pg.Client, file: MigrationFile): Promise<void> {
  if (file.module === "plimsoll") return;
  await forget(client);
  const { rows } = await client.query<{ object: string; gap: string; mend: string }>(
    "select object, gap, mend from plimsoll.tenancy_gaps($1)",
    [file.schema],
  );
  if (rows.length === 0) return;
  const gaps = rows.map(({ object, gap, mend }) => `${object} ${gap}. ${mend}`).join("\n");
  throw broken(`${file.path} leaves a gap between tenants:\n${gaps}\nWhere it is meant, say why: comment on … is 'all tenants: …'.`);
}

interface Place {
  readonly file: MigrationFile;
  readonly statement: SqlStatement | undefined;
  readonly advice: string;
}

function refusedBy(error: ServerError, { file, statement, advice }: Place): Fault {
  const { message, detail, hint, position } = error;
  const line =
    position === undefined ? statement?.line : [...file.sql].slice(0, Number(position) - 1).filter((char) => char === "\n").length + 1;
  const said = [message, detail, hint].filter((part) => part !== undefined).map((part) => part.replace(/\.?$/, "."));
  return broken(`${file.path}${line === undefined ? "" : `:${line}`}: ${said.join(" ")} ${advice}`, error);
}

function adviceFor({ code }: ServerError): string {
  if (code === lockNotAvailable)
    return "Another transaction holds a lock on the table. End it, or migrate at a quieter time; nothing of the file was kept.";
  if (code === "25001")
    return 'It cannot run in a transaction: put it into a file of its own that begins with "-- plimsoll: no-transaction".';
  return "Mend the file; nothing of it was kept.";
}

/** The server's own code, also of an error that was read as a fault. */
export function sqlStateOf(error: unknown): string | undefined {
  return ((error instanceof Fault ? error.cause : error) as ServerError | undefined)?.code;
}

import pg from "pg";
import { type Clock, sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { sessionSetting } from "../session.ts";
import { broken, type MigrationFile } from "./migration-file.ts";
import { release } from "./release.ts";
import { type SqlStatement, splitSql } from "./split.ts";

/** How migrations wait for locks, and how often they are tried. */
export interface ApplyOptions {
  /** How long a statement waits for a lock before the file is undone and tried again. */
  readonly lockTimeoutMs: number;
  readonly clock: Clock;
}

/** What `pg` throws when the server refuses a statement. */
export interface ServerError {
  readonly code?: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
  /** The function of the server that refused; unlike the message, it is not translated. */
  readonly routine?: string;
  /** The functions within which it failed, where it did in some. */
  readonly where?: string;
}

/** The SQLSTATE of a lock that was not available within `lock_timeout`. */
export const lockNotAvailable = "55P03";
/** The SQLSTATE of a deadlock. */
export const deadlockDetected = "40P01";
/** Refuses a text before any statement of it runs, whatever the database holds. */
export const grammarRoutine = "scanner_yyerror";
const controlsTransaction = new Set(["begin", "start", "commit", "end", "rollback", "abort", "prepare"]);

/** A query that knows how many statements of its text were done when one failed. */
class FileQuery extends (pg.Query as unknown as new (text: string, values: undefined, done: (error: Error | null) => void) => DriverQuery) {
  done = 0;
  override handleCommandComplete(message: unknown, connection: unknown): void {
    this.done++;
    super.handleCommandComplete(message, connection);
  }
}

/** What `pg` calls on a query while its response comes in; its published types leave these out. */
interface DriverQuery extends pg.Submittable {
  handleCommandComplete(message: unknown, connection: unknown): void;
}

/** Runs a file and remembers it, in one transaction where it does not say otherwise; waits for locks briefly and often, not once and long. */
export async function applyFile(client: pg.Client, file: MigrationFile, options: ApplyOptions): Promise<void> {
  if (file.alone) return applyAlone(client, file, options);
  await inTransaction(client, options, () => applyWithin(client, file, options));
}

/** Runs a file and remembers it in the transaction that is open. */
export async function applyWithin(client: pg.Client, file: MigrationFile, { clock, lockTimeoutMs }: ApplyOptions): Promise<void> {
  const since = clock.monotonic();
  await runFile(client, file, lockTimeoutMs);
  await remember(client, file, clock.monotonic() - since);
}

/** All of the work or nothing; again after a pause where it waited too long for a lock. */
export async function inTransaction(client: pg.Client, { clock }: ApplyOptions, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await forget(client);
      await client.query("begin");
      await work();
      await client.query("commit");
      return;
    } catch (error) {
      await client.query("rollback").catch(() => undefined);
      const code = sqlStateOf(error);
      if ((code !== lockNotAvailable && code !== deadlockDetected) || attempt >= limits.migrationAttempts) throw error;
      // Sessions that queued behind our waiting lock proceed before the next try.
      await sleep(clock, 100 * 2 ** attempt * (0.5 + clock.random()));
    }
  }
}

/** Runs the statements of a file within the transaction that is open, and checks at its end what a commit would. */
export async function runFile(client: pg.Client, file: MigrationFile, lockTimeoutMs: number): Promise<void> {
  refuseControl(file);
  await prepareSession(client, file, lockTimeoutMs);
  await sendStatements(client, file);
  // Checked here, because the error of a commit would not name the file.
  const { error } = await sendFile(client, "set constraints all immediate");
  if (error !== undefined) throw refusedBy(error, { file, statement: undefined, advice: adviceFor(error, file) });
  await refuseGaps(client, file);
}

/** Sends the statements of a file. *Faults thrown*: `failed_precondition`, with the line that the server refused. */
export async function sendStatements(client: pg.Client, file: MigrationFile): Promise<void> {
  const { done, error } = await sendFile(client, file.sql);
  if (error !== undefined) throw refusedBy(error, { file, statement: splitSql(file.sql)[done], advice: adviceFor(error, file) });
}

/** *Faults thrown*: `failed_precondition`, for a file that begins or ends transactions of its own. */
export function refuseControl(file: MigrationFile): void {
  const control = splitSql(file.sql).find(({ verb }) => controlsTransaction.has(verb));
  if (control !== undefined)
    throw broken(
      `${file.path}:${control.line}: "${control.verb}" would end the transaction in which the file runs. Leave it out; every file is one transaction.`,
    );
}

/**
 * Whether the server can read a file that is not run: it reads all of a text before it runs the first statement, and that one fails.
 * *Faults thrown*: `failed_precondition`.
 */
export async function readFile(client: pg.Client, file: MigrationFile): Promise<void> {
  const failing = "select 1 / 0;";
  const { error } = await sendFile(client, `${failing}${file.sql}`);
  if (error?.routine !== grammarRoutine) return;
  const position = error.position === undefined ? {} : { position: String(Number(error.position) - failing.length) };
  throw refusedBy(
    { ...(error as object), message: error.message, ...position },
    { file, statement: undefined, advice: adviceFor(error, file) },
  );
}

/** `create index concurrently` and its like: one statement after the other, each on its own. */
async function applyAlone(client: pg.Client, file: MigrationFile, { clock }: ApplyOptions): Promise<void> {
  const since = clock.monotonic();
  await forget(client);
  // It waits for sessions that use the table and blocks none of them, so it may wait for long.
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

/**
 * What a file set is no business of what comes after it, and how long a statement of the owner may take otherwise is none of a migration.
 * Dates and times in it mean the same on every server.
 */
export async function forget(client: pg.Client): Promise<void> {
  await client.query(`reset role; reset all; set statement_timeout = 0; ${sessionSetting}`);
}

/** Sets what holds for the statements of a file: names without a schema are those of the module. */
export async function prepareSession(
  client: pg.Client,
  { schema, alone, repeatable }: MigrationFile,
  lockTimeoutMs: number,
): Promise<void> {
  const name = client.escapeIdentifier(schema);
  const set = alone ? "set" : "set local";
  // Functions may call each other, whatever the order of their files: they are checked when all are there.
  const bodies = repeatable ? `; ${set} check_function_bodies = off` : "";
  await client.query(
    `${set} lock_timeout = ${Math.round(lockTimeoutMs)}; ${set} statement_timeout = 0; ${set} search_path = ${name}, public; create schema if not exists ${name}${bodies}`,
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
  const values = [file.module, file.name, file.checksum, Math.round(durationMs), release];
  await client.query("insert into plimsoll.migrations (module, name, checksum, duration_ms, release) values ($1, $2, $3, $4, $5)", values);
}

/** Keeps nothing of a file after which one tenant could see another's rows. */
async function refuseGaps(client: pg.Client, file: MigrationFile): Promise<void> {
  if (file.module === "plimsoll") return;
  await forget(client);
  const { rows } = await client.query<{ object: string; gap: string; fix: string }>(
    "select object, gap, fix from plimsoll.tenancy_gaps($1)",
    [file.schema],
  );
  if (rows.length === 0) return;
  const gaps = rows.map(({ object, gap, fix }) => `${object} ${gap}. ${fix}`).join("\n");
  throw broken(`${file.path} leaves a gap between tenants:\n${gaps}\nIf it is intended, say why: comment on … is 'all tenants: …'.`);
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

function adviceFor({ code }: ServerError, { repeatable }: MigrationFile): string {
  if (code === lockNotAvailable)
    return "Another transaction holds a lock on the table. End it, or migrate at a quieter time; nothing of the file was kept.";
  if (code === "25001")
    return 'It cannot run in a transaction: put it into a file of its own that begins with "-- plimsoll: no-transaction".';
  if (code === "42P13" && repeatable)
    return "A function keeps its signature, because the release before this one calls it: give the changed one another name, and remove the old file one release later.";
  return "Fix the file; nothing of it was kept.";
}

/** The server's own code, also of an error that was read as a fault. */
export function sqlStateOf(error: unknown): string | undefined {
  return ((error instanceof Fault ? error.cause : error) as ServerError | undefined)?.code;
}

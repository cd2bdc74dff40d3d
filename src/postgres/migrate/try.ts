import type pg from "pg";
import { Fault } from "../../core/fault.ts";
import {
  deadlockDetected,
  forget,
  grammarRoutine,
  lockNotAvailable,
  readFile,
  refuseControl,
  runFile,
  type ServerError,
  sqlStateOf,
} from "./apply.ts";
import { runFunctions } from "./functions.ts";
import type { MigrationFile } from "./migration-file.ts";
import { nameOf, type UntriedFile } from "./plan.ts";
import { splitSql } from "./split.ts";

/** What an earlier file left undone, by which a later one may fail here alone. */
interface Missing {
  readonly file: MigrationFile;
  /** It makes or drops indexes and nothing else, so that less depends on it. */
  readonly onlyIndexes: boolean;
}

interface Attempt {
  readonly file: MigrationFile;
  readonly lockTimeoutMs: number;
  readonly missing: readonly Missing[];
  /** Whether a file ran before it in this transaction, which an apply would have committed. */
  readonly isLater: boolean;
}

// Statements on whose effect no later file can depend.
const leavesNothing = /^(vacuum|analyze|reindex|checkpoint|set|show)\b/i;
const changesIndexes = /^(create\s+(unique\s+)?|drop\s+)index\b/i;
const unsafeEnumValue = "55P04";
const cannotRunInTransaction = "25001";
const undefinedObjects = new Set(["42P01", "42704"]);
// A missing index cannot cause duplicates.
const duplicates = new Set(["23505", "23P01"]);
// Errors that neither a missing index nor one that was not dropped can cause.
const isOfNoIndex = /^(22...|42601|42703|42883|42804|42846|42725|42P02|23502|23503|23514|P0001)$/;

/**
 * Runs pending files one after the other within the transaction that is open. An apply commits between them, and runs some outside a
 * transaction; where that may be why a file fails here, it is undone and named with the reason.
 * *Faults thrown*: `failed_precondition`, for what would fail in an apply too.
 */
export async function tryFiles(client: pg.Client, files: readonly MigrationFile[], lockTimeoutMs: number): Promise<readonly UntriedFile[]> {
  const untried: UntriedFile[] = [];
  const missing: Missing[] = [];
  const functions = files.filter(({ repeatable }) => repeatable);
  let isLater = false;
  for (const file of files) {
    if (file.repeatable) {
      // Functions are applied together, after the tables that they need.
      if (missing.length > 0) untried.push({ file: nameOf(file), reason: `It may need ${nameOf(missing[0]!.file)}, which was not tried.` });
      else if (file === functions[0]) await runFunctions(client, functions, lockTimeoutMs);
      isLater = true;
      continue;
    }
    const reason = file.alone ? await readAlone(client, file) : await tryFile(client, { file, lockTimeoutMs, missing, isLater });
    if (reason !== undefined) untried.push({ file: nameOf(file), reason });
    const texts = file.alone
      ? splitSql(file.sql)
          .map(({ text }) => text)
          .filter((text) => !leavesNothing.test(text))
      : [file.sql];
    if (reason !== undefined && texts.length > 0)
      missing.push({ file, onlyIndexes: file.alone && texts.every((text) => changesIndexes.test(text)) });
    isLater ||= !file.alone;
  }
  return untried;
}

async function readAlone(client: pg.Client, file: MigrationFile): Promise<string> {
  await client.query("savepoint plimsoll_file");
  try {
    await readFile(client, file);
  } finally {
    await client.query("rollback to savepoint plimsoll_file; release savepoint plimsoll_file");
  }
  return "It runs outside a transaction, which could not be undone.";
}

/** The reason why it is not known whether an apply takes the file; undefined where it ran. */
async function tryFile(client: pg.Client, attempt: Attempt): Promise<string | undefined> {
  refuseControl(attempt.file);
  const first = await runWithin(client, attempt, "immediate");
  if (first === undefined) return undefined;
  if (isCertain(first)) throw first;
  const reason = await reasonOf(client, attempt, first);
  if (reason !== undefined) return reason;
  if (!attempt.isLater) throw first;
  // Constraints that the file makes begin immediate in the one attempt and deferred in the other; in an apply, each as it is declared.
  const second = await runWithin(client, attempt, "deferred");
  if (second === undefined) return undefined;
  if (second.message === first.message) throw first;
  return `When its constraints are checked depends on the commits before it. Here: ${saidOf(first)}`;
}

/** Runs a file behind a savepoint, and undoes what failed. */
async function runWithin(
  client: pg.Client,
  { file, lockTimeoutMs }: Attempt,
  unknown: "immediate" | "deferred",
): Promise<Fault | undefined> {
  await client.query("savepoint plimsoll_file");
  try {
    await forget(client);
    await setConstraints(client, unknown);
    await runFile(client, file, lockTimeoutMs);
    await client.query("release savepoint plimsoll_file");
    return undefined;
  } catch (error) {
    await client.query("rollback to savepoint plimsoll_file; release savepoint plimsoll_file");
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** Lets every constraint that is there begin the file as it would after a commit: as it was declared. */
async function setConstraints(client: pg.Client, unknown: "immediate" | "deferred"): Promise<void> {
  const { rows } = await client.query<{ deferred: string | null; immediate: string | null }>(`
    select string_agg(name, ', ') filter (where deferred) as deferred, string_agg(name, ', ') filter (where not deferred) as immediate
    from (
      select format('%I.%I', n.nspname, c.conname) as name, bool_and(c.condeferred) as deferred
      from pg_constraint c join pg_namespace n on n.oid = c.connamespace
      where has_schema_privilege(n.oid, 'usage')
      group by 1 having bool_and(c.condeferrable) and bool_and(c.condeferred) = bool_or(c.condeferred)
    ) as named`);
  if (unknown === "deferred") await client.query("set constraints all deferred");
  if (rows[0]?.immediate) await client.query(`set constraints ${rows[0].immediate} immediate`);
  if (rows[0]?.deferred) await client.query(`set constraints ${rows[0].deferred} deferred`);
}

/** What an apply does otherwise, and may be why the file failed here; asked when the file is undone. */
async function reasonOf(client: pg.Client, { missing, isLater }: Attempt, fault: Fault): Promise<string | undefined> {
  const code = sqlStateOf(fault) ?? "";
  const said = saidOf(fault);
  if (code === lockNotAvailable || code === deadlockDetected)
    return `Another transaction holds a lock that it needs; an apply tries again. Here: ${said}`;
  const cause = missing.find((each) => mayMatter(each, fault.cause as ServerError | undefined));
  if (cause !== undefined) return `It may need ${nameOf(cause.file)}, which was not tried. Without it: ${said}`;
  if (!isLater) return undefined;
  if (code.startsWith("53")) return `All files in one transaction need more than the server has. Here: ${said}`;
  if (code === unsafeEnumValue && (await hasNewLabel(client, said)))
    return `It uses what an earlier file adds to an enum, which it can once that file is committed. Here: ${said}`;
  if (await leftOver(client)) return `An earlier file left a temporary table or a cursor, which its commit may end. With it: ${said}`;
  return undefined;
}

function mayMatter({ file, onlyIndexes }: Missing, error: ServerError | undefined): boolean {
  if (!onlyIndexes || error?.code === undefined) return !onlyIndexes;
  // Code that runs on the server may ask for anything.
  if (error.where !== undefined) return true;
  if (isOfNoIndex.test(error.code)) return false;
  if (duplicates.has(error.code)) return /\bdrop\b/i.test(file.sql);
  return !undefinedObjects.has(error.code) || namesAnyOf(error.message, file);
}

/** Whether an error names something that the file speaks of; an index without a name gets one that begins with its table's. */
function namesAnyOf(message: string, { sql, schema }: MigrationFile): boolean {
  const named = [...message.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name.replace(`${schema}.`, ""));
  const words = new Set(sql.toLowerCase().match(/[\w$\u0080-\uffff]+/g));
  return (
    named.length === 0 || named.some((name) => [...words].some((word) => word !== schema && (name === word || name.startsWith(`${word}_`))))
  );
}

/** Whether the message of the server names a value of an enum that this transaction added. */
async function hasNewLabel(client: pg.Client, message: string): Promise<boolean> {
  const { rows } = await client.query<{ label: string }>(
    "select enumlabel as label from pg_enum where age(xmin) <= age(pg_current_xact_id()::xid)",
  );
  return rows.some(({ label }) => message.includes(label));
}

async function leftOver(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(
    "select from pg_class where relnamespace = pg_my_temp_schema() union all select from pg_cursors where name <> ''",
  );
  return rows.length > 0;
}

/** Refused by its text alone: nothing that the database holds could let it through. */
function isCertain(fault: Fault): boolean {
  return (fault.cause as ServerError | undefined)?.routine === grammarRoutine || sqlStateOf(fault) === cannotRunInTransaction;
}

const saidOf = (fault: Fault): string => (fault.cause as ServerError | undefined)?.message ?? fault.message;

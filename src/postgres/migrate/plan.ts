import type { Fault } from "../../core/fault.ts";
import type { MigratedModule } from "../migration-files.ts";
import { broken, type MigrationFile } from "./migration-file.ts";
import { isLaterRelease, release } from "./release.ts";

/** What the database remembers of a file that ran. */
export interface LedgerRow {
  readonly module: string;
  readonly name: string;
  readonly checksum: string;
  /** The release of Plimsoll that ran it. */
  readonly release: string;
}

/** What this code and the database have of each other. */
export interface MigrationPlan {
  /** Files that the database lacks, in the order in which they run. */
  readonly pending: readonly MigrationFile[];
  /** What newer code ran: an application one version behind its schema still runs. */
  readonly ahead: readonly string[];
  /** Functions of Plimsoll that an earlier release had, and this one has not. */
  readonly removed: readonly string[];
}

/** A pending file that a dry run could not try, and the reason. */
export interface UntriedFile {
  /** As in `orders/0002_index`. */
  readonly file: string;
  readonly reason: string;
}

/** Names a migration as the ledger and messages do, for example `orders/0001_orders`. */
export const nameOf = ({ module, name }: { readonly module: string; readonly name: string }): string => `${module}/${name}`;

const numberOf = (name: string): number => Number(name.slice(0, 4));

/**
 * Compares the files of this code with what ran. A database that is ahead is fine; one with another past is not.
 * *Faults thrown*: `failed_precondition`.
 */
export function planMigrations(modules: readonly MigratedModule[], ledger: readonly LedgerRow[]): MigrationPlan {
  const plans = modules.map(({ name, files }) => {
    const [functions, rows] = [files.filter(isFunction), ledger.filter((row) => row.module === name)];
    const versioned = planVersioned(
      { name, files: files.filter((file) => !isFunction(file)) },
      new Map(rows.filter((row) => !isFunction(row)).map((row) => [row.name, row])),
    );
    const releases = new Set(name === "plimsoll" ? rows.map((row) => row.release) : []);
    const isBehind = versioned.ahead.length > 0 || [...releases].some((other) => isLaterRelease(other, release));
    const repeatable = planFunctions(functions, new Map(rows.filter(isFunction).map((row) => [row.name, row])), isBehind);
    return [versioned, repeatable];
  });
  const all = plans.flat();
  return {
    pending: all.flatMap(({ pending }) => pending),
    ahead: all.flatMap(({ ahead }) => ahead),
    removed: all.flatMap(({ removed }) => removed),
  };
}

/** Of the ledger and of the code; a versioned file begins with its number. */
const isFunction = ({ name }: { readonly name: string }): boolean => name.startsWith("functions/");

/** The functions of the newer of two releases stay: each calls what the one before it called, by the same signatures. */
function planFunctions(files: readonly MigrationFile[], applied: ReadonlyMap<string, LedgerRow>, isBehind: boolean): MigrationPlan {
  const changed = files.filter((file) => applied.get(file.name)?.checksum !== file.checksum);
  const known = new Set(files.map(({ name }) => name));
  const removed = [...applied.keys()].filter((name) => !known.has(name)).toSorted();
  if (!isBehind) return { pending: changed, ahead: [], removed };
  const gone = changed.find((file) => !applied.has(file.name));
  if (gone !== undefined)
    throw broken(
      `A newer release of Plimsoll migrated this database and has no ${nameOf(gone)} any more, which this release (${release}) calls. Deploy a release that is at most one before the newest that ran.`,
    );
  return { pending: [], ahead: [...changed.map(nameOf), ...removed.map((name) => nameOf({ module: "plimsoll", name }))], removed: [] };
}

function planVersioned(
  { name: module, files }: Pick<MigratedModule, "name" | "files">,
  applied: ReadonlyMap<string, LedgerRow>,
): MigrationPlan {
  for (const file of files) {
    const ran = applied.get(file.name)?.checksum;
    if (ran === undefined || ran === file.checksum) continue;
    if (module === "plimsoll") throw madeByUnreleased(`${file.path} ran as ${ran.slice(0, 12)}, and is ${file.checksum.slice(0, 12)}`);
    throw broken(
      `${file.path} was changed after it ran (it ran as ${ran.slice(0, 12)}, it is ${file.checksum.slice(0, 12)}). Undo the change, and write what you want in a new file.${inDevelopment()}`,
    );
  }
  const known = new Set(files.map((file) => file.name));
  const unknown = [...applied.values()].filter((row) => !known.has(row.name));
  // A row in the middle that this code lacks means a different history, not a later version.
  const strange = unknown.find((row) => numberOf(row.name) <= files.length);
  if (strange !== undefined)
    throw broken(
      `The database ran ${nameOf(strange)}.sql, in whose place this code has ${files[numberOf(strange.name) - 1]?.name ?? "nothing"}.sql. Deploy the code that has it, or restore the file under its name.`,
    );
  const last = files.findLastIndex((file) => applied.has(file.name));
  const gap = files.slice(0, Math.max(0, last)).find((file) => !applied.has(file.name));
  if (gap !== undefined)
    throw broken(`${gap.path} did not run, and a later file of ${module} did. Give it a number after the last one that ran.`);
  return { pending: files.slice(last + 1), ahead: unknown.map(nameOf).toSorted(), removed: [] };
}

/** What says that Plimsoll's own schema is none that a release makes: files of a release are not edited. */
export function madeByUnreleased(evidence: string, cause?: unknown): Fault {
  return broken(
    `An unreleased version of Plimsoll made its schema in this database (${evidence}), and such a schema is not upgraded. Use an empty database.${inDevelopment()}`,
    cause,
  );
}

/** In production there is no other way than forward. */
function inDevelopment(): string {
  if (process.env.NODE_ENV === "production") return "";
  return " In development, where its rows may go, start over instead: reset from plimsoll/postgres (of an embedded server, from plimsoll/embedded) drops the schemas of the app, and the next start runs all files.";
}

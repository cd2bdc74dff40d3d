import { broken, type MigratedModule, type MigrationFile } from "../migration-files.ts";

/** What the database remembers of a file that ran. */
export interface LedgerRow {
  readonly module: string;
  readonly name: string;
  readonly checksum: string;
}

/** What this code and the database have of each other. */
export interface MigrationPlan {
  /** Files that the database lacks, in the order in which they run. */
  readonly pending: readonly MigrationFile[];
  /** What newer code ran: an application one version behind its schema still runs. */
  readonly ahead: readonly string[];
}

export const nameOf = ({ module, name }: { readonly module: string; readonly name: string }): string => `${module}/${name}`;

const numberOf = (name: string): number => Number(name.slice(0, 4));

/**
 * Compares the files of this code with what ran. A database that is ahead is fine; one with another past is not.
 * *Faults thrown*: `failed_precondition`.
 */
export function planMigrations(modules: readonly MigratedModule[], ledger: readonly LedgerRow[]): MigrationPlan {
  const plans = modules.map((module) =>
    planModule(module, new Map(ledger.filter((row) => row.module === module.name).map((row) => [row.name, row]))),
  );
  return { pending: plans.flatMap(({ pending }) => pending), ahead: plans.flatMap(({ ahead }) => ahead) };
}

function planModule({ name: module, files }: MigratedModule, applied: ReadonlyMap<string, LedgerRow>): MigrationPlan {
  for (const file of files) {
    const ran = applied.get(file.name)?.checksum;
    if (ran !== undefined && ran !== file.checksum)
      throw broken(
        `${file.path} was changed after it ran (it ran as ${ran.slice(0, 12)}, it is ${file.checksum.slice(0, 12)}). Undo the change, and write what you want in a new file.`,
      );
  }
  const known = new Set(files.map((file) => file.name));
  const unknown = [...applied.values()].filter((row) => !known.has(row.name));
  // What the ledger has in the middle and this code has not is another past, not a later version.
  const strange = unknown.find((row) => numberOf(row.name) <= files.length);
  if (strange !== undefined)
    throw broken(
      `The database ran ${nameOf(strange)}.sql, in whose place this code has ${files[numberOf(strange.name) - 1]?.name ?? "nothing"}.sql. Deploy the code that has it, or restore the file under its name.`,
    );
  const last = files.findLastIndex((file) => applied.has(file.name));
  const gap = files.slice(0, Math.max(0, last)).find((file) => !applied.has(file.name));
  if (gap !== undefined)
    throw broken(`${gap.path} did not run, and a later file of ${module} did. Give it a number after the last one that ran.`);
  return { pending: files.slice(last + 1), ahead: unknown.map(nameOf).toSorted() };
}

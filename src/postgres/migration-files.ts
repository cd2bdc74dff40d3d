import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Fault } from "../core/fault.ts";
import type { Module } from "../operation/module.ts";

/** One ordered SQL file of a module. */
export interface MigrationFile {
  readonly module: string;
  readonly schema: string;
  /** As in `0001_orders.sql`, without the ending. */
  readonly name: string;
  readonly path: string;
  readonly sql: string;
  readonly checksum: string;
  /** Runs outside a transaction (`create index concurrently`): its first line says `-- plimsoll: no-transaction`. */
  readonly alone: boolean;
}

/** The schema and migrations of a module that has some. */
export interface MigratedModule {
  readonly name: string;
  readonly schema: string;
  readonly files: readonly MigrationFile[];
}

/** What a module says of its schema and of the folder of its files. */
export type MigrationOwner = Pick<Module, "name" | "schema" | "migrations">;

const own = new URL("./migrations/", import.meta.url);

/**
 * Reads the migrations of Plimsoll itself and of the modules, Plimsoll's first.
 * *Faults thrown*: `failed_precondition` (a folder or name that is not as it must be, a schema with two owners).
 */
export function readMigrations(modules: readonly MigrationOwner[]): readonly MigratedModule[] {
  const taken = new Map([["plimsoll", "Plimsoll itself"]]);
  for (const { name, schema } of modules) {
    if (schema === undefined) continue;
    const other = taken.get(schema);
    if (other !== undefined)
      throw broken(`The schema "${schema}" of the module ${name} is that of ${other}. Give each module a schema of its own.`);
    if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || /^(pg_|information_schema$|public$)/.test(schema))
      throw broken(
        `The schema "${schema}" of the module ${name} cannot be one of its own. Name it in small letters, digits and _, as in "${name.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_")}".`,
      );
    taken.set(schema, `the module ${name}`);
  }
  const owners = modules.flatMap(({ name, schema, migrations }) => (schema === undefined ? [] : [{ name, schema, directory: migrations }]));
  return [{ name: "plimsoll", schema: "plimsoll", directory: own }, ...owners].map(({ name, schema, directory }) => ({
    name,
    schema,
    files: directory === undefined ? [] : readFolder({ module: name, schema }, directory),
  }));
}

function readFolder(owner: { readonly module: string; readonly schema: string }, directory: URL): readonly MigrationFile[] {
  const folder = fileURLToPath(directory);
  let names: string[];
  try {
    names = readdirSync(folder)
      .filter((name) => name.endsWith(".sql"))
      .sort();
  } catch (cause) {
    throw broken(`The migrations of ${owner.module} cannot be read: there is no folder ${folder}. Mend "migrations" of the module.`, cause);
  }
  return names.map((file, index) => {
    const number = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(file)?.[1];
    if (Number(number) !== index + 1)
      throw broken(
        `${folder}${file} is out of order. Name migrations 0001_what.sql, 0002_what.sql … without gaps; this one should begin with ${String(index + 1).padStart(4, "0")}_.`,
      );
    const path = `${folder}${file}`;
    const sql = readFileSync(path, "utf8").replaceAll("\r\n", "\n");
    const checksum = createHash("sha256").update(sql).digest("hex");
    return { ...owner, name: file.slice(0, -4), path, sql, checksum, alone: sql.startsWith("-- plimsoll: no-transaction") };
  });
}

export function broken(message: string, cause?: unknown): Fault {
  return new Fault({ code: "failed_precondition", type: "migration_refused", message, cause });
}

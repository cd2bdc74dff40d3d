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

const own = new URL("./migrations/", import.meta.url);

/** Reads the migrations of Plimsoll itself and of the modules, Plimsoll's first. */
export function readMigrations(modules: readonly Module[]): readonly MigratedModule[] {
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

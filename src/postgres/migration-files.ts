import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { Module } from "../operation/module.ts";
import { type BuiltFiles, listBuilt } from "./migrate/built.ts";
import { broken, type MigrationFile } from "./migrate/migration-file.ts";

/** The schema and migrations of a module that has some. */
export interface MigratedModule {
  readonly name: string;
  readonly schema: string;
  readonly files: readonly MigrationFile[];
}

/** What a module says of its schema and of the folder of its files. */
export type MigrationOwner = Pick<Module, "name" | "schema" | "migrations">;

const here = new URL("./", import.meta.url);
const platform = { module: "plimsoll", schema: "plimsoll" };

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
  return [
    { name: "plimsoll", schema: "plimsoll", files: listBuilt(here, readOwn) ?? readAllOwn() },
    ...owners.map(({ name, schema, directory }) => ({
      name,
      schema,
      files: directory === undefined ? [] : readFolder({ module: name, schema }, directory),
    })),
  ];
}

type Owner = Pick<MigrationFile, "module" | "schema">;

const folderOf = (name: string): string => fileURLToPath(new URL(name, here));

/** Plimsoll's own, in the order in which they run: what is versioned, and then the functions by their names. */
function readAllOwn(): readonly MigrationFile[] {
  const functions = namesIn(platform, folderOf("functions/")).map((file) => readOwn(`functions/${file}`));
  return [...readFolder(platform, new URL("migrations/", here)), ...functions.sort((one, other) => (one.name < other.name ? -1 : 1))];
}

/** Reads one of Plimsoll's own by its place; what follows the first `grant` of a function is run for each role of an application. */
function readOwn(file: string): MigrationFile {
  const path = folderOf(file);
  if (!file.startsWith("functions/")) return readVersioned(platform, path);
  const text = readText(path);
  const end = /^grant /m.exec(text)?.index ?? text.length;
  const parts = { sql: text.slice(0, end), grants: text.slice(end), alone: false, repeatable: true };
  return { ...platform, ...parts, name: `functions/${basename(file, ".sql")}`, path, checksum: checksumOf(text) };
}

/** Reads what a build says of Plimsoll's own files, so that a start need not read them: see {@link listBuilt}. */
export function describeOwn(): BuiltFiles {
  return readAllOwn().map(({ name, path, checksum }) => ({ name, file: path.slice(folderOf(".").length), checksum }));
}

function readFolder(owner: Owner, directory: URL): readonly MigrationFile[] {
  const folder = fileURLToPath(directory);
  const names = namesIn(owner, folder).sort();
  return names.map((file, index) => {
    const number = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(file)?.[1];
    if (Number(number) !== index + 1)
      throw broken(
        `${folder}${file} is out of order. Name migrations 0001_what.sql, 0002_what.sql … without gaps; this one should begin with ${String(index + 1).padStart(4, "0")}_.`,
      );
    return readVersioned(owner, `${folder}${file}`);
  });
}

function readVersioned(owner: Owner, path: string): MigrationFile {
  const sql = readText(path);
  const alone = sql.startsWith("-- plimsoll: no-transaction");
  return { ...owner, name: basename(path, ".sql"), path, sql, checksum: checksumOf(sql), alone, repeatable: false, grants: "" };
}

function namesIn(owner: Owner, folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: owner.module === "plimsoll", encoding: "utf8" }).filter((name) => name.endsWith(".sql"));
  } catch (cause) {
    const advice =
      owner.module === "plimsoll"
        ? "A bundle must leave the package plimsoll out and have it installed beside it."
        : 'Fix "migrations" of the module.';
    throw broken(`The migrations of ${owner.module} cannot be read: there is no folder ${folder}. ${advice}`, cause);
  }
}

const checksumOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Some editors begin a file with a byte order mark, which PostgreSQL takes for an invisible word. */
function readText(path: string): string {
  const bytes = readFileSync(path);
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw broken(`${path} is written in UTF-16, which PostgreSQL cannot read. Save it as UTF-8.`);
  return bytes
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n");
}

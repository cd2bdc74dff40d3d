import { Fault } from "../../core/fault.ts";
import type { Schema } from "../../core/schema/standard.ts";
import { type CompiledSchema, compileSchema } from "../../core/schema.ts";
import type { Operation } from "../../operation/contract.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import type { Module } from "../../operation/module.ts";
import type { Projection } from "../../operation/sourcing/projection.ts";
import type { CompiledEvent } from "../events/declared.ts";
import type { Report } from "../registry/problem.ts";

/** A projection with all that is worked out of it at start. */
export interface CompiledProjection {
  readonly projection: Projection;
  readonly module: string;
  readonly row: CompiledSchema;
  /** The columns by the fields of a row. */
  readonly columns: ReadonlyMap<string, string>;
}

const nameForm = /^[a-z][a-z0-9.-]{2,80}$/;
const tableForm = /^[a-z_][a-z0-9_]{0,40}\.[a-z_][a-z0-9_]{0,40}$/;

/** Works out the projections of all modules, and reports what is wrong with them. */
export function checkProjections(
  modules: readonly Module[],
  { operations, events }: { readonly operations: readonly Operation[]; readonly events: ReadonlyMap<DomainEvent, CompiledEvent> },
  report: Report,
): ReadonlyMap<Projection, CompiledProjection> {
  const projections = new Map<Projection, CompiledProjection>();
  const names = new Set(operations.map(({ name }) => name));
  const tables = new Set<string>();
  for (const module of modules)
    for (const projection of module.projections ?? []) {
      if (projection?.kind !== "projection") {
        report(module.name, "projections", "It lists something that is not a projection. List what projection returned.");
        continue;
      }
      const { name, table, on } = projection;
      if (names.has(name)) report(name, "name", "An operation or a projection has this name already. Rename one, or list it once.");
      names.add(name);
      if (tables.has(table)) report(name, "table", `Another projection writes to ${table}. Each has a table of its own.`);
      tables.add(table);
      checkProjection(projection, module, report);
      if (projection.search === undefined) checkTable(projection, module, report);
      checkMode(projection, report);
      for (const event of on)
        if (!events.has(event)) report(name, "on", `No module of this app lists the event ${event?.name}. Add it to module({ events }).`);
      const row = compileRow(projection, report);
      if (row !== undefined) projections.set(projection, { projection, module: module.name, ...row });
    }
  for (const { name, spec } of operations)
    for (const read of spec.reads ?? [])
      if (read?.kind === "projection" && !projections.has(read))
        report(name, "reads", `No module of this app lists the projection ${read.name}. Add it to module({ projections }).`);
  return projections;
}

function checkProjection({ name, on, apply }: Projection, module: Module, report: Report): void {
  if (!nameForm.test(name) || !name.startsWith(`${module.name}.`))
    report(name, "name", `A projection is lower case and begins with its module, as in "${module.name}.totals".`);
  if (!Array.isArray(on) || on.length === 0) report(name, "on", "It lists no event. List those that it reads.");
  if (typeof apply !== "function") report(name, "apply", "It is missing. Return the row after an event.");
}

function checkTable({ name, table }: Projection, module: Module, report: Report): void {
  if (typeof table !== "string" || !tableForm.test(table) || module.schema === undefined || !table.startsWith(`${module.schema}.`))
    report(name, "table", `Its table is one of its module's schema, as in "${module.schema ?? module.name}.totals", in lower case.`);
}

function checkMode({ name, mode }: Projection, report: Report): void {
  if (mode !== "asynchronous" && mode !== "inline")
    report(name, "mode", `The mode is "${mode}". Write "inline", or leave it out: then it is "asynchronous".`);
}

function checkSearch(
  { name, search }: Projection,
  properties: Readonly<Record<string, { readonly type?: unknown }>>,
  report: Report,
): void {
  if (search === undefined) return;
  const { text, language } = search;
  if (!Array.isArray(text) || text.length === 0 || text.length > 4)
    report(name, "text", "It has 1 to 4 fields. List those whose words are to be found.");
  else
    for (const field of text as readonly string[])
      if (properties[field]?.type !== "string")
        report(name, "text", `The document has no field "${field}" that is a string. Name one that is.`);
  if (language !== "english" && language !== "simple")
    report(name, "language", `The language is "${language}". Write "english" or "simple".`);
}

function compileRow({ name, row, key, ...rest }: Projection, report: Report): Pick<CompiledProjection, "row" | "columns"> | undefined {
  if (row?.["~standard"] === undefined) {
    report(name, "row", "It is missing or is not a schema. Give a Zod schema, or adapt another with adaptSchema.");
    return undefined;
  }
  let compiled: CompiledSchema;
  try {
    compiled = compileSchema(row as Schema, `${name} row`, "both");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report(name, "row", error.message);
    return undefined;
  }
  const properties = (compiled.outputJson.properties as Readonly<Record<string, { readonly type?: unknown }>> | undefined) ?? {};
  const fields = Object.keys(properties);
  if (fields.length === 0) report(name, "row", "A row is an object: wrap it, as in z.object({ … }).");
  if (!fields.includes(key)) report(name, "key", `The row has no field "${key}". Name the field that is the primary key.`);
  checkSearch({ name, row, key, ...rest }, properties, report);
  // A document has the fields themselves.
  return { row: compiled, columns: new Map(fields.map((field) => [field, rest.search === undefined ? columnOf(field) : field])) };
}

/** The column of a field: `totalCents` is `total_cents`. */
function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

import type { Schema } from "../../core/schema/standard.ts";
import { type CompiledSchema, compileSchema, Problems } from "../../core/schema.ts";
import { invalidRow } from "../faults.ts";

const rowSchemas = new WeakMap<Schema, CompiledSchema>();

/** Checks a row against the schema named in `sql(…)`; only in development and tests. *Faults thrown*: `internal` of type `invalid_row`. */
export function checkRow(schema: Schema, row: Record<string, unknown>): unknown {
  let compiled = rowSchemas.get(schema);
  if (compiled === undefined) {
    compiled = compileSchema(schema, "row", "value");
    rowSchemas.set(schema, compiled);
  }
  const parsed = compiled.parse(row);
  if (parsed instanceof Problems) throw invalidRow(parsed, row);
  return parsed;
}

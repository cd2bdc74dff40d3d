import type { JsonSchema } from "../standard.ts";

/** Returns the part of a document that a reference within it points to, as in `#/$defs/line`; undefined where there is none. */
export function partAt(document: JsonSchema, reference: string): unknown {
  let at: unknown = document;
  for (const key of reference.split("/").slice(1)) at = (at as JsonSchema | undefined)?.[key.replaceAll("~1", "/").replaceAll("~0", "~")];
  return at;
}

import { bytesOf } from "../core/schema/opaque/opaque.ts";
import type { JsonSchema } from "../core/schema/standard.ts";

type Properties = Readonly<Record<string, JsonSchema>>;

/** The fields as they are sent: files of different meaning are fields of the form, and not of one of its fields. */
export function asFields(root: JsonSchema): { readonly properties: Properties; readonly required: ReadonlySet<string> } {
  const properties: Record<string, JsonSchema> = {};
  const required = new Set<string>(Array.isArray(root.required) ? (root.required as string[]) : []);
  for (const [field, schema] of Object.entries((root.properties ?? {}) as Properties)) {
    if (bytesOf(schema) !== "namedUploads") properties[field] = schema;
    else {
      required.delete(field);
      Object.assign(properties, schema.properties);
      for (const one of Array.isArray(schema.required) ? (schema.required as string[]) : []) required.add(one);
    }
  }
  return { properties, required };
}

/** The types of the files in a form. */
export function encodingOf(rest: readonly string[], properties: Properties): object | undefined {
  const encoding: Record<string, { readonly contentType: string }> = {};
  for (const field of rest) {
    const { items, "x-media-types": types = (items as JsonSchema | undefined)?.["x-media-types"] } = properties[field] ?? {};
    if (Array.isArray(types)) encoding[field] = { contentType: types.join(", ") };
  }
  return Object.keys(encoding).length > 0 ? encoding : undefined;
}

/** A part of a body as it is sent. */
export function asSent(schema: JsonSchema): JsonSchema {
  if (bytesOf(schema) === undefined) return schema;
  const { maxLength, minItems, maxItems, items } = schema;
  if (items !== undefined) return { type: "array", minItems, maxItems, items: asSent({ ...(items as JsonSchema), "x-bytes": "upload" }) };
  return { type: "string", format: "binary", ...(maxLength !== undefined && { maxLength }) };
}

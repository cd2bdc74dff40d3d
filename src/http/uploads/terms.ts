import { bytesOf } from "../../core/schema/opaque/opaque.ts";
import { rawField } from "../../core/schema/opaque/raw-body.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import type { NamedTerms } from "./incoming-named-files.ts";
import type { UploadTerms } from "./upload-reading.ts";

/** The document of a file: of the one, or of each in a list. */
export function fileIn(schema: JsonSchema): JsonSchema {
  return bytesOf(schema) === "uploads" ? (schema.items as JsonSchema) : schema;
}

/** The documents of files that have names of their own, by these. */
export function namedIn({ properties = {} }: JsonSchema): readonly (readonly [field: string, schema: JsonSchema])[] {
  return Object.entries(properties as Readonly<Record<string, JsonSchema>>);
}

/** Returns how a file comes into the input of an operation, or undefined where none does. */
export function uploadTermsOf({ body, requestBytes }: HttpSpec, { properties = {} }: JsonSchema): UploadTerms | undefined {
  if (requestBytes !== undefined) return { field: rawField, isPart: false, bytesMax: requestBytes, types: undefined, untyped: true };
  if (body !== "multipart" && body !== "raw") return undefined;
  for (const [field, schema] of Object.entries(properties as Readonly<Record<string, JsonSchema>>)) {
    const kind = bytesOf(schema);
    if (kind === "namedUploads") return namedTerms(field, schema);
    if (kind !== "upload" && kind !== "uploads") continue;
    const one = { field, isPart: body === "multipart", ...fileTerms(schema) };
    return kind === "upload" ? one : { ...one, list: { filesMax: Number(schema.maxItems), bytesMax: Number(schema["x-total-bytes"]) } };
  }
  return undefined;
}

function fileTerms(schema: JsonSchema) {
  const { maxLength, "x-media-types": types } = fileIn(schema);
  return { bytesMax: Number(maxLength), types: Array.isArray(types) ? (types as readonly string[]) : undefined };
}

function namedTerms(field: string, schema: JsonSchema): UploadTerms {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const named = new Map<string, NamedTerms>();
  for (const [name, one] of namedIn(schema))
    named.set(name, { ...fileTerms(one), filesMax: Number(one.maxItems ?? 1), isNeeded: required.includes(name) });
  const all = [...named.values()];
  const list = {
    filesMax: all.reduce((sum, { filesMax }) => sum + filesMax, 0),
    bytesMax: all.reduce((sum, { filesMax, bytesMax }) => sum + filesMax * bytesMax, 0),
  };
  return { field, isPart: true, bytesMax: list.bytesMax, types: undefined, list, named };
}

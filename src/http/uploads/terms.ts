import { bytesOf } from "../../core/schema/opaque/opaque.ts";
import { rawField } from "../../core/schema/opaque/raw-body.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import type { UploadTerms } from "./upload-reading.ts";

/** The document of a file: of the one, or of each in a list. */
export function fileIn(schema: JsonSchema): JsonSchema {
  return bytesOf(schema) === "uploads" ? (schema.items as JsonSchema) : schema;
}

/** Returns how a file comes into the input of an operation, or undefined where none does. */
export function uploadTermsOf({ body, requestBytes }: HttpSpec, { properties = {} }: JsonSchema): UploadTerms | undefined {
  if (requestBytes !== undefined) return { field: rawField, isPart: false, bytesMax: requestBytes, types: undefined, untyped: true };
  if (body !== "multipart" && body !== "raw") return undefined;
  for (const [field, schema] of Object.entries(properties as Readonly<Record<string, JsonSchema>>)) {
    const kind = bytesOf(schema);
    if (kind !== "upload" && kind !== "uploads") continue;
    const { maxLength, "x-media-types": types } = fileIn(schema);
    const one = { field, isPart: body === "multipart", bytesMax: Number(maxLength), types: Array.isArray(types) ? types : undefined };
    return kind === "upload" ? one : { ...one, list: { filesMax: Number(schema.maxItems), bytesMax: Number(schema["x-total-bytes"]) } };
  }
  return undefined;
}

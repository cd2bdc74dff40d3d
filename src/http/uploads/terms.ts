import { bytesOf } from "../../core/schema/opaque/opaque.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import type { UploadTerms } from "./upload-reading.ts";

/** Returns how a file comes into the input of an operation, or undefined where none does. */
export function uploadTermsOf({ body }: HttpSpec, { properties = {} }: JsonSchema): UploadTerms | undefined {
  if (body !== "multipart" && body !== "raw") return undefined;
  for (const [field, schema] of Object.entries(properties as Readonly<Record<string, JsonSchema>>)) {
    if (bytesOf(schema) !== "upload") continue;
    const types = schema["x-media-types"];
    return { field, isPart: body === "multipart", bytesMax: Number(schema.maxLength), types: Array.isArray(types) ? types : undefined };
  }
  return undefined;
}

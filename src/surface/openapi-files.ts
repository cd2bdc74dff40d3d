import { bytesOf } from "../core/schema/opaque/opaque.ts";
import type { JsonSchema } from "../core/schema/standard.ts";
import type { BodyKind } from "../operation/contract.ts";

type Properties = Readonly<Record<string, JsonSchema>>;

/** What decides which faults of files an operation can end with. */
export interface FileConditions {
  readonly takesBody: boolean;
  readonly body: BodyKind;
  readonly takesFile: boolean;
}

/** The faults of operations that take files. */
export const fileFaults = [
  {
    name: "MalformedMultipart",
    code: "invalid_argument",
    types: ["malformed_multipart"],
    description: "The body is not valid `multipart/form-data`, or has a part behind the file.",
    applies: (conditions: FileConditions) => conditions.takesBody && conditions.body === "multipart",
  },
  {
    name: "FileTypeMismatch",
    code: "invalid_argument",
    status: 415,
    types: ["media_type_mismatch"],
    description: "The first bytes of the file are not of the type that it is declared to have.",
    applies: (conditions: FileConditions) => conditions.takesBody && conditions.takesFile,
  },
  {
    name: "UploadTooSlow",
    code: "invalid_argument",
    status: 408,
    types: ["upload_too_slow"],
    description: "A file came more slowly than the lowest rate.",
    applies: ({ takesFile }: FileConditions) => takesFile,
  },
] as const;

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

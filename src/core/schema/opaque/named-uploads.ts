import { type OpaqueSchema, opaqueSchema } from "./opaque.ts";
import { type Upload, type UploadSpec, upload } from "./upload.ts";
import { uploads } from "./uploads.ts";

/** One of several files that mean different things, with the field of the form that it came as. */
export interface NamedUpload<Field extends string = string> {
  readonly field: Field;
  readonly file: Upload;
}

/**
 * Files of different meaning that a caller sends in one form. They come one after the other, in the order of the caller: each is read before the next is asked
 * for. The loop over them ends without a fault only if the whole request was valid, and no file is missing.
 */
export interface NamedUploads<Field extends string = string> extends AsyncIterable<NamedUpload<Field>> {
  /** Files that have begun so far, by their field. */
  readonly counts: Readonly<Record<Field, number>>;
}

/** Bounds of the files of one field. */
export interface NamedUploadSpec extends UploadSpec {
  /** How many files the field may have. *Default*: 1. *Bounds*: 1 to `limits.uploadFiles`. */
  readonly filesMax?: number;
  /** Whether a form without the file is valid. *Default*: false. */
  readonly optional?: boolean;
}

/**
 * Declares files of different meaning in the input of an action, with `http: { body: "multipart" }`: the form has a field for each of these names. The other
 * fields come before the files.
 * *Faults*: those of {@link upload} for each file, by the bounds of its field; 400 where a file is missing, or there twice; 413 above `filesMax`.
 * @example files: namedUploads({ photo: { bytesMax: 5_000_000, types: ["image/*"] }, contract: { bytesMax: 1_000_000, types: ["application/pdf"] } })
 */
export function namedUploads<Fields extends Readonly<Record<string, NamedUploadSpec>>>(
  fields: Fields,
): OpaqueSchema<NamedUploads<keyof Fields & string>> {
  const specs = Object.entries(fields);
  return opaqueSchema<NamedUploads<keyof Fields & string>>({
    document: {
      ...{ type: "object", "x-bytes": "namedUploads", additionalProperties: false },
      properties: Object.fromEntries(specs.map(([field, spec]) => [field, documentOf(spec)])),
      required: specs.filter(([, { optional }]) => optional !== true).map(([field]) => field),
    },
    problemOf: (value) => (isNamedUploads(value) ? undefined : "Invalid input: expected files by their fields"),
  });
}

function documentOf({ filesMax, ...one }: NamedUploadSpec): object {
  return (filesMax === undefined ? upload(one) : uploads({ ...one, filesMax }))._zod.toJSONSchema?.() ?? {};
}

function isNamedUploads(value: unknown): boolean {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value && "counts" in value;
}

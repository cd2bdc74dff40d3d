import { type OpaqueSchema, opaqueSchema } from "./opaque.ts";
import type { Upload, UploadSpec } from "./upload.ts";

/**
 * Files that a caller sends in one form, one after the other, as they come. Each is read before the next is asked for: what was not read of it by then is
 * dropped, and reading it later fails. The loop over the files ends without a fault only if the whole request was valid.
 */
export interface Uploads extends AsyncIterable<Upload> {
  /** Files that have begun so far. */
  readonly count: number;
}

/** Bounds of files that are uploaded together. */
export interface UploadsSpec extends UploadSpec {
  /** How many files one request may have. *Bounds*: 1 to `limits.uploadFiles`. */
  readonly filesMax: number;
  /** Of all files together. *Units*: bytes. *Default*: `filesMax` times `bytesMax`. */
  readonly totalBytesMax?: number;
}

/**
 * Declares a list of files in the input of an action, with `http: { body: "multipart" }`: several parts of the form with the name of the field. The fields
 * come before them. *Faults*: those of {@link upload} for each file; 413 above `filesMax` and `totalBytesMax`; 400 if there is no file and the field is required.
 * @example input: z.object({ album: z.string(), photos: uploads({ filesMax: 20, bytesMax: 20_000_000, types: ["image/*"] }) })
 */
export function uploads({ filesMax, bytesMax, totalBytesMax = filesMax * bytesMax, types }: UploadsSpec): OpaqueSchema<Uploads> {
  const items = { type: "string", format: "binary", maxLength: bytesMax, ...(types !== undefined && { "x-media-types": types }) };
  return opaqueSchema<Uploads>({
    document: { type: "array", "x-bytes": "uploads", items, minItems: 1, maxItems: filesMax, "x-total-bytes": totalBytesMax },
    problemOf: (value) => (isUploads(value) ? undefined : "Invalid input: expected files"),
  });
}

function isUploads(value: unknown): value is Uploads {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value && "count" in value;
}

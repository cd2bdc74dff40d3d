import { type OpaqueSchema, opaqueSchema } from "./opaque.ts";

/** A file that a caller sends, read as it comes: it is never held in memory as a whole. It is read once; a reader that stops early leaves the rest unread. */
export interface Upload extends AsyncIterable<Uint8Array> {
  /** The name of the file, without folders and control characters; undefined if none was sent. */
  readonly name: string | undefined;
  /** The media type that the caller declares, in small letters and without parameters. */
  readonly declaredType: string | undefined;
  /** The media type by the first bytes, refined by what was declared; `application/octet-stream` if it is not known. */
  readonly type: string;
  /** Bytes that were read so far. */
  readonly size: number;
  /**
   * Gives each piece to a function, one after the other, and frees its memory when the function is done: a piece must not be kept, only a copy of it.
   * Memory of pieces that `for await` gives waits for the garbage collector, which lets 64 MiB of them gather.
   */
  each(use: (bytes: Uint8Array) => void | Promise<void>): Promise<void>;
  /** Returns the bytes as a web stream, in place of reading them with `for await`. */
  stream(): ReadableStream<Uint8Array>;
}

/** Bounds of an uploaded file. */
export interface UploadSpec {
  /** *Units*: bytes. Above it, the upload ends with 413, wherever its handler is. */
  readonly bytesMax: number;
  /** The media types that are taken, as in `image/png` or `image/*`, by the first bytes of the file. *Default*: any. */
  readonly types?: readonly `${string}/${string}`[];
}

/**
 * Declares a file in the input of an action: the field `body` with `http: { body: "raw" }`, or a part of the form with `http: { body: "multipart" }`.
 * *Faults*: 413 above `bytesMax`; 415 for another type, and for a file whose first bytes are not of the declared type.
 * @example input: z.object({ title: z.string(), photo: upload({ bytesMax: 20_000_000, types: ["image/png", "image/jpeg"] }) })
 */
export function upload({ bytesMax, types }: UploadSpec): OpaqueSchema<Upload> {
  return opaqueSchema<Upload>({
    document: {
      ...{ type: "string", format: "binary", "x-bytes": "upload", maxLength: bytesMax },
      ...(types !== undefined && { "x-media-types": types }),
    },
    problemOf: (value) => (isUpload(value) ? undefined : "Invalid input: expected a file"),
  });
}

function isUpload(value: unknown): value is Upload {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value && "declaredType" in value;
}

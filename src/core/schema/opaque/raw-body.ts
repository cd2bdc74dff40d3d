import { type OpaqueSchema, opaqueSchema } from "./opaque.ts";

/** The field of an input that a raw body is. */
export const rawField = "body";

/** Bounds of a raw body. */
export interface RawBodySpec {
  /** *Units*: bytes. *Default*: those of every body: `bodyBytes`, and `anonymousBodyBytes` for a caller who has not signed in. *Bounds*: at most `bodyBytes`. */
  readonly bytesMax?: number;
  /** The media types that are taken, as in `image/png` or `image/*`. *Default*: any, and none. */
  readonly types?: readonly `${string}/${string}`[];
}

/**
 * Declares the field `body` of an operation with `http: { body: "raw" }`: the bytes of the request's body, exactly as they came.
 * *Faults*: 413 above `bytesMax`, 415 for another media type. A request without a body has an empty one.
 * @example input: z.object({ body: rawBody({ types: ["application/json"] }), signature: z.string() })
 */
export function rawBody({ bytesMax, types }: RawBodySpec = {}): OpaqueSchema<Uint8Array> {
  return opaqueSchema<Uint8Array>({
    document: {
      ...{ type: "string", format: "binary", "x-bytes": "raw" },
      ...(bytesMax !== undefined && { maxLength: bytesMax }),
      ...(types !== undefined && { "x-media-types": types }),
    },
    problemOf: (value) => {
      if (!(value instanceof Uint8Array)) return "Invalid input: expected bytes";
      return bytesMax !== undefined && value.length > bytesMax ? `Too big: expected at most ${bytesMax} bytes` : undefined;
    },
  });
}

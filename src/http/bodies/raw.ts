import type { JsonSchema } from "../../core/schema/standard.ts";
import { rawTypeRefused } from "./faults.ts";
import type { BodyFormat } from "./format.ts";
import { essenceOf, isAmong } from "./media-range.ts";

/** Reads the bytes of a body as they are, within the bounds of the field that describes them. */
export function rawFormat({ maxLength, "x-media-types": types }: JsonSchema): BodyFormat {
  const ranges = Array.isArray(types) ? (types as string[]) : undefined;
  return {
    ...(typeof maxLength === "number" && { bytesMax: maxLength }),
    takes: (contentType) => ranges === undefined || isAmong(essenceOf(contentType) ?? "", ranges),
    refusal: () => rawTypeRefused(ranges ?? []),
    // Not a Buffer, of which other methods copy, and whose JSON is another one's.
    parse: (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  };
}

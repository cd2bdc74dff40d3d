import { limits } from "../../core/limits.ts";
import type { DownloadSpec } from "../../operation/contract.ts";
import { dispositionOf } from "../reply/disposition.ts";

/** What is said of the bytes of a download before they are opened. */
export interface DownloadHead {
  readonly type: string;
  readonly disposition?: string;
  /** *Units*: bytes. */
  readonly size?: number;
}

/** A field of a download that returned what a response cannot hold. */
export type RefusedPart = readonly [field: "download.type" | "download.name" | "download.size", fix: string];

const mediaType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** Works out what is said of a download; `refuse` makes the fault of what it cannot be. */
export function downloadHead(spec: DownloadSpec<never>, value: never, refuse: (...part: RefusedPart) => Error): DownloadHead {
  const type: unknown = typeof spec.type === "string" ? spec.type : spec.type(value);
  if (typeof type !== "string" || !mediaType.test(type))
    throw refuse("download.type", "It must return a media type in small letters, such as image/png.");
  const disposition = spec.name && dispositionOf(spec.name(value));
  if (spec.name !== undefined && disposition === undefined)
    throw refuse("download.name", `It must return a name of 1 to ${limits.fileNameChars} characters, such as photo.png.`);
  const size: unknown = spec.size?.(value);
  if (spec.size !== undefined && !(Number.isSafeInteger(size) && (size as number) >= 0))
    throw refuse("download.size", "It must return a whole number of bytes.");
  return { type, ...(disposition !== undefined && { disposition }), ...(typeof size === "number" && { size }) };
}

import type { DownloadBytes, DownloadSpec, Verb } from "../../operation/contract.ts";
import { rangeNotSatisfiable } from "../faults.ts";
import type { RequestHeaders } from "../request-headers.ts";
import type { DownloadHead } from "./download-head.ts";
import { rangeOf } from "./range.ts";

/** Bytes that follow the head of a reply. */
export interface ReplyBytes {
  /** *Units*: bytes. *Default*: unknown until they have ended. */
  readonly length: number | undefined;
  /** Begins to read them. */
  open(signal: AbortSignal): DownloadBytes;
  /** They are not wanted. */
  drop?(): void;
}

/** What decides which part of a download is sent. */
export interface DownloadRequest {
  readonly verb: Verb;
  readonly status: number;
  readonly request: RequestHeaders;
  readonly etag: string | undefined;
}

/** The part of a reply that a download decides. */
export interface DownloadReply {
  readonly status: number;
  readonly headers: readonly string[];
  readonly bytes: ReplyBytes;
}

/**
 * Says what is sent of a download.
 * *Faults thrown*: `range_not_satisfiable`. *Source*: RFC 9110 §13.1.5, §14: a range counts for a GET alone, and if `If-Range` names the very version.
 */
export function downloadReply(
  { spec, head, value }: { readonly spec: DownloadSpec<never>; readonly head: DownloadHead; readonly value: unknown },
  { verb, status, request, etag }: DownloadRequest,
): DownloadReply {
  const { type, disposition, size } = head;
  const headers = ["content-type", type, ...(disposition === undefined ? [] : ["content-disposition", disposition])];
  const open = (start: number, end: number) => (signal: AbortSignal) => spec.open(value as never, { start, end, signal });
  if (size === undefined) return { status, headers, bytes: { length: undefined, open: open(0, Number.POSITIVE_INFINITY) } };
  if (verb !== "GET" || status !== 200) return { status, headers, bytes: { length: size, open: open(0, size) } };
  headers.push("accept-ranges", "bytes");
  const isSame = request.ifRange === undefined || (etag !== undefined && request.ifRange.trim() === etag);
  const range = isSame ? rangeOf(request.range, size) : undefined;
  if (range === "unsatisfiable") throw rangeNotSatisfiable(size);
  if (range === undefined) return { status, headers, bytes: { length: size, open: open(0, size) } };
  const { start, end } = range;
  headers.push("content-range", `bytes ${start}-${end - 1}/${size}`);
  return { status: 206, headers, bytes: { length: end - start, open: open(start, end) } };
}

import { type Fault, refusal } from "../core/fault.ts";
import { type ReachedLimit, retryLater } from "../core/load-line/refusal.ts";

/** Refuses a path that no operation has: 404. */
export const routeNotFound = (path: string): Fault =>
  refusal({
    code: "not_found",
    type: "route_not_found",
    message: `No operation has the path ${path.slice(0, 200)}. The paths are in /openapi.json, if the app serves it.`,
  });

/** Refuses a verb that a known path does not have: 405 with `Allow`. */
export const methodNotAllowed = (method: string, allowed: string): Fault =>
  refusal({
    code: "unimplemented",
    type: "method_not_allowed",
    status: 405,
    message: `This path does not allow ${method}. Send one of ${allowed}.`,
    details: { allowed },
  });

/** Refuses an `If-Match` without a tag that can be a version. *Faults*: `precondition_failed`. */
export function preconditionFailed(): Fault {
  return refusal({
    code: "failed_precondition",
    type: "precondition_failed",
    status: 412,
    message: "If-Match has no tag that can be a version. Read the resource again, and send your change with its new ETag.",
  });
}

/** Refuses a body above `bodyBytes`: 413. */
export const bodyTooLarge = (limit: number): Fault =>
  refusal({
    code: "invalid_argument",
    type: "body_too_large",
    status: 413,
    message: `The body is larger than the limit of ${limit} bytes. Send less at once.`,
    details: { limit: "body bytes", value: limit },
  });

/** Refuses a body of a caller who has not signed in, above what the operation takes from such callers: 413. */
export const anonymousBodyTooLarge = (limit: number): Fault =>
  refusal({
    code: "invalid_argument",
    type: "body_too_large",
    status: 413,
    message: `The body is larger than the ${limit} bytes that this operation takes from a caller who has not signed in. Send less at once.`,
    details: { limit: "anonymous body bytes", value: limit },
  });

/** Refuses a body of a caller who has not signed in, in chunks of a few bytes each: 413. */
export const bodyInPieces = ({ most, chunks, bytes }: { readonly most: number; readonly chunks: number; readonly bytes: number }): Fault =>
  refusal({
    code: "invalid_argument",
    type: "body_in_pieces",
    status: 413,
    message: `The first ${bytes} bytes of the body came in ${chunks} chunks. A caller who has not signed in may send ${most}, and one more for each 64 bytes. Send larger chunks, or a Content-Length.`,
    details: { limit: "anonymous body chunks", value: most, load: chunks },
  });

/** Refuses a body with another content type than JSON: 415. */
export const notJson = (): Fault =>
  refusal({
    code: "invalid_argument",
    type: "media_type_unsupported",
    status: 415,
    message: 'The body must be JSON: send it with "Content-Type: application/json".',
  });

/** Refuses a compressed body: 415. */
export const bodyEncoded = (): Fault =>
  refusal({
    code: "invalid_argument",
    type: "content_encoding_unsupported",
    status: 415,
    message: "The body must not be compressed. Send it without Content-Encoding.",
  });

/** Refuses a request whose body is not framed as HTTP requires: 400. */
export const requestMalformed = (): Fault =>
  refusal({
    code: "invalid_argument",
    type: "request_malformed",
    message:
      "The request is not valid HTTP after its head. Fix the framing of its body (Content-Length or chunks), and send the request again.",
  });

/** Refuses a request without a `Host` header: 400. */
export const hostMissing = (): Fault =>
  refusal({
    code: "invalid_argument",
    type: "request_malformed",
    message: "The request has no Host header. Send one, as HTTP/1.1 requires.",
  });

/** Refuses a request whose `Host` is not a host: 400. */
export const hostInvalid = (): Fault =>
  refusal({
    code: "invalid_argument",
    type: "request_malformed",
    message: "The Host header is not a valid host. Send a name or an address, and a port where there is one: Host: example.com:8080.",
  });

/** Refuses a second line of a header that may appear once: 400. */
export const headerRepeated = (name: string): Fault =>
  refusal({
    code: "invalid_argument",
    type: "header_repeated",
    message: `The header ${name.toLowerCase()} is in the request more than once. Send it once.`,
    details: { header: name.toLowerCase() },
  });

/** Refuses what an internal caller says it has left, where it is not what its protocol says: 400. */
export const timeoutInvalid = (header: string, form: string): Fault =>
  refusal({
    code: "invalid_argument",
    type: "timeout_invalid",
    message: `The header ${header} is not a timeout of its protocol. Send ${form}, or leave it out.`,
    details: { header },
  });

/** Refuses a request target that is not a path: 400. */
export const targetInvalid = (): Fault =>
  refusal({
    code: "invalid_argument",
    type: "request_malformed",
    message: "The request target is not a path. Send one that begins with a slash and has no fragment.",
  });

/** Refuses a `Transfer-Encoding` other than `chunked`: 501. */
export const transferCodingUnknown = (): Fault =>
  refusal({
    code: "unimplemented",
    type: "transfer_coding_unknown",
    status: 501,
    message: 'The only transfer coding is chunked. Send the body with a Content-Length, or with "Transfer-Encoding: chunked" alone.',
  });

/** Refuses a `CONNECT` of HTTP/2 for a protocol that is not spoken: 501. *Source*: RFC 9220 §3, which says it for RFC 8441 too. */
export const protocolUnknown = (): Fault =>
  refusal({
    code: "unimplemented",
    type: "protocol_unknown",
    status: 501,
    message: 'The only protocol of an extended CONNECT is websocket. Send ":protocol: websocket", or another request.',
  });

/** Refuses a request of a version other than HTTP/1.0 and HTTP/1.1: 505. */
export const versionUnknown = (): Fault =>
  refusal({
    code: "unimplemented",
    type: "http_version_unknown",
    status: 505,
    message: "This connection takes HTTP/1.1 and HTTP/1.0. Send the request in one of them.",
  });

/** Refuses a request with more than `headerLines` header lines: 431. */
export const tooManyHeaders = (limit: number): Fault =>
  refusal({
    code: "invalid_argument",
    type: "headers_too_many",
    status: 431,
    message: `The request has more than ${limit} header lines. Send fewer; cookies can stand in one line.`,
    details: { limit: "header lines", value: limit },
  });

/** Refuses a request whose headers are together larger than `headerBytes`: 431. */
export const headersTooLarge = (limit: number): Fault =>
  refusal({
    code: "invalid_argument",
    type: "headers_too_many",
    status: 431,
    message: `The headers of the request have more than ${limit} bytes together. Send fewer or shorter ones.`,
    details: { limit: "header bytes", value: limit },
  });

/** Refuses a request with several `Host` headers: 400. */
export const hostAmbiguous = (): Fault =>
  refusal({
    code: "invalid_argument",
    type: "request_malformed",
    message: "The request has more than one Host header, and a proxy in between may have read another one. Send one.",
  });

/** Refuses an `Expect` other than `100-continue`: 417. */
export const expectationUnknown = (): Fault =>
  refusal({
    code: "invalid_argument",
    type: "expectation_unknown",
    status: 417,
    message: "The Expect header has another value than 100-continue. Send the request without it.",
  });

/** Refuses a request that did not arrive within `headerMs` or `requestMs`: 408. */
export const requestTooSlow = (): Fault =>
  refusal({
    code: "invalid_argument",
    type: "request_timeout",
    status: 408,
    message: "The request took too long to arrive. Send it again, in one go.",
  });

/** Refuses a request target above `urlBytes`: 414. */
export const urlTooLong = (limit: number): Fault =>
  refusal({
    code: "invalid_argument",
    type: "url_too_long",
    status: 414,
    message: `The URL is longer than ${limit} characters. Shorten it, or send long values in a body.`,
  });

/** Refuses a URL with a part that is not percent-encoded UTF-8: 400. */
export const urlMalformed = (what: string): Fault =>
  refusal({
    code: "invalid_argument",
    type: "url_malformed",
    message: `${what} is not percent-encoded UTF-8. Encode it with encodeURIComponent, or the function of your language that does the same.`,
  });

/** Refuses a part of a download that does not exist: 416 with `Content-Range`. */
export const rangeNotSatisfiable = (size: number): Fault =>
  refusal({
    code: "invalid_argument",
    type: "range_not_satisfiable",
    status: 416,
    message: `There are ${size} bytes, and the range begins behind them. Ask for another range, or for all of it.`,
    details: { size },
  });

/** Refuses a request without the `If-Match` that its operation requires: 428. */
export const preconditionMissing = (): Fault =>
  refusal({
    code: "failed_precondition",
    type: "precondition_required",
    status: 428,
    message:
      'The request has no If-Match header. Send the ETag of the version that you change, as in "If-Match: \\"3\\"". A read returns it.',
  });

/** Refuses a request of an address with `requestsPerAddress` others in flight: 429. */
export const tooManyFromAddress = (reached: ReachedLimit, random: number): Fault =>
  refusal({
    code: "resource_exhausted",
    type: "too_many_requests_in_flight",
    message: `Your address has ${reached.load} requests in flight and may have ${reached.value}. Wait for responses before you send more.`,
    details: reached,
    retryAfterMs: retryLater(random),
  });

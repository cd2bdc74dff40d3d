import { codes } from "../core/code.ts";
import { Fault } from "../core/fault.ts";

/** A fault as HTTP says it. */
export interface ProblemReply {
  readonly status: number;
  readonly body: string;
  /** Name and value in turn, beyond those of every reply. */
  readonly headers: readonly string[];
}

const hidden = "Something went wrong on our side. It was recorded; please try again later.";

/**
 * Writes a fault as a problem document. An `internal` fault hides its message: whatever it says is for the log.
 * *Source*: RFC 9457 (problem details), RFC 9110 (Retry-After, WWW-Authenticate).
 */
export function problemReply(fault: Fault, requestId: string): ProblemReply {
  const internal = fault.code === "internal";
  const status = internal ? 500 : fault.status;
  const type = internal ? "internal" : fault.type;
  const details = internal ? undefined : (fault.details as Record<string, unknown> | undefined);
  const { problems, ...rest } = details ?? {};
  const body = JSON.stringify({
    type: `urn:plimsoll:${type}`,
    title: codes[fault.code].title,
    status,
    detail: internal ? hidden : fault.message,
    code: fault.code,
    requestId,
    ...(Object.keys(rest).length > 0 && { details: rest }),
    ...(Array.isArray(problems) && { problems }),
  });
  const headers: string[] = [];
  // Whole seconds, rounded up: earlier would be too early.
  if (fault.retryAfterMs !== undefined) headers.push("retry-after", String(Math.max(1, Math.ceil(fault.retryAfterMs / 1000))));
  if (fault.type === "method_not_allowed") headers.push("allow", String(rest.allowed));
  if (fault.type === "rate_limited") pushRateLimit(headers, fault.details as RateRefusal, fault.retryAfterMs);
  if (status === 401) headers.push("www-authenticate", fault.type === "token_missing" ? "Bearer" : 'Bearer error="invalid_token"');
  return { status, body, headers };
}

interface RateRefusal {
  readonly value: number;
  readonly burst: number;
}

/**
 * The quota and what is left of it. A bucket of `burst` that refills at `value` per second is told as the quota of the window in which it refills.
 * *Source*: draft-ietf-httpapi-ratelimit-headers-10.
 */
function pushRateLimit(headers: string[], { value, burst }: RateRefusal, retryAfterMs = 1_000): void {
  const windowSeconds = Math.max(1, Math.ceil(burst / value));
  headers.push("ratelimit-policy", `"actor";q=${Math.max(1, Math.floor(value * windowSeconds))};w=${windowSeconds}`);
  headers.push("ratelimit", `"actor";r=0;t=${Math.max(1, Math.ceil(retryAfterMs / 1_000))}`);
}

export const routeNotFound = (path: string): Fault =>
  new Fault({
    code: "not_found",
    type: "route_not_found",
    message: `Nothing is served at ${path.slice(0, 200)}. The paths are in /openapi.json where it is shown.`,
  });

export const methodNotAllowed = (method: string, allowed: string): Fault =>
  new Fault({
    code: "unimplemented",
    type: "method_not_allowed",
    status: 405,
    message: `${method} is not served here; ${allowed} are.`,
    details: { allowed },
  });

export const bodyTooLarge = (limit: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "body_too_large",
    status: 413,
    message: `The body is larger than the limit of ${limit} bytes. Send less at once.`,
    details: { limit: "body bytes", value: limit },
  });

export const notJson = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "media_type_unsupported",
    status: 415,
    message: 'The body must be JSON: send it with "Content-Type: application/json".',
  });

export const bodyEncoded = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "content_encoding_unsupported",
    status: 415,
    message: "The body must not be compressed. Send it without Content-Encoding.",
  });

export const requestMalformed = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "request_malformed",
    message: "The rest of the request is no HTTP. Mend how its body is framed, and send it again.",
  });

export const hostMissing = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "request_malformed",
    message: "The request names no host. Send a Host header, as HTTP/1.1 demands.",
  });

export const hostAmbiguous = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "request_malformed",
    message: "The request names its host more than once. Send one Host header: whoever stands in between may have read the other.",
  });

export const expectationUnknown = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "expectation_unknown",
    status: 417,
    message: "Only 100-continue can be expected. Send the request without the Expect header.",
  });

export const requestTooSlow = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "request_timeout",
    status: 408,
    message: "The request took too long to arrive. Send it again, in one go.",
  });

export const urlTooLong = (limit: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "url_too_long",
    status: 414,
    message: `The URL is longer than ${limit} characters. Shorten it.`,
  });

export const preconditionMissing = (): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "precondition_required",
    status: 428,
    message: 'Say which version you change: send its ETag, as in "If-Match: \\"3\\"". Read it first to get one.',
  });

export const busy = (refusal: { readonly limit: string; readonly value: number; readonly load: number }): Fault =>
  new Fault({
    code: "unavailable",
    type: "overloaded",
    message: `The limit "${refusal.limit}" of ${refusal.value} is reached (load ${refusal.load}). Try again in a moment.`,
    details: refusal,
    retryAfterMs: 1_000,
  });

export const tooManyFromAddress = (value: number, load: number): Fault =>
  new Fault({
    code: "resource_exhausted",
    type: "too_many_requests_in_flight",
    message: `Your address has ${load} requests under way and may have ${value}. Wait for answers before you send more.`,
    details: { limit: "requests in flight per address", value, load },
    retryAfterMs: 1_000,
  });

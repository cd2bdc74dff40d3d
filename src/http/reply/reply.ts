import assert from "node:assert";
import type { RunningExecution } from "../../pipeline/running-execution.ts";
import { problemReply } from "../problem.ts";
import type { RequestHeaders } from "../request-headers.ts";
import type { HttpRoute } from "../router.ts";
import { HeaderBlock } from "./head.ts";

/** A reply, ready to be written by any transport. */
export interface HttpReply {
  readonly status: number;
  /** What many replies have alike. *Default*: nothing. */
  readonly constant?: HeaderBlock;
  /** Names and values in turn, of this reply alone. */
  readonly headers: string[];
  readonly body: string;
}

/** Sent with every reply. An API has no business in frames, caches or referrers. */
export const securityHeaders: readonly string[] = [
  "x-content-type-options",
  "nosniff",
  "x-frame-options",
  "DENY",
  "referrer-policy",
  "no-referrer",
  "content-security-policy",
  "default-src 'none'; frame-ancestors 'none'",
  "strict-transport-security",
  "max-age=31536000; includeSubDomains",
  "cross-origin-resource-policy",
  "same-origin",
  "cache-control",
  "no-store",
];

const plain = new HeaderBlock(securityHeaders);
const json = new HeaderBlock([...securityHeaders, "content-type", "application/json"]);
const problem = new HeaderBlock([...securityHeaders, "content-type", "application/problem+json"]);

/** Writes the outcome of an execution as HTTP says it. */
export function replyTo(execution: RunningExecution, route: HttpRoute, request: RequestHeaders): HttpReply {
  if (execution.fault !== undefined) {
    const reply = faultReply(execution);
    if (execution.replayed) reply.headers.push("idempotency-replayed", "true");
    return reply;
  }
  const { requestId, body } = execution;
  if (route.plain && !execution.replayed) {
    if (route.status === 204) return { status: 204, constant: plain, headers: ["x-request-id", requestId], body: "" };
    return { status: route.status, constant: json, headers: ["x-request-id", requestId], body };
  }
  return entityReply(execution, route, request);
}

function entityReply(
  { requestId, body, replayed }: RunningExecution,
  { http, status, verb }: HttpRoute,
  request: RequestHeaders,
): HttpReply {
  const output = JSON.parse(body) as never;
  const constant = status === 204 ? plain : json;
  const headers = ["x-request-id", requestId];
  if (http.location !== undefined) headers.push("location", checkedLocation(http.location(output)));
  if (replayed) headers.push("idempotency-replayed", "true");
  if (http.etag !== undefined) {
    const version = String(http.etag(output));
    assert(/^[\x21\x23-\x7e]*$/.test(version), "an ETag is printable ASCII without quotes and spaces: give a version number or a hash");
    const etag = `"${version}"`;
    headers.push("etag", etag);
    // Only what was asked for can be what the client has; a change was made, whatever it has.
    if (verb === "GET" && request.ifNoneMatch !== undefined && matches(request.ifNoneMatch, etag))
      return { status: 304, constant, headers, body: "" };
  }
  return { status, constant, headers, body: status === 204 ? "" : body };
}

/** It is written into the head as it is: a line break in it would begin a header, or an answer, that the client believes to be ours. */
function checkedLocation(location: string): string {
  assert(
    /^[\x21-\x7e]+$/.test(location),
    "a Location is printable ASCII without spaces: put what comes from the output through encodeURIComponent",
  );
  return location;
}

/** The answer to `OPTIONS`. */
export function optionsReply(allowed: string, requestId: string): HttpReply {
  return { status: 204, constant: plain, headers: ["x-request-id", requestId, "allow", allowed], body: "" };
}

export function faultReply({ fault, requestId }: Pick<RunningExecution, "fault" | "requestId">): HttpReply {
  const reply = problemReply(fault as NonNullable<typeof fault>, requestId);
  return { status: reply.status, constant: problem, headers: ["x-request-id", requestId, ...reply.headers], body: reply.body };
}

function matches(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.match(/"[^"]*"/g)?.includes(etag) ?? false;
}

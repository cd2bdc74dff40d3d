import type { RunningExecution } from "../pipeline/running-execution.ts";
import { problemReply } from "./problem.ts";
import type { RequestHeaders } from "./request-headers.ts";
import type { HttpRoute } from "./router.ts";

/** A reply, ready to be written by any transport. */
export interface HttpReply {
  readonly status: number;
  /** Names and values in turn. */
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

const json = [...securityHeaders, "content-type", "application/json"];
const problem = [...securityHeaders, "content-type", "application/problem+json"];

/** Writes the outcome of an execution as HTTP says it. */
export function replyTo(execution: RunningExecution, route: HttpRoute, request: RequestHeaders): HttpReply {
  if (execution.fault !== undefined) return faultReply(execution);
  const { requestId, body } = execution;
  if (route.plain) {
    if (route.status === 204) return { status: 204, headers: [...securityHeaders, "x-request-id", requestId], body: "" };
    return { status: route.status, headers: [...json, "x-request-id", requestId], body };
  }
  return entityReply(execution, route, request);
}

function entityReply({ requestId, body, replayed }: RunningExecution, { http, status }: HttpRoute, request: RequestHeaders): HttpReply {
  const output = JSON.parse(body) as never;
  const headers = [...(status === 204 ? securityHeaders : json), "x-request-id", requestId];
  if (http.location !== undefined) headers.push("location", http.location(output));
  if (replayed) headers.push("idempotency-replayed", "true");
  if (http.etag !== undefined) {
    const etag = `"${http.etag(output)}"`;
    headers.push("etag", etag);
    if (request.ifNoneMatch !== undefined && matches(request.ifNoneMatch, etag)) return { status: 304, headers, body: "" };
  }
  return { status, headers, body: status === 204 ? "" : body };
}

export function faultReply({ fault, requestId }: Pick<RunningExecution, "fault" | "requestId">): HttpReply {
  const reply = problemReply(fault as NonNullable<typeof fault>, requestId);
  return { status: reply.status, headers: [...problem, "x-request-id", requestId, ...reply.headers], body: reply.body };
}

function matches(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === etag);
}

import { codes } from "../../core/code.ts";
import type { Fault } from "../../core/fault.ts";
import type { ReachedRate } from "../../pipeline/faults.ts";
import { httpStatuses, httpStatusOf } from "../../surface/http-status.ts";
import { showCause } from "./cause.ts";
import { pushRefusedRate } from "./rate-headers.ts";

/** A fault as HTTP says it. */
export interface ProblemReply {
  readonly status: number;
  readonly body: string;
  /** Name and value in turn, beyond those of every reply. */
  readonly headers: readonly string[];
}

const hidden = "The server failed to handle the request and logged the cause. Try again later, or report the request id.";

/**
 * Writes a fault as a problem document. An `internal` fault hides its message: whatever it says is for the log, and for who develops the app.
 * *Default* of `development`: false; with it an `internal` fault has its `cause` beside what it has in production.
 * *Source*: RFC 9457 (problem details), RFC 9110 (Retry-After, WWW-Authenticate).
 */
export function problemReply(fault: Fault, requestId: string, development = false): ProblemReply {
  const internal = fault.code === "internal";
  const status = internal ? httpStatuses.internal : httpStatusOf(fault);
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
    // A fault with the fixed sentence only wraps what was thrown: then its cause is shown.
    ...(internal && development && { cause: showCause(fault.message === hidden ? (fault.cause ?? fault) : fault) }),
  });
  const headers: string[] = [];
  // Whole seconds, rounded up: earlier would be too early.
  if (fault.retryAfterMs !== undefined) headers.push("retry-after", String(Math.max(1, Math.ceil(fault.retryAfterMs / 1000))));
  if (fault.type === "method_not_allowed") headers.push("allow", String(rest.allowed));
  if (fault.type === "rate_limited") {
    const { limit: name, value: limit, periodMs, waitMs } = fault.details as ReachedRate;
    pushRefusedRate(headers, { name, limit, periodMs, waitMs });
  }
  return { status, body, headers };
}

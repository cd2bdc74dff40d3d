import type { Fault } from "../../core/fault.ts";
import type { ReachedRate } from "../../pipeline/faults.ts";
import { hiddenMessage, problemOf } from "../../surface/problem.ts";
import { showCause } from "./cause.ts";
import { pushRefusedRate } from "./rate-headers.ts";

/** A fault as HTTP says it. */
export interface ProblemReply {
  readonly status: number;
  readonly body: string;
  /** Name and value in turn, beyond those of every reply. */
  readonly headers: readonly string[];
}

/** In the response to what is no handshake: the version that is spoken. *Source*: RFC 6455 §4.4. */
export const webSocketVersion = "sec-websocket-version";

/**
 * Writes a fault as a problem document. An `internal` fault hides its message: whatever it says is for the log, and for who develops the app.
 * *Default* of `development`: false; with it an `internal` fault has its `cause` beside what it has in production.
 * *Source*: RFC 9457 (problem details), RFC 9110 (Retry-After, WWW-Authenticate).
 */
export function problemReply(fault: Fault, requestId: string, development = false): ProblemReply {
  const said = problemOf(fault, requestId);
  const { status, details } = said;
  const body = JSON.stringify({
    ...said,
    // A fault with the fixed sentence only wraps what was thrown: then its cause is shown.
    ...(fault.code === "internal" && development && { cause: showCause(fault.message === hiddenMessage ? (fault.cause ?? fault) : fault) }),
  });
  const headers: string[] = [];
  // Whole seconds, rounded up: earlier would be too early.
  if (fault.retryAfterMs !== undefined) headers.push("retry-after", String(Math.max(1, Math.ceil(fault.retryAfterMs / 1000))));
  if (fault.type === "method_not_allowed") headers.push("allow", String(details?.allowed));
  if (fault.type === "websocket_required") headers.push(webSocketVersion, "13");
  if (fault.type === "rate_limited") {
    const { limit: name, value: limit, periodMs, waitMs } = fault.details as ReachedRate;
    pushRefusedRate(headers, { name, limit, periodMs, waitMs });
  }
  return { status, body, headers };
}

import { formatMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";

// Every fault of a call to an upstream. Its message and its details are the caller's to read: they name the upstream, and repeat nothing that it sent.

/** How far a request had come. */
export type Phase = "queued" | "connecting" | "sent" | "replying";

const phases: Readonly<Record<Phase, string>> = {
  queued: "waited for a connection",
  connecting: "waited for a connection to open",
  sent: "waited for the reply",
  replying: "read the reply",
};

/** Why TLS could not be agreed on, and what the operator does about it. */
export interface Handshake {
  readonly why: string;
  readonly advice: string;
  readonly cause: unknown;
}

/** Refuses a path or a query that could leave the base URL, or is none. */
export const pathInvalid = (upstream: string, why: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "upstream_path_invalid",
    message: `The path of a request to ${upstream} ${why}. Send another path.`,
    details: { upstream },
  });

/** Refuses a header that could end the head, or that is not the caller's to set. */
export const headerInvalid = (upstream: string, header: string, why: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "upstream_header_invalid",
    message: `The header ${JSON.stringify(header.slice(0, 64))} of a request to ${upstream} ${why}.`,
    details: { upstream },
  });

/** Refuses a body that its own schema refuses, or that is too large: a bug of the handler that sends it. */
export const requestInvalid = (upstream: string, why: string): Fault =>
  new Fault({
    code: "internal",
    type: "upstream_request_invalid",
    message: `The request to ${upstream} was not sent: ${why}. Fix the handler or the schema.`,
    details: { upstream },
  });

/** Refuses a request where no more may wait. */
export const queueFull = (upstream: string, { running, waiting }: { readonly running: number; readonly waiting: number }): Fault =>
  new Fault({
    code: "unavailable",
    type: "upstream_queue_full",
    message: `All ${running} connections to ${upstream} are in use, and ${waiting} requests wait, which is all that may. Try again later.`,
    details: { upstream, running, waiting },
  });

/** Ends a request whose time is over. */
export const timedOut = (upstream: string, { afterMs, phase }: { readonly afterMs: number; readonly phase: Phase }): Fault =>
  new Fault({
    code: "deadline_exceeded",
    type: "upstream_timeout",
    message: `${upstream} was given ${formatMs(afterMs)}, and the request still ${phases[phase]}. Try again later.`,
    details: { upstream, phase, afterMs: Math.round(afterMs) },
  });

/** No connection could be opened: nothing was sent. */
export const unreachable = (upstream: string, cause: unknown): Fault =>
  new Fault({
    code: "unavailable",
    type: "upstream_unreachable",
    message: `No connection to ${upstream} could be opened, and nothing was sent. Try again later.`,
    details: { upstream },
    cause,
  });

/** The name of the upstream leads to no address that it may have. */
export const addressRefused = (upstream: string, cause: unknown): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "upstream_address_refused",
    status: 502,
    message: `${upstream} has an address that may not be connected to. The operator must list its network, or change its name.`,
    details: { upstream },
    cause,
  });

/** The certificate of the upstream is not one that may be trusted. */
export const certificateRefused = (upstream: string, { why, advice, cause }: Handshake): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "upstream_certificate_refused",
    status: 502,
    message: `The certificate of ${upstream} ${why}, and nothing was sent. ${advice}`,
    details: { upstream },
    cause,
  });

/** The upstream ended the TLS handshake: it carried nothing out. */
export const handshakeFailed = (upstream: string, { why, advice, cause }: Handshake): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "upstream_handshake_failed",
    status: 502,
    message: `The TLS handshake with ${upstream} failed: ${why}. Nothing was carried out. ${advice}`,
    details: { upstream },
    cause,
  });

/** The connection broke after the request was sent: the upstream may have done what it asked for. */
export const connectionLost = (upstream: string, { phase, cause }: { readonly phase: Phase; readonly cause: unknown }): Fault =>
  new Fault({
    code: "unavailable",
    type: "upstream_connection_lost",
    message: `The connection to ${upstream} broke while the request ${phases[phase]}. It may have been carried out.`,
    details: { upstream, phase },
    cause,
  });

/** The upstream says that the request is wrong: no other attempt cures it. */
export const refused = (upstream: string, status: number): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "upstream_refused",
    status: 502,
    message: `${upstream} refused the request with the status ${status}.`,
    details: { upstream, status },
  });

/** The upstream points elsewhere: a client follows no redirect, since it would connect to what was not declared. */
export const redirected = (upstream: string, status: number): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "upstream_redirected",
    status: 502,
    message: `${upstream} answered with the redirect ${status}, and redirects are not followed. The operator must declare the new address.`,
    details: { upstream, status },
  });

/** The upstream's quota is used up. */
export const rateLimited = (upstream: string, retryAfterMs: number): Fault =>
  new Fault({
    code: "resource_exhausted",
    type: "upstream_rate_limited",
    status: 503,
    message: `${upstream} accepts no more requests for now. Try again later.`,
    details: { upstream, status: 429 },
    retryAfterMs,
  });

/** The upstream failed. */
export const failed = (upstream: string, status: number, retryAfterMs?: number): Fault =>
  new Fault({
    code: "unavailable",
    type: "upstream_failed",
    message: `${upstream} failed with the status ${status}. Try again later.`,
    details: { upstream, status },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });

/** What came is no HTTP, or no JSON where JSON was to come. */
export const replyMalformed = (upstream: string, why: string, cause?: unknown): Fault =>
  new Fault({
    code: "unavailable",
    type: "upstream_reply_malformed",
    status: 502,
    message: `The reply of ${upstream} cannot be read: ${why}. Try again later.`,
    details: { upstream },
    cause,
  });

/** The reply does not fit its schema: the upstream has changed. The problems are in the cause, for the operator alone. */
export const replyInvalid = (upstream: string, cause: unknown): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "upstream_reply_invalid",
    status: 502,
    message: `The reply of ${upstream} does not have the form that was agreed.`,
    details: { upstream },
    cause,
  });

/** The reply has more bytes than are read. */
export const replyTooLarge = (upstream: string, what: "headers" | "body", limit: number): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "upstream_reply_too_large",
    status: 502,
    message: `The ${what} of the reply of ${upstream} ${what === "body" ? "has" : "have"} more than ${limit} bytes.`,
    details: { upstream, what, limit },
  });

/** The client has been closed. */
export const clientClosed = (upstream: string): Fault =>
  new Fault({
    code: "unavailable",
    type: "upstream_client_closed",
    message: `The client of ${upstream} is closed, since the process stops. Send the request to another process.`,
    details: { upstream },
  });

/** What `httpClient` is given is wrong: the app does not start. */
export const optionsInvalid = (upstream: string, why: string, cause?: unknown): Fault =>
  new Fault({ code: "failed_precondition", type: "upstream_options_invalid", message: `httpClient("${upstream}"): ${why}`, cause });

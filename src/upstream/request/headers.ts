import { criticalityHeader } from "../../operation/execution.ts";
import { headerInvalid } from "../faults.ts";

/** Names of headers and their values. */
export type HeaderValues = Readonly<Record<string, string>>;

/** What belongs to the connection, or is written by the client itself. */
const reserved: ReadonlySet<string> = new Set([
  ...[
    "host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
  ],
  ...["content-length", "content-type", "content-encoding", "accept-encoding"],
  ...["traceparent", "tracestate", "request-timeout-ms", criticalityHeader, "idempotency-key"],
]);
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
const text = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Appends headers as names and values in turn.
 * *Guarantees*: no name or value ends its line. *Faults thrown*: `invalid_argument` of type `upstream_header_invalid`.
 */
export function appendHeaders(upstream: string, list: string[], headers: HeaderValues): void {
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!token.test(name)) throw headerInvalid(upstream, name, "is no name of a header. Write letters, digits and hyphens");
    if (reserved.has(lower)) throw headerInvalid(upstream, name, "is set by the client itself. Leave it out");
    appendOwn(upstream, list, [lower, value]);
  }
}

/** Appends one header whose name is known to be right. */
export function appendOwn(upstream: string, list: string[], [name, value]: readonly [name: string, value: string]): void {
  if (typeof value !== "string" || !text.test(value))
    throw headerInvalid(upstream, name, "has a value that no header can have. Write one line of Latin-1");
  list.push(name, value);
}

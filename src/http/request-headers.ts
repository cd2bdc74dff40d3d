import { criticalityHeader } from "../operation/execution.ts";
import { afterHeader } from "../pipeline/sourcing/position-token.ts";

/** The request headers that the platform reads. */
export class RequestHeaders {
  /** How many `Host` lines there are. */
  hosts = 0;
  host: string | undefined = undefined;
  expect: string | undefined = undefined;
  accept: string | undefined = undefined;
  origin: string | undefined = undefined;
  /** What a browser asks for, before a page of another origin may send it. */
  requestedMethod: string | undefined = undefined;
  authorization: string | undefined = undefined;
  contentType: string | undefined = undefined;
  contentLength: string | undefined = undefined;
  contentEncoding: string | undefined = undefined;
  transferEncoding: string | undefined = undefined;
  idempotencyKey: string | undefined = undefined;
  traceparent: string | undefined = undefined;
  tracestate: string | undefined = undefined;
  requestId: string | undefined = undefined;
  ifMatch: string | undefined = undefined;
  ifRange: string | undefined = undefined;
  range: string | undefined = undefined;
  acceptEncoding: string | undefined = undefined;
  ifNoneMatch: string | undefined = undefined;
  deadlineMs: string | undefined = undefined;
  timeoutMs: string | undefined = undefined;
  grpcTimeout: string | undefined = undefined;
  connectTimeoutMs: string | undefined = undefined;
  envoyTimeoutMs: string | undefined = undefined;
  criticality: string | undefined = undefined;
  /** The position that a query waits for. */
  after: string | undefined = undefined;
  forwarded: string | undefined = undefined;
  forwardedFor: string | undefined = undefined;
  /** A header that stands twice where one value decides. */
  repeated: string | undefined = undefined;
  /** All lines, including those that are not read. */
  lines = 0;
  #contentBytes: number | undefined = undefined;

  /** How long its body is to be; undefined where that is not said. */
  get contentBytes(): number | undefined {
    // Read several times of each request.
    if (this.#contentBytes === undefined && this.contentLength !== undefined) this.#contentBytes = Number(this.contentLength);
    return this.#contentBytes;
  }

  /** The body comes only once it is asked for. */
  get expectsContinue(): boolean {
    return this.expect !== undefined;
  }
  /** Whether a body comes; one in chunks may turn out to be empty. */
  get hasBody(): boolean {
    const { contentBytes } = this;
    return contentBytes === undefined ? this.chunked : contentBytes > 0;
  }
  get chunked(): boolean {
    return this.transferEncoding !== undefined;
  }

  /** Characters of what is kept of them while the request is under way; of the credentials only their outcome is. */
  get chars(): number {
    const trace = size(this.traceparent) + size(this.tracestate) + size(this.requestId);
    const versions =
      size(this.ifMatch) +
      size(this.ifRange) +
      size(this.range) +
      size(this.acceptEncoding) +
      size(this.ifNoneMatch) +
      size(this.idempotencyKey);
    const timeouts = size(this.grpcTimeout) + size(this.connectTimeoutMs) + size(this.envoyTimeoutMs);
    return (
      trace +
      versions +
      timeouts +
      size(this.accept) +
      size(this.after) +
      size(this.origin) +
      size(this.requestedMethod) +
      size(this.host) +
      size(this.contentType) +
      size(this.forwarded) +
      size(this.forwardedFor)
    );
  }

  /** Takes a header of which only one line is right. */
  once(before: string | undefined, name: string, value: string): string {
    if (before === undefined) return value;
    this.repeated = name;
    return before;
  }
}

/**
 * Reads names and values in turn, as they came on the wire. Scanning them once is cheaper than building an object of all headers.
 * Names are distinguished by their length first. What is a list may stand in several lines, which are joined. Of anything else one line is right; of two
 * it is unknown which one the servers in between have read, so the first is kept and `repeated` names it.
 */
export function readHeaders(raw: readonly string[]): RequestHeaders {
  const headers = new RequestHeaders();
  headers.lines = raw.length / 2;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    switch (name.length) {
      case 4:
        if (is(name, "host")) {
          headers.hosts++;
          headers.host = value;
        }
        break;
      case 5:
        if (is(name, "range")) headers.range = headers.once(headers.range, name, value);
        break;
      case 6:
        if (is(name, "expect")) headers.expect = headers.once(headers.expect, name, value);
        else if (is(name, "accept")) headers.accept = joined(headers.accept, value);
        else if (is(name, "origin")) headers.origin = headers.once(headers.origin, name, value);
        break;
      case 8:
        if (is(name, "if-match")) headers.ifMatch = headers.once(headers.ifMatch, name, value);
        else if (is(name, "if-range")) headers.ifRange = headers.once(headers.ifRange, name, value);
        break;
      case 9:
        if (is(name, "forwarded")) headers.forwarded = joined(headers.forwarded, value);
        break;
      case 10:
        if (is(name, "tracestate")) headers.tracestate = joined(headers.tracestate, value);
        break;
      case 11:
        if (is(name, "traceparent")) headers.traceparent = headers.once(headers.traceparent, name, value);
        break;
      case 12:
        if (is(name, "content-type")) headers.contentType = headers.once(headers.contentType, name, value);
        else if (is(name, "grpc-timeout")) headers.grpcTimeout = headers.once(headers.grpcTimeout, name, value);
        else if (is(name, "x-request-id")) headers.requestId = headers.once(headers.requestId, name, value);
        break;
      case 13:
        if (is(name, "authorization")) headers.authorization = headers.authorization === undefined ? value : "";
        else if (is(name, "if-none-match")) headers.ifNoneMatch = joined(headers.ifNoneMatch, value);
        break;
      case 14:
        if (is(name, "content-length")) headers.contentLength = headers.once(headers.contentLength, name, value);
        else if (is(name, afterHeader)) headers.after = headers.once(headers.after, name, value);
        break;
      case 15:
        if (is(name, "idempotency-key")) headers.idempotencyKey = headers.once(headers.idempotencyKey, name, value);
        else if (is(name, "accept-encoding")) headers.acceptEncoding = joined(headers.acceptEncoding, value);
        else if (is(name, "x-forwarded-for")) headers.forwardedFor = joined(headers.forwardedFor, value);
        break;
      case 16:
        if (is(name, "content-encoding")) headers.contentEncoding = joined(headers.contentEncoding, value);
        break;
      case 17:
        if (is(name, "transfer-encoding")) headers.transferEncoding = joined(headers.transferEncoding, value);
        break;
      case 18:
      case 20:
      case 29:
      case 30:
        readLong(headers, name, value);
        break;
    }
  }
  return headers;
}

function readLong(headers: RequestHeaders, name: string, value: string): void {
  if (is(name, "plimsoll-deadline-ms")) headers.deadlineMs = headers.once(headers.deadlineMs, name, value);
  else if (is(name, criticalityHeader)) headers.criticality = headers.once(headers.criticality, name, value);
  else if (is(name, "request-timeout-ms")) headers.timeoutMs = headers.once(headers.timeoutMs, name, value);
  else if (is(name, "connect-timeout-ms")) headers.connectTimeoutMs = headers.once(headers.connectTimeoutMs, name, value);
  else if (is(name, "access-control-request-method")) headers.requestedMethod = headers.once(headers.requestedMethod, name, value);
  else if (is(name, "x-envoy-expected-rq-timeout-ms")) headers.envoyTimeoutMs = headers.once(headers.envoyTimeoutMs, name, value);
}

function size(text: string | undefined): number {
  return text === undefined ? 0 : text.length;
}

function is(name: string, lower: string): boolean {
  return name === lower || name.toLowerCase() === lower;
}

/** The lines of a list are one list. */
function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

/** A request id that may be taken over from a caller: it goes into logs and headers as it is. */
export function acceptableRequestId(value: string | undefined): string | undefined {
  return value !== undefined && /^[A-Za-z0-9._:/+=-]{1,128}$/.test(value) ? value : undefined;
}

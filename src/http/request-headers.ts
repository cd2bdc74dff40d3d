/** The request headers that the platform reads. */
export class RequestHeaders {
  /** How many `Host` lines there are. */
  hosts = 0;
  expect: string | undefined = undefined;
  authorization: string | undefined = undefined;
  contentType: string | undefined = undefined;
  contentLength: string | undefined = undefined;
  contentEncoding: string | undefined = undefined;
  chunked = false;
  /** The body comes only once it is asked for. */
  expectsContinue = false;
  idempotencyKey: string | undefined = undefined;
  traceparent: string | undefined = undefined;
  requestId: string | undefined = undefined;
  ifMatch: string | undefined = undefined;
  ifNoneMatch: string | undefined = undefined;
  deadlineMs: string | undefined = undefined;
}

/**
 * Reads names and values in turn, as they came on the wire. Scanning them once is cheaper than building an object of all headers.
 * Names are told apart by their length first; of a header given twice the last counts, but authorization given twice is none at all.
 */
export function readHeaders(raw: readonly string[]): RequestHeaders {
  const headers = new RequestHeaders();
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    switch (name.length) {
      case 4:
        if (is(name, "host")) headers.hosts++;
        break;
      case 6:
        if (is(name, "expect")) {
          headers.expect = value;
          headers.expectsContinue = true;
        }
        break;
      case 8:
        if (is(name, "if-match")) headers.ifMatch = value;
        break;
      case 11:
        if (is(name, "traceparent")) headers.traceparent = value;
        break;
      case 12:
        if (is(name, "content-type")) headers.contentType = value;
        else if (is(name, "x-request-id")) headers.requestId = value;
        break;
      case 13:
        if (is(name, "authorization")) headers.authorization = headers.authorization === undefined ? value : "";
        else if (is(name, "if-none-match")) headers.ifNoneMatch = value;
        break;
      case 14:
        if (is(name, "content-length")) headers.contentLength = value;
        break;
      case 15:
        if (is(name, "idempotency-key")) headers.idempotencyKey = value;
        break;
      case 16:
        if (is(name, "content-encoding")) headers.contentEncoding = value;
        break;
      case 17:
        if (is(name, "transfer-encoding")) headers.chunked = true;
        break;
      case 20:
        if (is(name, "plimsoll-deadline-ms")) headers.deadlineMs = value;
        break;
    }
  }
  return headers;
}

function is(name: string, lower: string): boolean {
  return name === lower || name.toLowerCase() === lower;
}

/** A request id that may be taken over from a caller: it goes into logs and headers as it is. */
export function acceptableRequestId(value: string | undefined): string | undefined {
  return value !== undefined && /^[A-Za-z0-9._:/+=-]{1,128}$/.test(value) ? value : undefined;
}

/** What a caller says it has left. *Units*: milliseconds. */
export function remainingMs(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

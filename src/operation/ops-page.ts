/** A request on the ops port, as far as a page reads it. */
export interface OpsRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Reads the body as text. *Bounds*: `limits.opsBodyBytes`. *Faults thrown*: `invalid_argument` of type `body_too_large`. */
  body?(): Promise<string>;
}

/** The response of a page: a status, and a value that is sent as JSON. */
export interface OpsResponse {
  readonly status: number;
  readonly body: unknown;
  /** Sent instead of the body, as plain text. */
  readonly text?: string;
}

/** A page of the ops port that a part of the platform adds. The ops port bounds how many of its requests are answered at once. */
export interface OpsPage {
  /** The page answers for this path and for all paths below it, as in `/tasks`. */
  readonly path: string;
  /**
   * Answers a request; undefined where the page has nothing at that path.
   * *Faults thrown*: any; the ops port answers with the status of the fault, and hides one that is `internal`.
   */
  answer(request: OpsRequest): Promise<OpsResponse | undefined>;
}

/** A page in a browser on this machine could send a POST here; it cannot send a header of its own without being asked for leave. */
const changeHeader = "plimsoll-ops";

/** What a request asks of a page: the parts of its path behind the page's own, and its query. */
export interface OpsAsked {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  /** Whether it changes something. A request that does has the header that no web page can send. */
  readonly changes: boolean;
}

/** Reads what a request asks; or the refusal of another method, of a path that is not encoded, and of a POST without its header. `help`: what the page can do. */
export function readOpsRequest({ url = "/", method, headers }: OpsRequest, help: Readonly<Record<string, string>>): OpsAsked | OpsResponse {
  const [path = "", search = ""] = url.split("?", 2);
  const [, , ...parts] = path.split("/");
  const asked = { query: new URLSearchParams(search), changes: method !== "GET" && method !== "HEAD" };
  let decoded: string[];
  try {
    decoded = parts.map(decodeURIComponent);
  } catch {
    return { status: 400, body: { error: "The path is not percent-encoded UTF-8. Encode it.", help } };
  }
  if (asked.changes && method !== "POST")
    return { status: 405, body: { error: "This page takes only GET and POST. Send one of them.", help } };
  if (asked.changes && headers[changeHeader] !== "yes") {
    const error = `A POST needs the header "${changeHeader}: yes", so that no web page can send it. Send it again with the header.`;
    return { status: 403, body: { error, help } };
  }
  return { ...asked, parts: decoded };
}

/** The reply of a page that did what it was asked. */
export const opsFound = (body: unknown): OpsResponse => ({ status: 200, body });

/** Returns whether a text is the id of a task or an event. */
export function isOpsId(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}

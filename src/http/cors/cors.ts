import assert from "node:assert";
import { type Duration, toMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import { allowedOrigins, type Origins } from "../../surface/origins/origins.ts";
import type { RequestHeaders } from "../request-headers.ts";

/** Which pages of other origins may use the API in a browser. */
export interface CorsOptions {
  readonly origins: Origins;
  /** Whether a browser sends cookies and client certificates with requests of these pages. Not with `"*"`. *Default*: false. */
  readonly credentials?: boolean;
  /** Request headers that pages may send, beyond those that the platform and the operations read. *Default*: none. */
  readonly headers?: readonly string[];
  /** Response headers that pages may read, beyond those that the platform and the operations send. *Default*: none. */
  readonly exposeHeaders?: readonly string[];
  /** How long a browser keeps the response to a preflight. *Default*: 10 min. *Bounds*: 0 to a day. */
  readonly maxAge?: Duration;
}

const readByPlatform = [
  ...[
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "plimsoll-after",
    "plimsoll-deadline-ms",
    "request-timeout-ms",
  ],
  ...["traceparent", "tracestate", "x-request-id"],
];
const sentByPlatform = [
  ...[
    "cache-status",
    "content-disposition",
    "etag",
    "idempotency-replayed",
    "location",
    "plimsoll-position",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
  ],
  ...["www-authenticate", "x-request-id"],
];
const preflightVary = "Access-Control-Request-Method, Access-Control-Request-Headers";

/**
 * Writes what browsers ask for before a page of another origin may use the API. Nothing here protects the server: who sends requests without a browser
 * is not bound by it. *Source*: Fetch Standard, section 3.3 (the CORS protocol).
 */
export class Cors {
  readonly #allows: (origin: string) => boolean;
  readonly #any: boolean;
  /** Of every reply that a page may read, behind its origin. */
  #readable: readonly string[] = [];
  #preflight: readonly string[] = [];
  readonly #options: CorsOptions;

  constructor(options: CorsOptions) {
    const { origins, credentials = false, headers = [], exposeHeaders = [], maxAge = "10m" } = options;
    assert(
      !(credentials && origins === "*"),
      'http({ cors }) has credentials for "*", so that every page could act as the user who looks at it. List the origins.',
    );
    for (const name of [...headers, ...exposeHeaders])
      assert(/^[a-z0-9!#$%&'*+.^_`|~-]+$/i.test(name) && name !== "*", `http({ cors }): "${name}" is not the name of a header.`);
    const maxAgeMs = toMs(maxAge);
    assert(maxAgeMs >= 0 && maxAgeMs <= 86_400_000, `http({ cors: { maxAge } }) is ${maxAgeMs} ms. Write 0 to "1d".`);
    this.#allows = allowedOrigins(origins, "http");
    this.#any = origins === "*";
    this.#options = options;
    this.serve({ reads: [], sends: [] });
  }

  /** Lets pages send the headers that operations read, and read those that operations send. */
  serve({ reads, sends }: { readonly reads: readonly string[]; readonly sends: readonly string[] }): void {
    const { credentials = false, headers = [], exposeHeaders = [], maxAge = "10m" } = this.#options;
    const withCredentials = credentials ? ["access-control-allow-credentials", "true"] : [];
    this.#readable = [...withCredentials, "access-control-expose-headers", list(sentByPlatform, [...sends, ...exposeHeaders])];
    this.#preflight = [
      ...["access-control-allow-headers", list(readByPlatform, [...reads, ...headers])],
      ...["access-control-max-age", String(Math.floor(toMs(maxAge) / 1_000))],
    ];
  }

  /** Whether pages of this origin may act with what a browser presents by itself: cookies and client certificates. */
  letsAct(origin: string | undefined): boolean {
    return this.#options.credentials === true && origin !== undefined && this.#allows(origin);
  }

  /** Adds to a reply whether the page that asked may read it. Caches must not give one origin what was written for another. */
  allowReading(reply: string[], origin: string | undefined): void {
    if (!this.#any) reply.push("vary", "Origin");
    if (origin !== undefined && this.#allows(origin))
      reply.push("access-control-allow-origin", this.#any ? "*" : origin, ...this.#readable);
  }

  /**
   * The headers of the response to a preflight, beyond those of every reply; undefined for a request that is none.
   * *Faults thrown*: `permission_denied`, for an origin that is not allowed.
   */
  preflight({ origin, requestedMethod }: RequestHeaders, allowed: readonly string[]): string[] | undefined {
    if (origin === undefined || requestedMethod === undefined) return undefined;
    if (!this.#allows(origin)) throw originNotAllowed();
    const methods = allowed.filter((method) => method !== "OPTIONS").join(", ");
    return ["access-control-allow-methods", methods, ...this.#preflight, "vary", preflightVary];
  }
}

function list(own: readonly string[], more: readonly string[]): string {
  return [...new Set([...own, ...more.map((name) => name.toLowerCase())])].join(", ");
}

const originNotAllowed = (): Fault =>
  new Fault({
    code: "permission_denied",
    type: "origin_not_allowed",
    message:
      "Pages of this origin may not use the service in a browser. The operator can allow the origin with http({ cors: { origins } }); programs need no permission.",
  });

import assert from "node:assert";
import { type Duration, toMs } from "../core/duration.ts";
import { allowedOrigins, type Origins } from "../surface/origins/origins.ts";

/** Which pages may call the port from a browser, by gRPC-Web or Connect. */
export interface GrpcCors {
  readonly origins: Origins;
  /** Request headers that pages may send, beyond those that the platform reads. *Default*: none. */
  readonly headers?: readonly string[];
  /** Response headers that pages may read, beyond those that the platform sends. *Default*: none. */
  readonly exposeHeaders?: readonly string[];
  /** How long a browser keeps the response to a preflight. *Default*: 10 min. *Bounds*: 0 to a day. */
  readonly maxAge?: Duration;
}

const readByPlatform = [
  ...["authorization", "content-type", "x-grpc-web", "x-user-agent", "grpc-timeout", "connect-protocol-version", "connect-timeout-ms"],
  ...["idempotency-key", "plimsoll-after", "traceparent", "tracestate", "x-request-id"],
];
const sentByPlatform = ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id"];
const day = 86_400_000;

/**
 * Writes what browsers ask for before a page of another origin may call. Who calls without a browser is not bound by it.
 * *Source*: Fetch Standard, section 3.3 (the CORS protocol).
 */
export class Cors {
  readonly #allows: (origin: string) => boolean;
  readonly #any: boolean;
  readonly #readable: readonly string[];
  readonly #preflight: readonly string[];

  constructor({ origins, headers = [], exposeHeaders = [], maxAge = "10m" }: GrpcCors) {
    for (const name of [...headers, ...exposeHeaders])
      assert(/^[a-z0-9!#$%&'*+.^_`|~-]+$/i.test(name) && name !== "*", `grpc({ cors }): "${name}" is not the name of a header.`);
    const maxAgeMs = toMs(maxAge);
    assert(maxAgeMs >= 0 && maxAgeMs <= day, `grpc({ cors: { maxAge } }) is ${maxAgeMs} ms. Write 0 to "1d".`);
    this.#allows = allowedOrigins(origins, "grpc");
    this.#any = origins === "*";
    this.#readable = ["access-control-expose-headers", [...sentByPlatform, ...exposeHeaders].join(", ").toLowerCase()];
    this.#preflight = [
      ...["access-control-allow-methods", "POST", "access-control-allow-headers", [...readByPlatform, ...headers].join(", ").toLowerCase()],
      ...["access-control-max-age", String(Math.floor(maxAgeMs / 1_000))],
    ];
  }

  /** Names and values, in turn, of every reply. Caches must not give one origin what was written for another. */
  headersFor(origin: string | undefined): readonly string[] {
    const vary = this.#any ? [] : ["vary", "Origin"];
    if (origin === undefined || !this.#allows(origin)) return vary;
    return [...vary, "access-control-allow-origin", this.#any ? "*" : origin, ...this.#readable];
  }

  /** The headers of the reply to a preflight; undefined for a page that may not call. */
  preflight(origin: string | undefined): readonly string[] | undefined {
    return origin === undefined || !this.#allows(origin) ? undefined : this.#preflight;
  }
}

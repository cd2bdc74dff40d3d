import { getHeapStatistics } from "node:v8";
import type { FetchCaller, Front, Surface, SurfaceHost } from "../app/surface.ts";
import { Fault } from "../core/fault.ts";
import { limits as defaults } from "../core/limits.ts";
import { type BodyLimits, BodyReader } from "./body.ts";
import type { CompressionOptions } from "./compression/options.ts";
import { frontLimits } from "./connections/front.ts";
import type { ListenerOptions } from "./connections/listener-options.ts";
import { type MemoryPlan, planMemory } from "./connections/memory.ts";
import { Cors, type CorsOptions } from "./cors/cors.ts";
import { CredentialFields } from "./credentials/credential-fields.ts";
import { answerFetch } from "./fetch.ts";
import { type SecurityOptions, ServerHeaders } from "./headers/security.ts";
import { HttpListener, httpPort } from "./listener.ts";
import { documentPages } from "./pages.ts";
import { Proxies, type TrustProxy } from "./peer/proxies.ts";
import { HttpRouter } from "./router.ts";
import { compileRoutes } from "./routes.ts";
import { type Listener, TlsListener } from "./tls/tls-listener.ts";
import type { HttpTls } from "./tls/tls-options.ts";
import { WebSockets } from "./websocket/web-sockets.ts";

/** What `http` takes: where it listens, its documents, its limits and its proxies. */
export interface HttpSpec {
  /** The port; 0 takes a free one, and `false` opens none and serves only `app.fetch`. */
  readonly port: number | false;
  /** *Default*: `0.0.0.0`. */
  readonly host?: string;
  /** The certificate and key, if the port is secured here and not by a proxy in front. *Default*: plain HTTP. */
  readonly tls?: HttpTls;
  /** Whether `/openapi.json` and `/docs` are served. *Default*: false. */
  readonly documents?: boolean;
  /** The proxies in front, whose header has the caller's address. *Default*: none: such headers are not read. */
  readonly trustProxy?: TrustProxy;
  /** Which pages of other origins may use the API in a browser. *Default*: none. */
  readonly cors?: CorsOptions;
  /** What to change of the headers that browsers obey. *Default*: the strictest that an API can have. */
  readonly security?: SecurityOptions;
  /** Compresses replies (zstd, br or gzip) for clients that take it; never those of operations whose output has a secret. *Default*: off. */
  readonly compression?: CompressionOptions;
  /** *Defaults*: see `core/limits.ts`. */
  readonly limits?: Partial<HttpLimits>;
}

/** Limits of HTTP that an app can set; their defaults are in `limits`. */
export interface HttpLimits extends BodyLimits {
  readonly urlBytes: number;
  readonly headerBytes: number;
  /** Lines of headers in one request. */
  readonly headerLines: number;
  readonly connections: number;
  /** New connections in a second; at once it takes as many as may be open, and those of a second. */
  readonly connectionsPerSecond: number;
  readonly requestsPerAddress: number;
  /** Requests of one connection that wait for their responses. */
  readonly pipelinedRequests: number;
  /** How long the head of a request may take to arrive. */
  readonly headerMs: number;
  /** How long a whole request may take to arrive. */
  readonly requestMs: number;
  /** How long a connection may stay idle. */
  readonly keepAliveMs: number;
  /** How long a client may read almost nothing of a response. */
  readonly sendStallMs: number;
  /** How long a connection may be used, idle or not. */
  readonly connectionAgeMs: number;
  /** Requests of one connection of HTTP/2 at once. */
  readonly streamsPerConnection: number;
  /** Frames of one connection of HTTP/2 that ask for no work, in a second. */
  readonly controlFramesPerSecond: number;
  /** Handshakes of TLS under way. */
  readonly handshakes: number;
  /** The same from one address. */
  readonly handshakesPerAddress: number;
  /** How long a handshake may take. */
  readonly handshakeMs: number;
}

/**
 * Serves every operation that has an `http` route.
 *
 * The memory that unauthenticated clients can use fits into the heap: `connections`, `requestsPerAddress` and `bodyBytesInFlight` are lowered at the
 * start to what it holds. If there is no room for another connection, an idle connection of the address with the most connections is closed.
 * *Faults thrown* at the start: `failed_precondition` with the types `limits_too_high` (a limit that you set does not fit), `trust_proxy_invalid` (a
 * network is invalid), `tls_invalid` (a certificate or key cannot be used) and `port_unavailable`.
 * @example createApp({ surfaces: [http({ port: 3000, documents: true })], … })
 */
export function http(spec: HttpSpec): Surface {
  return new HttpSurface(spec);
}

const limitNames = [
  ...(["bodyBytes", "anonymousBodyBytes", "anonymousBodyChunks", "bodyBytesInFlight", "jsonDepth", "jsonValues", "formFields"] as const),
  ...([
    "urlBytes",
    "headerBytes",
    "headerLines",
    "connections",
    "connectionsPerSecond",
    "requestsPerAddress",
    "pipelinedRequests",
  ] as const),
  ...(["headerMs", "requestMs", "keepAliveMs", "sendStallMs", "handshakes", "handshakesPerAddress", "handshakeMs"] as const),
  ...(["uploadBytesPerSecond", "uploadSlowMs"] as const),
  ...(["connectionAgeMs", "streamsPerConnection", "controlFramesPerSecond"] as const),
];

function pick<T, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}

class HttpSurface implements Surface {
  readonly name = "http";
  readonly compile: NonNullable<Surface["compile"]>;
  readonly #spec: HttpSpec;
  readonly #limits: HttpLimits & MemoryPlan;
  /** The connections of all processes. */
  readonly #declared: number;
  readonly #bodies: BodyReader;
  readonly #proxies: Proxies | undefined;
  readonly #cors: Cors | undefined;
  #listener: Listener | undefined;
  #served: Pick<ListenerOptions, "host" | "router" | "pages" | "cors" | "own"> | undefined;
  readonly #own: ServerHeaders | undefined;
  /** Ends the listing of the limits. */
  readonly #listed: (() => void)[] = [];
  #stopped = false;
  url: string | undefined;

  constructor(spec: HttpSpec) {
    this.#spec = spec;
    this.#proxies = spec.trustProxy && new Proxies(spec.trustProxy);
    this.#cors = spec.cors && new Cors(spec.cors);
    this.#own = spec.security && new ServerHeaders(spec.security);
    const wanted: HttpLimits = { ...pick(defaults, limitNames), ...spec.limits };
    const heapBytes = getHeapStatistics().heap_size_limit;
    this.#declared = wanted.connections;
    this.#limits = {
      ...wanted,
      ...planMemory(wanted, { heapBytes, given: spec.limits ?? {}, isSecured: spec.tls !== undefined, isShared: spec.tls?.http2 === true }),
    };
    this.compile = (declared, operations, report) => compileRoutes(declared, operations, { report, bodyBytes: this.#limits.bodyBytes });
    this.#bodies = new BodyReader(this.#limits);
  }

  async start(host: SurfaceHost): Promise<void> {
    const router = new HttpRouter(host.runtime.registry.operations.values(), this.#spec.compression);
    this.#cors?.serve({
      reads: router.routes.flatMap(({ http }) => Object.values(http.headers ?? {})),
      sends: router.routes.flatMap(({ http }) => Object.values(http.responseHeaders ?? {})),
    });
    const pages = this.#spec.documents ? documentPages(router, host) : new Map();
    this.#served = {
      host: { ...host, credentials: CredentialFields.of(host.authenticator) },
      router,
      pages,
      cors: this.#cors,
      own: this.#own,
    };
    const { loadLines } = host.runtime;
    if (this.#spec.port === false) return void loadLines.register(this.#bodies.line);
    const webSockets = await WebSockets.of(router);
    const options = { ...this.#served, webSockets, bodies: this.#bodies, limits: this.#limits, proxies: this.#proxies };
    const { tls } = this.#spec;
    this.#listener = tls === undefined ? new HttpListener(options) : new TlsListener({ ...options, tls, handshakeLimits: this.#limits });
    for (const line of this.#listener.lines) this.#listed.push(loadLines.register(line));
    const { sockets } = host;
    if (sockets !== undefined) this.#listener.take(sockets);
    this.url = sockets?.url ?? (await this.#listener.listen(this.#spec.port, this.#spec.host ?? "0.0.0.0"));
  }

  front(processes: number): Front | undefined {
    const { port, host = "0.0.0.0" } = this.#spec;
    if (port === false) return undefined;
    // What the heaps of all processes hold, and never more than is declared.
    const connections = Math.min(this.#declared, this.#limits.connections * processes);
    const protocol = this.#spec.tls === undefined ? "http" : "https";
    return { port, host, protocol, what: httpPort, ...frontLimits({ ...this.#limits, connections }) };
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#listener?.stop();
    for (const forget of this.#listed.splice(0)) forget();
  }

  async fetch(request: Request, caller: FetchCaller = {}): Promise<Response> {
    if (this.#served === undefined)
      throw new Fault({ code: "failed_precondition", message: "The app is not started. Await app.start() before app.fetch()." });
    if (this.#stopped)
      throw new Fault({ code: "unavailable", type: "shutting_down", message: "The app has stopped. Send the request to another process." });
    return answerFetch(request, {
      ...this.#served,
      limits: this.#limits,
      bodies: this.#bodies,
      proxies: this.#proxies,
      peer: caller.address,
    });
  }
}

import type { Surface, SurfaceHost } from "../app/surface.ts";
import { Fault } from "../core/fault.ts";
import { limits as defaults } from "../core/limits.ts";
import { BodyReader } from "./body.ts";
import { answerFetch } from "./fetch.ts";
import { HttpListener, type ListenerOptions } from "./listener.ts";
import { documentPages } from "./pages.ts";
import { HttpRouter } from "./router.ts";

export interface HttpSpec {
  /** 0 takes a free one; `false` listens nowhere and serves `app.fetch` alone. */
  readonly port: number | false;
  /** *Default*: `0.0.0.0`. */
  readonly host?: string;
  /** Whether `/openapi.json` and `/docs` are shown. *Default*: false. */
  readonly documents?: boolean;
  /** *Defaults*: see `core/limits.ts`. */
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  readonly bodyBytes: number;
  readonly bodyBytesInFlight: number;
  readonly jsonDepth: number;
  readonly urlBytes: number;
  readonly headerBytes: number;
  readonly connections: number;
  readonly requestsPerAddress: number;
  /** How long the head of a request may take to arrive. */
  readonly headerMs: number;
  /** How long a whole request may take to arrive. */
  readonly requestMs: number;
  /** How long a connection may stay open with nothing on it. */
  readonly keepAliveMs: number;
}

/**
 * Serves every operation that has an `http` route.
 * @example createApp({ surfaces: [http({ port: 3000, documents: true })], … })
 */
export function http(spec: HttpSpec): Surface {
  return new HttpSurface(spec);
}

class HttpSurface implements Surface {
  readonly name = "http";
  readonly #spec: HttpSpec;
  readonly #limits: HttpLimits;
  #listener: HttpListener | undefined;
  #served: Pick<ListenerOptions, "host" | "router" | "pages"> | undefined;
  #stopped = false;
  url: string | undefined;

  constructor(spec: HttpSpec) {
    this.#spec = spec;
    const { bodyBytes, bodyBytesInFlight, jsonDepth, urlBytes, headerBytes, connections, requestsPerAddress } = defaults;
    const { headerMs, requestMs, keepAliveMs } = defaults;
    this.#limits = {
      ...{ bodyBytes, bodyBytesInFlight, jsonDepth, urlBytes, headerBytes, connections, requestsPerAddress },
      ...{ headerMs, requestMs, keepAliveMs },
      ...spec.limits,
    };
  }

  async start(host: SurfaceHost): Promise<void> {
    const router = new HttpRouter(host.runtime.registry.operations.values());
    const pages = this.#spec.documents ? documentPages(router, host) : new Map();
    this.#served = { host, router, pages };
    if (this.#spec.port === false) return;
    this.#listener = new HttpListener({ ...this.#served, bodies: new BodyReader(this.#limits), limits: this.#limits });
    this.url = await this.#listener.listen(this.#spec.port, this.#spec.host ?? "0.0.0.0");
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#listener?.stop();
  }

  async fetch(request: Request): Promise<Response> {
    if (this.#served === undefined)
      throw new Fault({ code: "failed_precondition", message: "The app is not started. Await app.start() before app.fetch()." });
    if (this.#stopped)
      throw new Fault({ code: "unavailable", type: "shutting_down", message: "The app has stopped. Send the request to another." });
    return answerFetch(request, { ...this.#served, limits: this.#limits });
  }
}

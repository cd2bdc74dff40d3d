import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { nodeHttp } from "../../core/node/http.ts";
import type { Service } from "../../core/service.ts";
import { warnOfListener } from "../../core/signals.ts";
import type { OpsPage } from "../../operation/ops-page.ts";
import { httpStatusOf } from "../../surface/http-status.ts";
import { listen, urlOf } from "../listen.ts";
import { makeRoom } from "./connections.ts";
import type { Exposed } from "./expose.ts";
import { refuseOps } from "./guard.ts";
import { opsAuthorization } from "./token.ts";

/** Where the ops port listens, and under which host names. */
export interface OpsSpec {
  /** 0 takes a free one. */
  readonly port: number;
  /** *Default*: `127.0.0.1`: reachable from this machine only. */
  readonly host?: string;
  /**
   * Further names that a request may have in `Host`, beside IP addresses and `localhost`, as in `["ops.internal", "*.shop.svc.cluster.local"]`. A request for any other
   * name gets 421, because a page in a browser can give a name of its own the address of this machine.
   */
  readonly hosts?: readonly string[];
  /**
   * What a request must send as `Authorization: Bearer <token>`, except for `/livez` and `/readyz`; several while you rotate them. An app whose `host` other machines
   * can reach does not start without one. *Bounds*: at least 32 bytes, drawn at random; at most 4 tokens. *Default*: none.
   */
  readonly token?: string | readonly string[];
}

/** What the ops port shows. */
export interface OpsSources {
  /** Undefined when ready, otherwise the reason. */
  ready(): Promise<string | undefined>;
  metrics(): Exposed | Promise<Exposed>;
  /** What parts of the platform show here, beside the pages of the port itself. */
  readonly pages: readonly OpsPage[];
}

/** Serves `/livez`, `/readyz`, `/metrics` and the pages that parts of the platform add, for machines that watch and never for the public. */
export class Ops implements Service {
  readonly name = "ops";
  readonly #spec: OpsSpec;
  readonly #sources: OpsSources;
  readonly #pages: ReadonlyMap<string, (response: ServerResponse) => Promise<void>> = new Map([
    ["/livez", async (response: ServerResponse) => end(response, 200, "alive\n")],
    ["/readyz", (response: ServerResponse) => this.#showReadiness(response)],
    ["/metrics", (response: ServerResponse) => this.#showMetrics(response)],
  ]);
  readonly #admits: ReturnType<typeof opsAuthorization>;
  #server: Server | undefined;
  /** Requests for added pages that are being answered, most often from the database. */
  #asking = 0;
  url: string | undefined;

  constructor(spec: OpsSpec, sources: OpsSources) {
    this.#spec = spec;
    this.#admits = opsAuthorization(spec.token);
    this.#sources = sources;
  }

  async start(): Promise<void> {
    const { port, host = "127.0.0.1" } = this.#spec;
    const server = nodeHttp.createServer(
      {
        requestTimeout: limits.opsRequestMs,
        headersTimeout: limits.opsRequestMs,
        connectionsCheckingInterval: 1_000,
        maxHeaderSize: limits.opsHeaderBytes,
      },
      (request, response) => void this.#answer(request, response),
    );
    server.maxRequestsPerSocket = requestsPerConnection;
    makeRoom(server, limits.opsConnections);
    this.#server = server;
    await listen(server, { port, host, what: "The ops port" });
    this.url = urlOf(server, host);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host = "", hosts = [] } = this.#spec;
    // Few pages read the body of a POST, and not always to its end: then the connection cannot be used again.
    if (request.method !== "GET" && request.method !== "HEAD") response.setHeader("connection", "close");
    const refusal = refuseOps(request, [host, ...hosts]);
    if (refusal !== undefined) return end(response, refusal.status, refusal.reason);
    const path = request.url?.split("?")[0] ?? "";
    if (this.#admits?.(path, request.headers.authorization) === false) {
      response.setHeader("www-authenticate", "Bearer");
      return end(response, 401, 'This page needs the token of the ops port. Send it as "Authorization: Bearer …".\n');
    }
    try {
      const added = this.#sources.pages.find((page) => page.path === path || path.startsWith(`${page.path}/`));
      if (added !== undefined) return await this.#show(added, { request, response });
      const page = this.#pages.get(path);
      if (page === undefined) return end(response, 404, `No page has this path. Choose one of ${this.#paths().join(", ")}.\n`);
      if (request.method !== "GET" && request.method !== "HEAD") {
        response.setHeader("allow", "GET, HEAD");
        return end(response, 405, "This page does not change anything. Send GET.\n");
      }
      await page(response);
    } catch (error) {
      // The caller of the ops port only learns that the page failed.
      warnOfListener(`The ops page ${path.slice(0, 100)}`, error);
      end(response, 500, "The page failed. The process has written the cause to stderr.\n");
    }
  }

  #paths(): readonly string[] {
    return [...this.#pages.keys(), ...this.#sources.pages.map(({ path }) => path)];
  }

  async #show(
    page: OpsPage,
    { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  ): Promise<void> {
    // A health check must find a connection to the database, however much is asked here.
    if (this.#asking >= limits.opsQueries)
      return end(response, 503, "Too many requests to this page run at the same time. Send it again in a moment.\n");
    this.#asking++;
    try {
      const { method, url, headers } = request;
      const answer = await page.answer({ method, url, headers, body: () => readBody(request) });
      if (answer === undefined)
        return end(response, 404, `The page ${page.path} has nothing at this path. Check it; GET ${page.path} shows what there is.\n`);
      if (answer.status === 405) response.setHeader("allow", "GET, HEAD, POST");
      if (answer.text !== undefined) end(response, answer.status, answer.text);
      else end(response, answer.status, { body: `${JSON.stringify(answer.body, null, 2)}\n`, contentType: "application/json" });
    } catch (error) {
      if (!(error instanceof Fault) || error.code === "internal") throw error;
      end(
        response,
        httpStatusOf(error),
        error.code === "unavailable" && error.type !== "process_unavailable"
          ? "The database does not respond. Try again when it does.\n"
          : `${error.message}\n`,
      );
    } finally {
      this.#asking--;
    }
  }

  async #showReadiness(response: ServerResponse): Promise<void> {
    const reason = await this.#sources.ready();
    if (reason === undefined) end(response, 200, "ready\n");
    else end(response, 503, `not ready: ${reason}\n`);
  }

  async #showMetrics(response: ServerResponse): Promise<void> {
    const exposed = await this.#sources.metrics();
    if (exposed === "broken") return end(response, 500, "No sink can show its metrics. Each has a bug; see the code of expose().\n");
    if (exposed === "none") return end(response, 404, "The app has no metrics. Add prometheus() to its telemetry.\n");
    end(response, 200, exposed);
  }
}

/** Then it is closed: of all that one connection asks at once, only so much is answered. */
const requestsPerConnection = 100;

function end(response: ServerResponse, status: number, reply: string | { readonly body: string; readonly contentType: string }): void {
  const { body, contentType } = typeof reply === "string" ? { body: reply, contentType: "text/plain; charset=utf-8" } : reply;
  response.writeHead(status, { "content-type": contentType, "cache-control": "no-store", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.opsBodyBytes) throw bodyTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const bodyTooLarge = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "body_too_large",
    status: 413,
    message: `The body is larger than the limit of ${limits.opsBodyBytes} bytes. Send less at once.`,
    details: { limit: "ops body bytes", value: limits.opsBodyBytes },
  });

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import { listen } from "../app/ops.ts";
import type { SurfaceHost } from "../app/surface.ts";
import type { Fault } from "../core/fault.ts";
import type { BodyReader } from "./body.ts";
import { type AddressLoad, HttpConnection } from "./connection.ts";
import { NodeInvocation } from "./node-invocation.ts";
import { methodNotAllowed, routeNotFound, tooManyFromAddress, urlTooLong } from "./problem.ts";
import { faultReply, type HttpReply, securityHeaders } from "./reply.ts";
import { acceptableRequestId, type RequestHeaders, readHeaders } from "./request-headers.ts";
import type { HttpRouter } from "./router.ts";

export interface ListenerLimits {
  readonly connections: number;
  readonly requestsPerAddress: number;
  readonly urlBytes: number;
  readonly headerBytes: number;
}

export interface ListenerOptions {
  readonly host: SurfaceHost;
  readonly router: HttpRouter;
  readonly bodies: BodyReader;
  readonly limits: ListenerLimits;
  /** Documents and pages that are no operations, by path. */
  readonly pages: ReadonlyMap<string, HttpReply>;
}

/** One request and the way to answer it. */
export interface HttpTurn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: RequestHeaders;
}

const lameDuckMs = 100;

/** Listens with `node:http` and hands every request to the pipeline. */
export class HttpListener {
  readonly host: SurfaceHost;
  readonly bodies: BodyReader;
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #connections = new Map<Socket, HttpConnection>();
  readonly #loads = new Map<string, AddressLoad>();
  #closing = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.host = options.host;
    this.bodies = options.bodies;
    this.#server = createServer({
      maxHeaderSize: options.limits.headerBytes,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      // Longer than the idle time of common load balancers, so that it is they who close.
      keepAliveTimeout: 65_000,
      noDelay: true,
    });
    this.#server.maxConnections = options.limits.connections;
    this.#server.on("connection", (socket) => this.#connected(socket));
    this.#server.on("request", (request, response) => this.#accept(request, response));
    this.#server.on("clientError", (error, socket) => refuseMalformed(error, socket as Socket));
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  async listen(port: number, host: string): Promise<string> {
    await listen(this.#server, { port, host, what: "The HTTP port" });
    const address = this.#server.address() as AddressInfo;
    const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
    return `http://${shown}:${address.port}`;
  }

  /** Stops accepting connections. Open ones may send what is on its way; each is closed after its answer, idle ones after a moment. */
  async close(): Promise<void> {
    this.#closing = true;
    if (!this.#server.listening) return;
    // The close of node:http also cuts idle connections at once, on which a request may just be arriving.
    NetServer.prototype.close.call(this.#server);
    await new Promise<void>((resolve) => void this.host.runtime.clock.schedule(lameDuckMs, resolve));
    this.#server.closeIdleConnections();
  }

  async stop(): Promise<void> {
    this.#closing = true;
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Writes a reply; returns the bytes of its body. */
  write({ request, response, headers: asked }: HttpTurn, { status, headers, body }: HttpReply): number {
    if (response.destroyed || response.headersSent) return 0;
    const bytes = Buffer.byteLength(body);
    if (status !== 204 && status !== 304) headers.push("content-length", String(bytes));
    // An unread body would have to be read to its end before the connection is of use again.
    const unread = !request.complete && (asked.chunked || (asked.contentLength !== undefined && asked.contentLength !== "0"));
    if (unread || this.#closing) headers.push("connection", "close");
    response.writeHead(status, headers as never);
    if (request.method === "HEAD") response.end();
    else response.end(body);
    return bytes;
  }

  #connected(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    let load = this.#loads.get(address);
    if (load === undefined) {
      load = { address, connections: 0, inFlight: 0 };
      this.#loads.set(address, load);
    }
    load.connections++;
    const connection = new HttpConnection(socket, load);
    this.#connections.set(socket, connection);
    socket.on("close", () => {
      this.#connections.delete(socket);
      for (const invocation of connection.running) invocation.disconnected();
      if (--connection.load.connections === 0 && connection.load.inFlight === 0) this.#loads.delete(address);
    });
  }

  #accept(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? "/";
    const at = url.indexOf("?");
    const path = at < 0 ? url : url.slice(0, at);
    const query = at < 0 ? "" : url.slice(at + 1);
    const method = request.method ?? "GET";
    const { router, limits, pages } = this.#options;
    const headers = readHeaders(request.rawHeaders);
    const refuse = (fault: Fault) => {
      const requestId = acceptableRequestId(headers.requestId) ?? this.host.runtime.ids.spanId();
      this.write({ request, response, headers }, faultReply({ fault, requestId }));
    };
    if (url.length > limits.urlBytes) return refuse(urlTooLong(limits.urlBytes));
    const match = router.find(method === "HEAD" ? "GET" : method, path);
    if (match === undefined) {
      const page = method === "GET" || method === "HEAD" ? pages.get(path) : undefined;
      if (page !== undefined) return void this.write({ request, response, headers }, { ...page, headers: [...page.headers] });
      const allowed = pages.has(path) ? ["GET", "HEAD"] : router.allowed(path);
      if (allowed.length === 0) return refuse(routeNotFound(path));
      if (method !== "OPTIONS") return refuse(methodNotAllowed(method, allowed.join(", ")));
      const reply = { status: 204, headers: [...securityHeaders, "allow", allowed.join(", ")], body: "" };
      return void this.write({ request, response, headers }, reply);
    }
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return;
    if (connection.load.inFlight >= limits.requestsPerAddress)
      return refuse(tooManyFromAddress(limits.requestsPerAddress, connection.load.inFlight));
    const invocation = new NodeInvocation(this, { request, response, headers, match, query, connection });
    connection.running.add(invocation);
    connection.load.inFlight++;
    invocation.execution = this.host.runtime.start(match.route.operation, invocation);
  }
}

/** What is no HTTP gets the shortest answer that is. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const statuses: Record<string, string> = {
    HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  };
  socket.end(`HTTP/1.1 ${statuses[error.code ?? ""] ?? "400 Bad Request"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

import type { Server, ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
// Unlike the clock's timers these keep the process alive: a stop that has begun must not end in the middle because nothing else is left.
import { setTimeout as pause } from "node:timers/promises";
import { listen } from "../app/ops.ts";
import type { SurfaceHost } from "../app/surface.ts";
import { systemClock, type Timer } from "../core/clock.ts";
import type { Fault } from "../core/fault.ts";
import { limits as bounds } from "../core/limits.ts";
import { nodeHttp } from "../core/node/http.ts";
import type { BodyReader } from "./body.ts";
import { type AddressLoad, HttpConnection } from "./connection.ts";
import { LeanRequest } from "./lean-request.ts";
import { NodeInvocation } from "./node-invocation.ts";
import { replyWithoutOperation } from "./pages.ts";
import {
  expectationUnknown,
  hostAmbiguous,
  hostMissing,
  requestMalformed,
  requestTooSlow,
  tooManyFromAddress,
  urlTooLong,
} from "./problem.ts";
import { endOfHead, headsAreSent, linesOf, statusLine } from "./reply/head.ts";
import { Outbox } from "./reply/outbox.ts";
import { faultReply, type HttpReply } from "./reply/reply.ts";
import { acceptableRequestId, type RequestHeaders } from "./request-headers.ts";
import type { HttpRouter } from "./router.ts";

export interface ListenerLimits {
  readonly connections: number;
  readonly requestsPerAddress: number;
  readonly urlBytes: number;
  readonly headerBytes: number;
  readonly headerMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
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
  readonly request: LeanRequest;
  readonly response: ServerResponse;
}

// What follows is about sockets: they live in real time, whatever the app's clock says.
const lameDuckMs = 100;
const pollMs = 20;
const lingerMs = 1_000;
const lingerBytes = 1_048_576;
/** An unread body up to this is read and dropped to keep the connection: cheaper for both sides than a new one. */
const discardedBytes = 65_536;
const sweepEveryMs = 5_000;

/** Listens with `node:http` and hands every request to the pipeline. */
export class HttpListener {
  readonly host: SurfaceHost;
  readonly bodies: BodyReader;
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #connections = new Map<Socket, HttpConnection>();
  readonly #loads = new Map<string, AddressLoad>();
  readonly #writesHeads = headsAreSent();
  readonly #outbox = new Outbox();
  #sweep: Timer | undefined;
  #closing = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.host = options.host;
    this.bodies = options.bodies;
    this.#server = nodeHttp.createServer({
      maxHeaderSize: options.limits.headerBytes,
      headersTimeout: options.limits.headerMs,
      requestTimeout: options.limits.requestMs,
      connectionsCheckingInterval: Math.min(1_000, options.limits.headerMs),
      // Idle connections are swept below: a timer set and cleared with every request costs more than looking at them now and then.
      keepAliveTimeout: 0,
      IncomingMessage: LeanRequest,
      // Refused below: node:http would still hand on what follows such a request, and nobody would be answered.
      requireHostHeader: false,
      noDelay: true,
    });
    this.#server.maxConnections = options.limits.connections;
    this.#server.on("connection", (socket) => this.#connected(socket));
    this.#server.on("request", (request, response) => this.#accept(request as LeanRequest, response));
    // Otherwise node:http would ask for a body before anybody knows whether it is wanted.
    this.#server.on("checkContinue", (request, response) => this.#accept(request as LeanRequest, response));
    this.#server.on("checkExpectation", (request, response) => this.#accept(request as LeanRequest, response));
    this.#server.on("clientError", (error, socket) => this.#malformed(error, socket as Socket));
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  async listen(port: number, host: string): Promise<string> {
    await listen(this.#server, { port, host, what: "The HTTP port" });
    this.#sweepLater();
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
    await pause(lameDuckMs);
    await this.#closeIdle();
  }

  /** Lets answers that are on their way be taken, for a bounded time, and closes everything. */
  async stop(): Promise<void> {
    this.#closing = true;
    this.#sweep?.cancel();
    const until = systemClock.monotonic() + bounds.connectionFlushMs;
    for (;;) {
      await this.#closeIdle();
      if (this.#connections.size === 0 || systemClock.monotonic() >= until) break;
      await pause(pollMs);
    }
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Writes a reply; returns the bytes of its body. */
  write({ request, response }: HttpTurn, { status, constant, headers, body }: HttpReply): number {
    if (response.destroyed || response.headersSent) return 0;
    const bytes = Buffer.byteLength(body);
    const unread = !request.complete && isLong(request.known);
    if (!request.complete) request.discard();
    const last = (unread || this.#closing || !response.shouldKeepAlive) && this.#ends(request, unread);
    if (this.#writesHeads && !last && bytes > 0 && request.method !== "HEAD") {
      const first = constant === undefined ? statusLine(status) : constant.after(status);
      response.statusCode = status;
      const head = `${first}${linesOf(headers)}content-length: ${bytes}${endOfHead(this.host.runtime.clock.now())}`;
      this.#outbox.push({ response, head, body, encoding: bytes === body.length ? "latin1" : "utf8" });
      return bytes;
    }
    if (status !== 204 && status !== 304) headers.push("content-length", String(bytes));
    if (last) headers.push("connection", "close");
    response.writeHead(status, [...(constant?.pairs ?? []), ...headers]);
    if (request.method === "HEAD") response.end();
    else response.end(body);
    return bytes;
  }

  /** Closes connections that were idle for a whole round, as many rounds as make up the idle time. */
  #sweepLater(): void {
    const idleMs = this.#options.limits.keepAliveMs;
    const everyMs = Math.min(sweepEveryMs, idleMs / 8);
    this.#sweep = systemClock.schedule(everyMs, () => {
      for (const [socket, connection] of this.#connections) if (connection.sweep() * everyMs >= idleMs) socket.destroySoon();
      this.#sweepLater();
    });
  }

  /** Whether the answer to a request is its connection's last: not where the client has sent more requests after it. */
  #ends(request: LeanRequest, unread: boolean): boolean {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined || connection.requests !== request.ordinal) return false;
    connection.ending = true;
    if (unread) linger(request);
    return true;
  }

  /** Closes connections on which nothing is under way: no request that has begun to arrive, no answer that is still being taken. */
  async #closeIdle(): Promise<void> {
    // After the sockets were polled: what has arrived until now is known of.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.#outbox.flush();
    const busy = [...this.#connections.values()].filter(({ socket, running }) => socket.writableLength > 0 || running.size > 0);
    // node:http takes a connection for idle whose answer is written but not sent yet.
    for (const { socket } of busy) socket.destroy = () => socket;
    this.#server.closeIdleConnections();
    for (const { socket } of busy) Reflect.deleteProperty(socket, "destroy");
  }

  #connected(socket: Socket): void {
    const address = networkOf(socket.remoteAddress ?? "");
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
      for (const invocation of connection.running.list()) invocation.disconnected();
      if (--connection.load.connections === 0 && connection.load.inFlight === 0) this.#loads.delete(address);
    });
  }

  #accept(request: LeanRequest, response: ServerResponse): void {
    const url = request.url ?? "/";
    const at = url.indexOf("?");
    const path = at < 0 ? url : url.slice(0, at);
    const query = at < 0 ? "" : url.slice(at + 1);
    const method = request.method ?? "GET";
    const { router, limits } = this.#options;
    const headers = request.known;
    const connection = this.#connections.get(request.socket);
    if (connection === undefined || connection.ending) return request.discard();
    request.ordinal = ++connection.requests;
    const refuse = (fault: Fault) => {
      const requestId = acceptableRequestId(headers.requestId) ?? this.host.runtime.ids.spanId();
      this.write({ request, response }, faultReply({ fault, requestId }));
    };
    if (headers.hosts !== 1 && (headers.hosts > 1 || request.httpVersionMinor === 1)) {
      response.shouldKeepAlive = false;
      return refuse(headers.hosts === 0 ? hostMissing() : hostAmbiguous());
    }
    if (headers.expect !== undefined && headers.expect.toLowerCase() !== "100-continue") return refuse(expectationUnknown());
    if (url.length > limits.urlBytes) return refuse(urlTooLong(limits.urlBytes));
    const match = router.find(method === "HEAD" ? "GET" : method, path);
    if (match === undefined) {
      const requestId = acceptableRequestId(headers.requestId) ?? this.host.runtime.ids.spanId();
      return void this.write({ request, response }, replyWithoutOperation(this.#options, { method, path, requestId }));
    }
    if (connection.load.inFlight >= limits.requestsPerAddress)
      return refuse(tooManyFromAddress(limits.requestsPerAddress, connection.load.inFlight));
    const invocation = new NodeInvocation(this, { request, response, match, query, connection });
    connection.running.add(invocation);
    connection.idleRounds = 0;
    connection.load.inFlight++;
    invocation.execution = this.host.runtime.start(match.route.operation, invocation);
  }

  /** What is no HTTP ends the connection, but never in the place of an answer that somebody waits for. */
  #malformed(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.running.size === 0 || isGone(error)) return refuseMalformed(error, socket);
    if (connection.malformed !== undefined) return;
    connection.malformed = error;
    const fault = error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? requestTooSlow() : requestMalformed();
    for (const invocation of connection.running.list()) invocation.malformed(fault);
  }

  /** Ends a connection whose client sent what is no HTTP, once every request before that is answered. */
  endMalformed({ socket, running, ending, malformed }: HttpConnection): void {
    if (running.size > 0 || ending || malformed === undefined) return;
    // The answers are written to the socket in turn; this comes after them.
    setImmediate(() => refuseMalformed(malformed, socket));
  }
}

function isLong({ chunked, contentLength, expectsContinue }: RequestHeaders): boolean {
  return chunked || (contentLength !== undefined && (Number(contentLength) > discardedBytes || expectsContinue));
}

/**
 * Closes gently after the answer: a socket that is destroyed with bytes unread resets the connection, and the reset can overtake the answer.
 * *Bounds*: a second, or a megabyte more.
 */
function linger(request: LeanRequest): void {
  const { socket } = request;
  let dropped = 0;
  request.pipeTo({
    chunk: (bytes) => {
      dropped += bytes.length;
      if (dropped > lingerBytes) socket.destroy();
    },
    end: () => undefined,
  });
  socket.destroySoon = () => {
    socket.end();
    const timer = systemClock.schedule(lingerMs, () => socket.destroy());
    socket.once("close", () => timer.cancel());
  };
}

function isGone(error: NodeJS.ErrnoException): boolean {
  return error.code === "ECONNRESET" || error.code === "HPE_INVALID_EOF_STATE";
}

/** The shortest answer that is HTTP. */
function refuseMalformed(error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const line = error.rawPacket?.indexOf("\r\n") ?? 0;
  const statuses: Record<string, string> = {
    HPE_HEADER_OVERFLOW: line < 0 || line > bounds.urlBytes ? "414 URI Too Long" : "431 Request Header Fields Too Large",
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  };
  socket.end(`HTTP/1.1 ${statuses[error.code ?? ""] ?? "400 Bad Request"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** The network that one subscriber has: of IPv6 the first 64 bits, which he may number as he likes. */
function networkOf(address: string): string {
  if (!address.includes(":") || address.startsWith("::ffff:")) return address;
  return `${address.split("::")[0]?.split(":").slice(0, 4).join(":")}::/64`;
}

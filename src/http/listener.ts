import type { Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
// Unlike the clock's timers these keep the process alive: a stop that has begun must not end in the middle because nothing else is left.
import { setTimeout as pause } from "node:timers/promises";
import { listen, publicUrlOf } from "../app/listen.ts";
import type { HandedSockets } from "../app/surface.ts";
import { systemClock, type Timer } from "../core/clock.ts";
import { limits as bounds } from "../core/limits.ts";
import { LoadLine, type RefusalCount } from "../core/load-line/load-line.ts";
import { networkOf } from "../core/node/address.ts";
import { nodeHttp } from "../core/node/http.ts";
import type { BodyReader } from "./body.ts";
import { endsGently, ignoresRest, isGone, lingers, refuseMalformed, withoutStacks } from "./connections/closing.ts";
import type { AddressLoad, HttpConnection } from "./connections/connection.ts";
import { type ConnectionRate, connectionRateOf } from "./connections/connection-rate.ts";
import { Connections, closingConnections } from "./connections/connections.ts";
import { LeanResponse } from "./connections/lean-response.ts";
import type { HttpTurn, ListenerOptions } from "./connections/listener-options.ts";
import { requestCost } from "./connections/memory.ts";
import { isLong, readAgain } from "./connections/skipping.ts";
import type { HttpHost } from "./credentials/credential-fields.ts";
import { requestMalformed, requestTooSlow } from "./faults.ts";
import { LeanRequest } from "./lean-request.ts";
import { Reception } from "./reception/reception.ts";
import { shown } from "./reception/shown.ts";
import type { Replies } from "./reception/turn.ts";
import { endOfHead, headsAreSent, linesOf, statusLine } from "./reply/head.ts";
import { Outbox } from "./reply/outbox.ts";
import { webSocketVersion } from "./reply/problem.ts";
import type { HttpReply } from "./reply/reply.ts";
import { minorVersionOf, refuseHead } from "./request-head.ts";
import { upgradeResponse } from "./websocket/upgrade-response.ts";

/** What the port is called in messages. */
export const httpPort = "The HTTP port";

// What follows is about sockets: they live in real time, whatever the app's clock says.
const lameDuckMs = 100;
const pollMs = 20;
const sweepEveryMs = 1_000;

/** Listens with `node:http` and hands every request to the pipeline. */
export class HttpListener implements Replies<HttpTurn> {
  readonly host: HttpHost;
  readonly bodies: BodyReader;
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #connections: Connections;
  /** Decides on requests, also on those that come in another version of HTTP. */
  readonly reception: Reception;
  readonly #rate: ConnectionRate;
  readonly #headers: LoadLine;
  readonly #tooLarge: RefusalCount;
  readonly #sweepEveryMs: number;
  readonly #writesHeads = headsAreSent();
  readonly #outbox = new Outbox();
  #sweep: Timer | undefined;
  #closing = false;
  /** Another process listens, and passes on connections. */
  #isHanded = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.host = options.host;
    this.bodies = options.bodies;
    const { limits } = options;
    const { keepAliveMs, sendStallMs, connectionAgeMs, requestMs, headerMs } = limits;
    this.#sweepEveryMs = Math.min(sweepEveryMs, keepAliveMs / 8, sendStallMs / 4, connectionAgeMs / 8, requestMs / 8, headerMs / 8);
    this.#connections = new Connections({
      ...{ ...limits, everyMs: this.#sweepEveryMs, random: () => this.host.runtime.clock.random() },
      switched: (mode) => {
        this.#server.maxConnections = mode === "enforce" ? limits.connections + closingConnections : Number.POSITIVE_INFINITY;
      },
    });
    this.reception = new Reception(options, this.#connections);
    this.#rate = connectionRateOf(limits);
    this.#headers = new LoadLine({
      ...{ name: "header bytes", unit: "bytes of one request", declared: limits.headerBytes },
      fixed: "The parser of node:http reads no more. Change http({ limits: { headerBytes } }).",
    });
    this.#tooLarge = this.#headers.reason("over");
    this.#server = nodeHttp.createServer({
      maxHeaderSize: limits.headerBytes,
      // Node.js refuses to wait longer for a head than for a request.
      headersTimeout: Math.min(limits.headerMs, limits.requestMs),
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headerMs),
      // Idle connections are swept below: a timer set and cleared with every request costs more than looking at them now and then.
      keepAliveTimeout: 0,
      ...(options.webSockets && { shouldUpgradeCallback: (request: LeanRequest) => options.webSockets?.wants(request) === true }),
      IncomingMessage: LeanRequest,
      ServerResponse: LeanResponse as unknown as typeof ServerResponse,
      // `refuseHead` refuses a missing Host. node:http would pass on the requests behind it, and they would get no response.
      requireHostHeader: false,
      noDelay: true,
    });
    this.#server.maxConnections = limits.connections + closingConnections;
    // One more than is allowed, so that `refuseHead` sees that there are too many; the parser drops further lines.
    this.#server.maxHeadersCount = limits.headerLines + 1;
    this.#server.on("drop", () => this.#connections.dropped());
    this.#server.on("connection", (socket) => this.#connected(socket));
    const accept = (request: unknown, response: unknown) =>
      this.#accept({ request: request as LeanRequest, response: response as LeanResponse });
    this.#server.on("request", accept);
    // Otherwise node:http would ask for a body before it is known whether the body is wanted.
    this.#server.on("checkContinue", accept);
    this.#server.on("checkExpectation", accept);
    if (options.webSockets !== undefined) this.#server.on("upgrade", (...given) => accept(given[0], upgradeResponse(...given)));
    this.#server.on("clientError", (error, socket) => this.#malformed(error, socket as Socket));
  }

  /** Every limit of the listener that a process shows. */
  get lines(): readonly LoadLine[] {
    const { connections, requestBytes } = this.#connections.lines;
    const { sockets } = this.host;
    const accepting = sockets === undefined ? [connections, this.#rate.line] : [connections];
    const { perAddress, documents } = this.reception.lines;
    return [...accepting, perAddress, requestBytes, this.bodies.line, documents, this.#headers];
  }

  /** Counts a head that is larger than `headerBytes`. */
  headersTooLarge(): void {
    this.#headers.refuses(this.#tooLarge);
  }

  /** How long a client may read almost nothing. *Units*: milliseconds. */
  get stallMs(): number {
    return this.#options.limits.sendStallMs;
  }

  get webSockets() {
    return this.#options.webSockets;
  }

  get cors() {
    return this.#options.cors;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  async listen(port: number, host: string): Promise<string> {
    await listen(this.#server, { port, host, what: httpPort });
    this.#sweepLater();
    return publicUrlOf(this.#server, host);
  }

  /** Serves connections that another process accepts. */
  take(sockets: HandedSockets): void {
    // What the server does when it begins to listen: from then on it looks for clients that are too slow.
    this.#server.emit("listening");
    this.#sweepLater();
    this.#isHanded = true;
    sockets.take((socket) => {
      socket.setNoDelay(true);
      this.#server.emit("connection", socket);
      socket.resume();
    });
  }

  /** Stops accepting connections. Open ones may send what is on its way; each is closed after its response, idle ones after a moment. */
  async close(): Promise<void> {
    this.#closing = true;
    if (!this.#server.listening && !this.#isHanded) return;
    // The close of node:http also cuts idle connections at once, on which a request may just be arriving.
    NetServer.prototype.close.call(this.#server);
    await pause(lameDuckMs);
    await this.#closeIdle();
  }

  /** Lets responses that are on their way be taken, for a bounded time, and closes everything. */
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

  /** Decides on the reply to a request. Returns whether it is the last one of its connection. */
  #prepare(turn: HttpTurn, headers: string[]): boolean {
    const { request, response } = turn;
    this.#options.cors?.allowReading(headers, request.known.origin);
    const unread = !request.complete && isLong(request.known);
    if (!request.complete) request.discard();
    return (unread || this.#closing || response.owner?.leaves !== false || !response.shouldKeepAlive) && this.#ends(turn, unread);
  }

  /** Writes the head of a reply whose body follows in parts. */
  begin(turn: HttpTurn, { status, constant: usual, headers }: HttpReply): void {
    const constant = usual && (this.#options.own?.of(usual) ?? usual);
    if (this.#prepare(turn, headers)) headers.push("connection", "close");
    turn.response.writeHead(status, [...(constant?.pairs ?? []), ...headers]).flushHeaders();
  }

  /** Writes a reply; returns the bytes of its body. */
  write(turn: HttpTurn, reply: HttpReply, now = this.host.runtime.clock.now()): number {
    const { request, response } = turn;
    if (response.destroyed || response.headersSent) return 0;
    const { status, constant, headers, body: text, encoded, download } = shown(reply, this.#options, request.known.accept);
    const body = encoded ?? text;
    const bytes = download === undefined ? Buffer.byteLength(body) : (download.length ?? 0);
    response.keep(download === undefined ? bytes : 0);
    const last = this.#prepare(turn, headers);
    // A 426 says to what, and HTTP/1.1 has that for this connection alone. *Source*: RFC 9110 §7.8, §15.5.22.
    const upgrades = status === 426 && headers.includes(webSocketVersion);
    if (upgrades) headers.push("upgrade", "websocket");
    if (last || upgrades) headers.push("connection", `${last ? "close" : ""}${last && upgrades ? ", " : ""}${upgrades ? "Upgrade" : ""}`);
    if (this.#writesHeads && !last && bytes > 0 && request.method !== "HEAD" && download === undefined) {
      const first = constant === undefined ? statusLine(status) : constant.after(status);
      response.statusCode = status;
      const head = `${first}${linesOf(headers)}content-length: ${bytes}${endOfHead(now)}`;
      this.#outbox.push({ response, head, body, encoding: bytes === body.length ? "latin1" : "utf8" });
      return bytes;
    }
    if (status !== 204 && status !== 304 && (!download || download.length !== undefined)) headers.push("content-length", String(bytes));
    response.writeHead(status, [...(constant?.pairs ?? []), ...headers]);
    if (request.method === "HEAD") response.end();
    else if (download === undefined) response.end(body);
    return bytes;
  }

  #sweepLater(): void {
    this.#sweep = systemClock.schedule(this.#sweepEveryMs, () => {
      this.#connections.sweep();
      this.#sweepLater();
    });
  }

  /** Whether the response to a request is its connection's last: not where the client has sent more requests after it. */
  #ends({ request, response: { owner: connection } }: HttpTurn, unread: boolean): boolean {
    if (connection === undefined || connection.requests !== request.ordinal) return false;
    connection.ending = true;
    if (unread) lingers(request);
    return true;
  }

  /** Closes connections on which nothing is under way: no request that has begun to arrive, no response that is still being taken. */
  async #closeIdle(): Promise<void> {
    // The loop polls the sockets first, so that a request that has arrived by now counts.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.#outbox.flush();
    const inUse = [...this.#connections.list()].filter(({ socket, running }) => socket.writableLength > 0 || running.size > 0);
    // node:http takes a connection for idle whose response is written but not sent yet.
    for (const { socket } of inUse) socket.destroy = () => socket;
    this.#server.closeIdleConnections();
    for (const { socket } of inUse) Reflect.deleteProperty(socket, "destroy");
  }

  #connected(socket: Socket): void {
    // Sockets live in real time, whatever the app's clock says. Where another process accepts, it has looked at the rate of all.
    if (!this.#isHanded && !this.#rate.takes(systemClock.monotonic())) return void socket.destroy();
    const connection = this.connect(socket);
    if (connection === undefined) return void socket.destroy();
    let restore: (() => void) | undefined;
    // Before the server's own listener, which comes first otherwise.
    socket.prependListener("close", () => {
      readAgain(socket);
      if (connection.unanswered + connection.dropped > 1) restore = withoutStacks();
    });
    socket.on("close", () => {
      restore?.();
      this.disconnected(connection);
    });
  }

  /** Counts a new connection, of whatever version of HTTP; undefined where there is no room for it. */
  connect(socket: Socket): HttpConnection | undefined {
    const peer = socket.remoteAddress ?? "";
    const proxy = this.#options.proxies?.include(peer) ? peer : undefined;
    return this.#connections.add(socket, { address: networkOf(peer), proxy });
  }

  /** Forgets a connection that {@link connect} has counted. */
  disconnected(connection: HttpConnection): void {
    this.#connections.remove(connection);
    for (const invocation of connection.running.list()) invocation.disconnected();
  }

  #accept(turn: HttpTurn): void {
    const { request, response } = turn;
    const lines = request.takeLines();
    const connection = this.#connections.get(request.socket);
    if (connection === undefined || !this.#begins(turn, connection)) return request.discard();
    const headers = request.known;
    const version = minorVersionOf(request);
    const refused = refuseHead(headers, version, this.#options.limits);
    // HTTP/1.0 has no chunks: where such a request ends is known to us, but maybe not to proxies on the way.
    if (refused?.closes || (version === 0 && headers.chunked)) response.shouldKeepAlive = false;
    // This response closes the connection: requests that the client has sent behind it are not begun.
    if (!response.shouldKeepAlive) connection.ending = true;
    this.reception.receive({ turn, connection, lines, refused: refused?.fault, replies: this });
  }

  /** Whether a request is taken up: nothing is after the last response of its connection, nor beyond how many may wait for theirs. */
  #begins({ request, response }: HttpTurn, connection: HttpConnection): boolean {
    const { pipelinedRequests } = this.#options.limits;
    connection.idleRounds = 0;
    if (!connection.ending && connection.unanswered < pipelinedRequests) {
      request.ordinal = ++connection.requests;
      response.belongsTo(connection, requestCost + request.known.chars + (request.url?.length ?? 0));
      return true;
    }
    connection.ending = true;
    connection.dropped++;
    connection.keep(requestCost);
    ignoresRest(connection.socket);
    return false;
  }

  /** What a request has counted as under way is over. */
  ended(load: AddressLoad, era: number): void {
    this.reception.ended(load, era);
  }

  /** Bytes that are not HTTP end the connection, but never instead of a response that a client waits for, nor after the last one. */
  #malformed(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === "HPE_HEADER_OVERFLOW") this.headersTooLarge();
    const connection = this.#connections.get(socket);
    if (connection?.ending && (isGone(error) || connection.unanswered === 0)) return endsGently(socket);
    if (connection === undefined || connection.unanswered === 0 || isGone(error)) return refuseMalformed(error, socket);
    if (connection.malformed !== undefined || (connection.takesLong && error.code === "ERR_HTTP_REQUEST_TIMEOUT")) return;
    connection.malformed = error;
    const fault = error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? requestTooSlow() : requestMalformed();
    for (const invocation of connection.running.list()) invocation.malformed(fault);
    this.endMalformed(connection);
  }

  /** Ends a connection whose client sent what is no HTTP, once every request before that is answered. */
  endMalformed({ socket, running, ending, malformed }: HttpConnection): void {
    if (running.size > 0 || ending || malformed === undefined) return;
    // The responses are written to the socket in turn; this comes after them.
    setImmediate(() => refuseMalformed(malformed, socket));
  }
}

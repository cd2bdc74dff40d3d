import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { systemClock } from "../../core/clock.ts";
import type { Fault } from "../../core/fault.ts";
import { type Indexed, IntrusiveSet } from "../../core/intrusive-set.ts";
import { ControlWatch } from "../../core/node/control-watch.ts";
import type { HttpConnection, SharedConnection } from "../connections/connection.ts";
import type { ListenerLimits } from "../connections/listener-limits.ts";
import { requestCost } from "../connections/memory.ts";
import { headersTooLarge, protocolUnknown, requestTooSlow } from "../faults.ts";
import { refuseHead } from "../request-head.ts";
import type { WebSockets } from "../websocket/web-sockets.ts";
import { codes } from "./codes.ts";
import { type Http2Head, readHead } from "./head.ts";
import { Http2Request } from "./request.ts";
import { Http2Response } from "./response.ts";
import { sessionOptions } from "./session-options.ts";
import { StreamSocket } from "./stream-socket.ts";

/** One request on a stream. */
export interface Http2Turn {
  readonly request: Http2Request;
  readonly response: Http2Response;
}

/** What a connection hands its requests to, and what counts what it refuses. */
export interface Http2Way {
  readonly limits: ListenerLimits;
  /** Bytes of one piece of a response. */
  readonly pieceBytes: number;
  /** Undefined where no operation has them. */
  readonly webSockets?: Pick<WebSockets, "wants"> | undefined;
  receive(turn: Http2Turn, head: Http2Arrival): void;
  /** Whether one more stream is taken; counts it. */
  takesStream(running: number): boolean;
  /** Whether a connection ends that sends too much that asks for no work; counts it. */
  refusesControl(): boolean;
  /** The headers of a request are too large. */
  tooLarge(): void;
}

/** A request that has come, and why its head is refused. */
export interface Http2Arrival {
  readonly connection: HttpConnection;
  readonly lines: readonly string[];
  readonly refused: Fault | undefined;
}

interface OpenStream extends Http2Turn, Indexed {
  readonly stream: ServerHttp2Stream;
  readonly since: number;
}

const endOfStream = 1;
/** More than any id that a stream can have: no request on its way is refused yet. *Source*: RFC 9113 §6.8. */
const everyStream = 2 ** 31 - 1;
const closingMs = 1_000;

/** One connection of HTTP/2. */
export class Http2Connection implements SharedConnection {
  readonly #socket: Socket;
  readonly #connection: HttpConnection;
  readonly #way: Http2Way;
  readonly #session: ServerHttp2Session;
  readonly #open = new IntrusiveSet<OpenStream>();
  readonly #control: ControlWatch;
  readonly #since = systemClock.monotonic();
  #closingSince: number | undefined = undefined;
  #isRetiring = false;

  constructor(socket: Socket, connection: HttpConnection, way: Http2Way) {
    this.#socket = socket;
    this.#connection = connection;
    this.#way = way;
    const session = process
      .getBuiltinModule("node:http2")
      .performServerHandshake(socket, sessionOptions(way.limits, way.webSockets !== undefined));
    this.#session = session;
    session.on("stream", (stream, ...[, flags, lines]) => this.#arrived(stream, (flags & endOfStream) !== 0, lines as unknown as string[]));
    session.on("error", () => undefined);
    session.on("frameError", () => undefined);
    socket.once("end", () => this.#ended());
    this.#control = new ControlWatch(session, {
      framesPerSecond: way.limits.controlFramesPerSecond,
      refuses: () => way.refusesControl(),
      ending: () => {
        this.#closingSince ??= systemClock.monotonic();
      },
    });
  }

  get isStuck(): boolean {
    for (const { request, response } of this.#open.list()) if ((!request.complete && !request.isSocket) || response.isWaiting) return true;
    return false;
  }

  sweep(now: number): void {
    if (this.#connection.isOld) this.retire();
    this.#lookAtClosing(now);
    const { headerMs, requestMs, sendStallMs } = this.#way.limits;
    if (now - this.#since >= headerMs && !this.#control.isSettled) return this.#control.end(codes.settingsTimeout);
    for (const one of this.#open.list()) {
      const { request, response, since } = one;
      if (now - response.stalledSince >= sendStallMs) response.destroy(codes.cancel);
      else if (!request.complete && !request.isSocket && now - since >= requestMs && response.request?.takesLong !== true)
        this.#tooSlow(one);
    }
    this.#lookAtBytes();
  }

  /** Lets the client know that it must open another connection: what it sends until it knows is still served. */
  retire(): void {
    if (this.#isRetiring || this.#session.destroyed || this.#session.closed) return;
    this.#isRetiring = true;
    this.#session.goaway(codes.noError, everyStream);
  }

  close(): void {
    this.#closingSince ??= systemClock.monotonic();
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #arrived(stream: ServerHttp2Stream, complete: boolean, raw: readonly string[]): void {
    // What a client does to a stream is no error of the process.
    stream.on("error", () => undefined);
    const { limits } = this.#way;
    const running = Math.max(this.#connection.running.size, this.#open.size);
    if (!this.#way.takesStream(running)) return stream.close(codes.refusedStream);
    const asked = readHead(raw);
    const isSocket = this.#asksForSocket(asked);
    const head = isSocket ? { ...asked, method: "GET" } : asked;
    const request = new Http2Request(stream, head, complete);
    const response = new Http2Response(stream, this.#connection, this.#way.pieceBytes);
    if (isSocket && !complete) makeSocket(stream, request, response);
    this.#control.worked(head.chars);
    response.keep(requestCost + request.known.chars + head.url.length + request.unread);
    const one = { stream, request, response, since: systemClock.monotonic(), index: -1 };
    this.#open.add(one);
    this.#connection.idleRounds = 0;
    this.#connection.requests++;
    stream.once("finish", () => {
      // The response is whole: no more of the request is wanted.
      if (!request.complete && !response.isCut) stream.close(codes.noError);
    });
    stream.once("close", () => this.#closed(one));
    const isLarge = head.chars > limits.headerBytes;
    if (isLarge) this.#way.tooLarge();
    const wrong = head.protocol === undefined || isWebSocket(head) ? refuseHead(request.known, 1, limits)?.fault : protocolUnknown();
    const refused = isLarge ? headersTooLarge(limits.headerBytes) : wrong;
    this.#way.receive({ request, response }, { connection: this.#connection, lines: head.lines, refused });
  }

  /** Whether an extended `CONNECT` asks for a WebSocket where there is one: its route is a `GET`. */
  #asksForSocket(head: Http2Head): boolean {
    return isWebSocket(head) && this.#way.webSockets?.wants({ method: "GET", url: head.url }) === true;
  }

  #closed(one: OpenStream): void {
    const { stream, request, response } = one;
    this.#open.delete(one);
    this.#control.worked(request.bytes);
    const isReset = stream.rstCode !== 0 && !response.isCut && !this.#session.destroyed;
    response.closed();
    if (isReset) this.#control.came();
  }

  /** Its client sends nothing more: what it has asked for is still sent. A WebSocket is over, as where a connection of HTTP/1.1 ends. */
  #ended(): void {
    this.close();
    for (const { request, response } of this.#open.list()) if (request.isSocket) response.destroy(codes.cancel);
  }

  #tooSlow({ stream, response }: OpenStream): void {
    const running = response.request;
    if (running === undefined || running.index < 0) return stream.close(codes.cancel);
    running.malformed(requestTooSlow());
  }

  #lookAtClosing(now: number): void {
    if (this.#isRetiring && this.#closingSince === undefined) return this.close();
    // Its client does not close its half.
    if (this.#closingSince !== undefined && this.#open.size === 0 && now - this.#closingSince >= closingMs) this.destroy();
  }

  #lookAtBytes(): void {
    let open = 0;
    for (const { request } of this.#open.list()) open += request.bytes;
    this.#control.look(this.#socket, open);
  }
}

/** Tokens of protocols have no case. *Source*: RFC 9110 §7.8. */
function isWebSocket({ protocol }: Http2Head): boolean {
  return protocol?.toLowerCase() === "websocket";
}

/** Lets a request become a WebSocket, which its stream carries. *Source*: RFC 8441 §5. */
function makeSocket(stream: ServerHttp2Stream, request: Http2Request, response: Http2Response): void {
  request.isSocket = true;
  response.upgrade = () => {
    const socket = new StreamSocket(request, response);
    stream.once("close", () => socket.destroy());
    // As where a connection of HTTP/1.1 closes: before the library knows.
    socket.once("close", () => response.request?.disconnected());
    const opened = (protocol: string) => response.head(200, protocol === "" ? [] : ["sec-websocket-protocol", protocol], false);
    return { socket, head: Buffer.alloc(0), opened };
  };
}

import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { limits as bounds } from "../../core/limits.ts";
import { LoadLine, type RefusalCount } from "../../core/load-line/load-line.ts";
import type { BodyReader } from "../body.ts";
import type { AddressLoad } from "../connections/connection.ts";
import type { ListenerOptions } from "../connections/listener-options.ts";
import type { HttpHost } from "../credentials/credential-fields.ts";
import type { HttpListener } from "../listener.ts";
import { shown } from "../reception/shown.ts";
import type { Replies } from "../reception/turn.ts";
import type { HttpReply } from "../reply/reply.ts";
import { type Http2Arrival, Http2Connection, type Http2Turn, type Http2Way } from "./http2-connection.ts";

// Sockets live in real time, whatever the app's clock says.
const lameDuckMs = 100;
const leastPieceBytes = 1_024;
const mostPieceBytes = 16_384;

/**
 * Serves the connections of a port whose clients have chosen HTTP/2. Their requests go the same way as those of HTTP/1.1.
 * *Bounds*: streams of a connection, what a client sends beside requests, the age of a connection.
 */
export class Http2Listener implements Replies<Http2Turn>, Http2Way {
  readonly host: HttpHost;
  readonly bodies: BodyReader;
  readonly limits: ListenerOptions["limits"];
  readonly stallMs: number;
  readonly pieceBytes: number;
  readonly #options: ListenerOptions;
  readonly #listener: HttpListener;
  readonly #open = new Set<Http2Connection>();
  readonly #streams: LoadLine;
  readonly #full: RefusalCount;
  readonly #control: LoadLine;
  readonly #aboveRate: RefusalCount;
  #closing = false;

  constructor(options: ListenerOptions, listener: HttpListener) {
    this.#options = options;
    this.#listener = listener;
    this.host = options.host;
    this.bodies = options.bodies;
    this.limits = options.limits;
    const { sendStallMs, streamsPerConnection, controlFramesPerSecond } = options.limits;
    this.stallMs = sendStallMs;
    this.pieceBytes = Math.min(mostPieceBytes, Math.max(leastPieceBytes, Math.floor((bounds.sendBytesPerSecond * sendStallMs) / 1_000)));
    this.#streams = new LoadLine({
      ...{ name: "HTTP/2 streams", unit: "streams of one connection", declared: streamsPerConnection },
      fixed: "It is said to clients, and node:http2 ends a connection that opens more. Change http({ limits: { streamsPerConnection } }).",
    });
    this.#full = this.#streams.reason("full");
    this.#control = new LoadLine({
      ...{ name: "HTTP/2 control frames", unit: "frames of one connection in a second", declared: controlFramesPerSecond },
    });
    this.#aboveRate = this.#control.reason("above_rate");
  }

  get webSockets() {
    return this.#options.webSockets;
  }

  get cors() {
    return this.#options.cors;
  }

  get lines(): readonly LoadLine[] {
    return [this.#streams, this.#control];
  }

  /** Serves a connection over TLS whose client has chosen HTTP/2. */
  serve(socket: Socket): void {
    const connection = this.#listener.connect(socket);
    if (connection === undefined) return void socket.destroy();
    const made = new Http2Connection(socket, connection, this);
    connection.session = made;
    this.#open.add(made);
    socket.on("close", () => {
      this.#open.delete(made);
      this.#listener.disconnected(connection);
    });
    if (this.#closing) void this.#closeSoon([made]);
  }

  /** Lets every client know, serves what is on its way, and takes nothing more. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#closeSoon([...this.#open]);
  }

  /** Cuts what is still open. */
  stop(): void {
    for (const one of this.#open) one.destroy();
  }

  begin(turn: Http2Turn, reply: HttpReply): void {
    const { status, constant, headers } = this.#shown(turn, reply);
    turn.response.head(status, [...(constant?.pairs ?? []), ...headers], false);
  }

  write(turn: Http2Turn, reply: HttpReply): number {
    const { request, response } = turn;
    if (response.destroyed || response.headersSent) return 0;
    const { status, constant, headers, body: text, encoded, download } = this.#shown(turn, reply);
    const body = encoded ?? text;
    const bytes = download === undefined ? Buffer.byteLength(body) : (download.length ?? 0);
    response.keep(download === undefined ? bytes : 0);
    if (status !== 204 && status !== 304 && (!download || download.length !== undefined)) headers.push("content-length", String(bytes));
    const isWhole = request.method === "HEAD" || (download === undefined && bytes === 0);
    response.head(status, [...(constant?.pairs ?? []), ...headers], isWhole);
    if (isWhole) response.end();
    else if (download === undefined) {
      response.write(body);
      response.end();
    }
    if (!request.complete) request.discard();
    return bytes;
  }

  ended(load: AddressLoad, era: number): void {
    this.#listener.reception.ended(load, era);
  }

  /** Frames that are malformed end their stream or their connection in Node.js. */
  endMalformed(): void {}

  receive(turn: Http2Turn, arrival: Http2Arrival): void {
    this.#listener.reception.receive({ ...arrival, turn, replies: this });
  }

  takesStream(running: number): boolean {
    if (running >= this.limits.streamsPerConnection && this.#streams.refuses(this.#full)) return false;
    this.#streams.admits(running + 1);
    return true;
  }

  refusesControl(): boolean {
    return this.#control.mode !== "off" && this.#control.refuses(this.#aboveRate);
  }

  tooLarge(): void {
    this.#listener.headersTooLarge();
  }

  #shown({ request }: Http2Turn, reply: HttpReply): HttpReply {
    const made = shown(reply, this.#options, request.known.accept);
    this.#options.cors?.allowReading(made.headers, request.known.origin);
    return made;
  }

  async #closeSoon(all: readonly Http2Connection[]): Promise<void> {
    for (const one of all) one.retire();
    await pause(lameDuckMs);
    for (const one of all) one.close();
  }
}

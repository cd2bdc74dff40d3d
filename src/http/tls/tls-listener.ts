import { constants } from "node:crypto";
import { Server as NetServer, type Socket } from "node:net";
import type { SecureContext, TLSSocket, Server as TlsServer } from "node:tls";
import { listen, publicUrlOf } from "../../app/listen.ts";
import type { HandedSockets } from "../../app/surface.ts";
import { systemClock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import type { LoadLine } from "../../core/load-line/load-line.ts";
import { networkOf } from "../../core/node/address.ts";
import { type ConnectionRate, connectionRateOf } from "../connections/connection-rate.ts";
import { closingConnections } from "../connections/connections.ts";
import type { ListenerOptions } from "../connections/listener-options.ts";
import { Http2Listener } from "../http2/http2-listener.ts";
import { HttpListener, httpPort } from "../listener.ts";
import { Certificates } from "./certificates.ts";
import { Handshakes } from "./handshakes.ts";
import { NamedCertificates } from "./named-certificates.ts";
import { ticketKeysOf } from "./tickets.ts";
import type { HttpTls } from "./tls-options.ts";

/** What a listener over TLS needs beside what every listener does. */
export interface TlsListenerOptions extends ListenerOptions {
  readonly tls: HttpTls;
  readonly handshakeLimits: { readonly handshakes: number; readonly handshakesPerAddress: number; readonly handshakeMs: number };
}

/**
 * Secures the connections of a {@link HttpListener}: it gets each of them once its handshake is done, as if another process had accepted it.
 * *Bounds*: the handshakes under way, in all and of one address, and how long one may take.
 */
export class TlsListener {
  readonly #options: TlsListenerOptions;
  readonly #inner: HttpListener;
  readonly #http2: Http2Listener | undefined;
  readonly #server: TlsServer;
  readonly #front: NetServer;
  readonly #certificates: Certificates;
  readonly #named: NamedCertificates | undefined;
  readonly #handshakes: Handshakes;
  readonly #rate: ConnectionRate;
  readonly #byPeer = new Map<string, Socket>();
  #serve: (socket: Socket) => void = (socket) => void socket.destroy();
  #isHanded = false;
  #ticketSecret: Buffer | undefined = undefined;

  /** *Faults thrown*: `failed_precondition` of type `tls_invalid`. */
  constructor(options: TlsListenerOptions) {
    this.#options = options;
    const { host, limits, tls, handshakeLimits } = options;
    const sockets: HandedSockets = {
      url: "",
      take: (accept) => {
        this.#serve = accept;
      },
    };
    this.#inner = new HttpListener({ ...options, host: { ...host, sockets } });
    this.#inner.take(sockets);
    this.#http2 = tls.http2 === true ? new Http2Listener(options, this.#inner) : undefined;
    this.#handshakes = new Handshakes(handshakeLimits);
    this.#rate = connectionRateOf(limits);
    this.#certificates = new Certificates({
      ...{ tls, runtime: host.runtime },
      replaced: ({ context }) => {
        this.#server.setSecureContext({ ...context, secureOptions });
        this.#setTickets();
      },
    });
    this.#named = this.#openNames(options);
    const clientCertificates = clientCertificatesOf(tls);
    this.#server = process.getBuiltinModule("node:tls").createServer({
      ...{ ...this.#certificates.current.context, secureOptions },
      handshakeTimeout: handshakeLimits.handshakeMs,
      requestCert: clientCertificates !== undefined,
      rejectUnauthorized: clientCertificates === "require",
      ...(this.#named !== undefined && { SNICallback: (name: string, done: SniDone) => this.#choose(name, done) }),
      ALPNProtocols: this.#http2 === undefined ? ["http/1.1"] : ["h2", "http/1.1"],
    });
    this.#server.on("secureConnection", (socket) => this.#secured(socket));
    this.#server.on("tlsClientError", (_, socket) => void socket.destroy());
    this.#front = new NetServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#connected(socket));
    this.#front.maxConnections = limits.connections + handshakeLimits.handshakes + closingConnections;
  }

  get lines(): readonly LoadLine[] {
    const accepting = this.#options.host.sockets === undefined ? [this.#rate.line] : [];
    return [...accepting, ...this.#inner.lines, ...this.#handshakes.lines, ...(this.#http2?.lines ?? [])];
  }

  #openNames({ tls, host: { runtime } }: TlsListenerOptions): NamedCertificates | undefined {
    if (tls.names === undefined && tls.unknownNames !== "refuse") return undefined;
    const { createSecureContext } = process.getBuiltinModule("node:tls");
    return new NamedCertificates({ tls, runtime, contextOf: ({ context }) => createSecureContext({ ...context, secureOptions }) });
  }

  #choose(name: string, done: SniDone): void {
    const found = this.#named?.find(name);
    if (found === undefined && this.#options.tls.unknownNames === "refuse") return done(unknownName());
    done(null, found);
  }

  async listen(port: number, host: string): Promise<string> {
    await listen(this.#front, { port, host, what: httpPort });
    this.#watch();
    return publicUrlOf(this.#front, host, "https");
  }

  /** Serves connections that another process accepts. */
  take(sockets: HandedSockets): void {
    this.#isHanded = true;
    this.#watch();
    sockets.take((socket) => {
      socket.setNoDelay(true);
      this.#connected(socket);
    });
    sockets.tickets?.((secret) => {
      this.#ticketSecret = secret;
      this.#setTickets();
    });
  }

  /** Sessions can be resumed in all processes that have the secret. Node.js has one set of keys: with new ones, older sessions end. */
  #setTickets(): void {
    if (this.#ticketSecret === undefined) return;
    const scope = { digest: this.#certificates.current.digest, clientCertificates: clientCertificatesOf(this.#options.tls) };
    this.#server.setTicketKeys(ticketKeysOf(this.#ticketSecret, scope));
  }

  #watch(): void {
    this.#certificates.watch();
    this.#named?.watch();
  }

  /** Stops accepting. Handshakes that have begun may end, and the request behind each is served. */
  async close(): Promise<void> {
    this.#front.close();
    await Promise.all([this.#inner.close(), this.#http2?.close()]);
  }

  async stop(): Promise<void> {
    this.#certificates.stop();
    this.#named?.stop();
    for (const socket of this.#handshakes.list()) socket.destroy();
    await this.#inner.stop();
    this.#http2?.stop();
  }

  #connected(socket: Socket): void {
    const now = systemClock.monotonic();
    if (!this.#isHanded && !this.#rate.takes(now)) return void socket.destroy();
    const { remoteAddress = "", remotePort } = socket;
    const isProxy = this.#options.proxies?.include(remoteAddress);
    if (remotePort === undefined || !this.#handshakes.begins(socket, isProxy ? undefined : networkOf(remoteAddress), now))
      return void socket.destroy();
    const peer = `${remoteAddress} ${remotePort}`;
    this.#byPeer.set(peer, socket);
    socket.once("close", () => {
      this.#handshakes.ended(socket);
      if (this.#byPeer.get(peer) === socket) this.#byPeer.delete(peer);
    });
    this.#server.emit("connection", socket);
  }

  #secured(socket: TLSSocket): void {
    const raw = this.#byPeer.get(`${socket.remoteAddress} ${socket.remotePort}`);
    if (raw === undefined) return void socket.destroy();
    if (this.#options.tls.unknownNames === "refuse" && !hasName(socket)) return void socket.destroy();
    this.#handshakes.ended(raw);
    // A reset between two requests is no error of the process: node:http listens for others.
    socket.on("error", () => undefined);
    if (this.#http2 !== undefined && socket.alpnProtocol === "h2") this.#http2.serve(socket);
    else this.#serve(socket);
  }
}

const clientCertificatesOf = ({ clientCertificates, ca }: HttpTls): HttpTls["clientCertificates"] =>
  clientCertificates ?? (ca === undefined ? undefined : "request");

/**
 * Whether a client has asked for a name; one that has not asks for none that is known. Node.js does not say the name of a session that is resumed over TLS 1.2: it
 * began with one that is known, since every other handshake ends before its client has a ticket.
 */
const hasName = (socket: TLSSocket): boolean => !!socket.servername || (socket.getProtocol() === "TLSv1.2" && socket.isSessionReused());

type SniDone = (error: Error | null, context?: SecureContext) => void;

/** Nothing reads it: Node.js ends the handshake. */
const unknownName = (): Fault =>
  new Fault({ code: "invalid_argument", message: "No certificate of this server is for the name that was asked for." });

/** A client could make the server do one handshake after another on one connection. */
const secureOptions = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE;

/** What {@link HttpListener} and {@link TlsListener} have in common. */
export interface Listener {
  readonly lines: readonly LoadLine[];
  listen(port: number, host: string): Promise<string>;
  take(sockets: HandedSockets): void;
  close(): Promise<void>;
  stop(): Promise<void>;
}

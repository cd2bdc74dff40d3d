import type { Socket } from "node:net";
import { systemClock } from "../../core/clock.ts";
import { limits as bounds } from "../../core/limits.ts";
import { Bound } from "../../core/load-line/bound.ts";
import { type LimitMode, LoadLine, type RefusalCount } from "../../core/load-line/load-line.ts";
import { type AddressLoad, HttpConnection } from "./connection.ts";

/** Bounds of the connections of one server. */
export interface ConnectionsOptions {
  readonly connections: number;
  readonly keepAliveMs: number;
  readonly sendStallMs: number;
  readonly connectionAgeMs: number;
  readonly random: () => number;
  /** Bytes of the heap for requests under way and replies that are not sent. */
  readonly requestBytes: number;
  /** The mode of the limit of connections has changed. */
  readonly switched: (mode: LimitMode) => void;
  /** How often they are looked at. */
  readonly everyMs: number;
}

/** Who is at the other end. */
interface Peer {
  /** The network of its address. */
  readonly address: string;
  /** The address itself where it is a proxy that says who its callers are. */
  readonly proxy: string | undefined;
}

/** One in so many of what is allowed is given up at once when there is no room: looking for what to give up reads all of it. */
const givenUpAtOnce = 64;
const lookEveryMs = 20;
/** By up to this part of its age, a connection ends earlier. */
const earlier = 0.1;
/** Connections that are given up close a moment later: the system counts them until then. */
export const closingConnections = 256;

/** Where a socket has its connection: each request asks for it. */
const owner = Symbol("connection");

interface CountedSocket extends Socket {
  [owner]?: HttpConnection | undefined;
}

/**
 * The open connections of a server, by socket and by address.
 *
 * When there is no room for another, the address that has the most gives up those that it leaves idle the longest; an address with a few keeps them.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #bound: Bound;
  /** Open connections above the limit, while it is only measured. */
  #over = 0;
  /** Bytes of requests under way and of replies that are not sent. */
  readonly #bytesLine: LoadLine;
  readonly #noBytes: RefusalCount;
  readonly #givenUp: RefusalCount;
  readonly #open = new Map<Socket, HttpConnection>();
  readonly #loads = new Map<string, AddressLoad>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** What all of them keep. */
  readonly kept = { bytes: 0 };

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    const recount = () => {
      this.#over = 0;
      options.switched(this.#bound.line.mode);
    };
    const { connections, requestBytes } = options;
    this.#bound = new Bound({
      ...{ name: "connections", unit: "connections", declared: connections, now: () => this.size, recount },
    });
    this.#givenUp = this.#bound.line.reason("given_up");
    this.#bytesLine = new LoadLine({ name: "request bytes", unit: "bytes", declared: requestBytes, now: () => this.kept.bytes });
    this.#noBytes = this.#bytesLine.reason("full");
  }

  /** The limit of the open connections, and that of what their requests keep. */
  get lines(): { readonly connections: LoadLine; readonly requestBytes: LoadLine } {
    return { connections: this.#bound.line, requestBytes: this.#bytesLine };
  }

  get size(): number {
    return this.#open.size;
  }

  get(socket: Socket): HttpConnection | undefined {
    return (socket as CountedSocket)[owner];
  }

  list(): Iterable<HttpConnection> {
    return this.#open.values();
  }

  /** Takes a new connection; there is none where every other is at work. */
  add(socket: Socket, { address, proxy }: Peer): HttpConnection | undefined {
    if (this.#counting >= this.#options.connections) this.#makeRoom();
    const era = this.#bound.judge(this.#counting);
    if (era === undefined) return undefined;
    const load = this.load(address);
    load.connections++;
    // Those that were opened at once must not all be opened again at once.
    const age = this.#options.connectionAgeMs * (1 - this.#options.random() * earlier);
    const connection = new HttpConnection(socket, { load, total: this.kept, proxy, oldAt: systemClock.monotonic() + age });
    this.#open.set(socket, connection);
    (socket as CountedSocket)[owner] = connection;
    this.#bound.line.admits(this.#open.size);
    this.#apart(connection, era);
    return connection;
  }

  get #counting(): number {
    return this.#open.size - this.#over;
  }

  #apart(connection: HttpConnection, era: number): void {
    connection.era = era;
    if (era > 0) this.#over++;
  }

  /** One was closed before it reached this server, because the system holds too many of it. */
  dropped(): void {
    this.#bound.judge(Number.POSITIVE_INFINITY);
  }

  /** Forgets one that has closed. */
  remove(connection: HttpConnection): void {
    if (!this.#open.delete(connection.socket)) return;
    (connection.socket as CountedSocket)[owner] = undefined;
    if (this.#bound.isApart(connection.era)) this.#over--;
    connection.closed();
    connection.load.connections--;
    this.release(connection.load);
  }

  /** What is under way from an address; {@link release} it when nothing is any more. */
  load(address: string): AddressLoad {
    let load = this.#loads.get(address);
    if (load === undefined) {
      load = { address, connections: 0, inFlight: 0, over: 0, kept: 0 };
      this.#loads.set(address, load);
    }
    return load;
  }

  /** All requests under way count from now on. */
  recount(): void {
    for (const load of this.#loads.values()) load.over = 0;
  }

  release(load: AddressLoad): void {
    if (load.connections > 0 || load.inFlight > 0) return;
    // That of a connection which was given up may have been replaced, while what it had begun was under way.
    if (this.#loads.get(load.address) === load) this.#loads.delete(load.address);
  }

  /** Whether another request may begin; what clients do not continue with is given up first. */
  hasRoomForRequest(): boolean {
    const { requestBytes } = this.#options;
    const { mode } = this.#bytesLine;
    if (mode === "off" || this.kept.bytes < requestBytes) return this.#takesRequest();
    const now = systemClock.monotonic();
    // Looking reads all that is open: under a flood not for every request.
    if (mode === "enforce" && now - this.#lookedAt >= lookEveryMs) {
      this.#lookedAt = now;
      this.#giveUpStuck(requestBytes);
    }
    return (this.kept.bytes < requestBytes || !this.#bytesLine.refuses(this.#noBytes)) && this.#takesRequest();
  }

  #takesRequest(): true {
    this.#bytesLine.admits(this.kept.bytes);
    return true;
  }

  /** Closes connections that were idle for the whole time, and those whose clients do not take their replies. */
  sweep(): void {
    const { everyMs, keepAliveMs, sendStallMs } = this.#options;
    const bytesPerRound = (bounds.sendBytesPerSecond * everyMs) / 1_000;
    const now = systemClock.monotonic();
    for (const connection of this.#open.values()) {
      // Of the first round it may have been idle for a moment only.
      const idleMs = (connection.sweep(bytesPerRound) - 1) * everyMs;
      if (connection.stalledRounds * everyMs >= sendStallMs) connection.socket.destroy();
      else if (idleMs >= keepAliveMs) connection.closeIdle();
      else if (now >= connection.oldAt) connection.isOld = true;
      connection.session?.sweep(now);
    }
  }

  #makeRoom(): void {
    const { line } = this.#bound;
    if (line.mode === "off") return;
    const waiting = [...this.#open.values()].filter(
      (connection) => !this.#bound.isApart(connection.era) && (connection.running.size === 0 || connection.isStuck),
    );
    // A proxy's connections are those of many.
    const rank = ({ proxy, load }: HttpConnection) => (proxy === undefined ? load.connections : 0);
    waiting.sort((a, b) => rank(b) - rank(a) || b.idleRounds - a.idleRounds);
    const count = Math.ceil(this.#options.connections / givenUpAtOnce);
    for (const connection of waiting.slice(0, count)) {
      if (line.refuses(this.#givenUp)) this.#giveUp(connection);
      else this.#apart(connection, this.#bound.era);
    }
  }

  #giveUpStuck(requestBytes: number): void {
    const stuck = [...this.#open.values()].filter((connection) => connection.kept > 0 && connection.isStuck);
    stuck.sort((a, b) => b.load.kept - a.load.kept || b.kept - a.kept);
    const goal = requestBytes - requestBytes / givenUpAtOnce;
    for (const connection of stuck) {
      if (this.kept.bytes <= goal) return;
      this.#giveUp(connection);
    }
  }

  #giveUp(connection: HttpConnection): void {
    this.remove(connection);
    connection.socket.destroy();
  }
}

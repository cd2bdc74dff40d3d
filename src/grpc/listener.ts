import type { Http2SecureServer, Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerOptions } from "node:http2";
import { setTimeout as pause } from "node:timers/promises";
import { listen, publicUrlOf } from "../app/listen.ts";
import type { SurfaceHost } from "../app/surface.ts";
import { systemClock, type Timer } from "../core/clock.ts";
import type { Fault } from "../core/fault.ts";
import { limits as bounds } from "../core/limits.ts";
import { LoadLine, type RefusalCount } from "../core/load-line/load-line.ts";
import { networkOf } from "../core/node/address.ts";
import type { Call } from "./call/call.ts";
import { IntakeBound } from "./call/intake.ts";
import { GrpcInvocation } from "./call/invocation.ts";
import { readMetadata } from "./call/metadata.ts";
import { type Protocol, protocolOf } from "./call/protocol.ts";
import { type CallTaker, GrpcConnection } from "./connection.ts";
import { Cors, type GrpcCors } from "./cors.ts";
import { methodUnknown } from "./faults.ts";
import type { GrpcLimits } from "./limits.ts";
import { ProcessLoad } from "./process-load.ts";
import type { Route } from "./routes.ts";
import type { OwnServices } from "./services/own-services.ts";
import { type GrpcTls, secureOptions } from "./tls.ts";

const lameDuckMs = 100;
const sweepEveryMs = 1_000;
const flushPollMs = 5;
const headerBytes = 16_384;
const headerLines = 100;
/** `:method`, `:scheme`, `:authority` and `:path`. */
const beyondLines = 4;

/** What a listener serves. */
export interface ListenerOptions {
  readonly host: SurfaceHost;
  readonly limits: GrpcLimits;
  readonly routes: ReadonlyMap<string, Route>;
  readonly own: OwnServices;
  readonly tls: GrpcTls | undefined;
  readonly cors: GrpcCors | undefined;
  /** Whether only other services may call. */
  readonly isInside: boolean;
  /** Where this process runs, for callers in the same zone. */
  readonly zone: string | undefined;
}

/** Listens with `node:http2` and hands every call to the pipeline. */
export class GrpcListener implements CallTaker {
  readonly limits: GrpcLimits;
  readonly domain: string;
  readonly #host: SurfaceHost;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #own: OwnServices;
  readonly #load: ProcessLoad | undefined;
  readonly #protocol: "http" | "https";
  readonly #server: Http2Server | Http2SecureServer;
  readonly #intake: IntakeBound;
  readonly #cors: Cors | undefined;
  readonly #connections = new Map<ServerHttp2Session, GrpcConnection>();
  readonly #byAddress = new Map<string, number>();
  readonly #open: LoadLine;
  readonly #full: RefusalCount;
  readonly #fullOfOne: RefusalCount;
  readonly #control: LoadLine;
  readonly #aboveRate: RefusalCount;
  #sweep: Timer | undefined;
  #closing = false;

  constructor({ host, limits, routes, own, tls, cors, isInside, zone }: ListenerOptions) {
    this.#host = host;
    if (cors !== undefined) this.#cors = new Cors(cors);
    if (isInside) this.#load = new ProcessLoad(host.runtime, zone);
    this.#own = own;
    this.#protocol = tls === undefined ? "http" : "https";
    this.limits = limits;
    this.domain = host.service.name;
    this.#routes = routes;
    const { runtime } = host;
    this.#intake = new IntakeBound(limits.messageBytesInFlight, () => runtime.clock.random());
    this.#open = new LoadLine({
      name: "gRPC connections",
      unit: "connections",
      declared: limits.connections,
      now: () => this.#connections.size,
    });
    this.#full = this.#open.reason("full");
    this.#fullOfOne = this.#open.reason("full_of_one_address");
    this.#control = new LoadLine({
      ...{ name: "gRPC control frames", unit: "frames of one connection in a second", declared: limits.controlFramesPerSecond },
    });
    this.#aboveRate = this.#control.reason("above_rate");
    const { createServer, createSecureServer } = process.getBuiltinModule("node:http2");
    const options = sessionOptions(limits);
    this.#server =
      tls === undefined ? createServer(options) : createSecureServer({ ...options, ...secureOptions(tls, bounds.handshakeMs) });
    this.#server.on("session", (session) => this.#connected(session));
    this.#server.on("sessionError", () => undefined);
  }

  get lines(): readonly LoadLine[] {
    return [this.#open, this.#control, this.#intake.bound.line];
  }

  async listen(port: number, host: string): Promise<string> {
    await listen(this.#server, { port, host, what: "The gRPC port" });
    const sweep = () => {
      for (const connection of this.#connections.values()) connection.sweep();
      this.#sweep = systemClock.schedule(sweepEveryMs, sweep);
    };
    this.#sweep = systemClock.schedule(sweepEveryMs, sweep);
    return publicUrlOf(this.#server, host, this.#protocol);
  }

  /** Lets every client know, serves what is on its way, and takes nothing more. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#server.close();
    const all = [...this.#connections.values()];
    for (const connection of all) connection.retire();
    if (all.length > 0) await pause(lameDuckMs);
    for (const connection of all) connection.close();
  }

  /** Lets what was replied last reach its callers, and cuts what is still open then. */
  async stop(): Promise<void> {
    this.#sweep?.cancel();
    const until = systemClock.monotonic() + bounds.connectionFlushMs;
    while (this.#connections.size > 0 && systemClock.monotonic() < until) await pause(flushPollMs);
    for (const connection of this.#connections.values()) connection.destroy();
  }

  take(call: Call, { headers, address }: { readonly headers: IncomingHttpHeaders; readonly address: string }): GrpcInvocation | undefined {
    const path = String(headers[":path"]);
    const origin = headers.origin;
    if (this.#cors !== undefined) {
      call.cors = this.#cors.headersFor(origin);
      if (headers[":method"] === "OPTIONS") return this.#preflight(call, address, this.#cors.preflight(origin));
    }
    const protocol = protocolOf(headers[":method"], headers["content-type"]);
    if (typeof protocol !== "string") return this.#turnAway(call, address, protocol);
    call.protocol = protocol;
    call.load = this.#load;
    if (this.#own.take(call, path)) return undefined;
    const route = this.#routes.get(path);
    if (route === undefined || !carries(protocol, route)) return this.#turnAway(call, address, methodUnknown(path));
    const { runtime } = this.#host;
    const exchange = {
      ...{ host: this.#host, route, call, metadata: readMetadata(headers), address, intake: this.#intake, limits: this.limits },
      isInside: this.#load !== undefined,
    };
    const invocation = new GrpcInvocation(exchange);
    invocation.execution = runtime.start(route.operation, invocation);
    return invocation;
  }

  /** Says to a browser whether a page of that origin may call. It reaches no operation, and counts at the rate of strangers. */
  #preflight(call: Call, address: string, allowed: readonly string[] | undefined): undefined {
    const { runtime } = this.#host;
    const give = (limited: Fault | undefined) => {
      if (limited === undefined) call.options(allowed);
      else call.fault(limited, runtime.ids.spanId());
      call.ended();
    };
    const limited = runtime.limitStranger(address);
    if (limited instanceof Promise) void limited.then(give);
    else give(limited);
    return undefined;
  }

  refusesControl(): boolean {
    return this.#control.mode !== "off" && this.#control.refuses(this.#aboveRate);
  }

  /** Refuses what reaches no operation, at the rate of strangers: it costs as much as what does. */
  #turnAway(call: Call, address: string, fault: Fault): undefined {
    const { runtime } = this.#host;
    const give = (limited: Fault | undefined) => {
      call.fault(limited ?? fault, runtime.ids.spanId());
      call.ended();
    };
    const limited = runtime.limitStranger(address);
    if (limited instanceof Promise) void limited.then(give);
    else give(limited);
    return undefined;
  }

  #connected(session: ServerHttp2Session): void {
    const address = networkOf(session.socket.remoteAddress ?? "");
    const ofOne = this.#byAddress.get(address) ?? 0;
    const { connections, connectionsPerAddress } = this.limits;
    const reason = this.#connections.size >= connections ? this.#full : ofOne >= connectionsPerAddress ? this.#fullOfOne : undefined;
    if (reason !== undefined && this.#open.mode !== "off" && this.#open.refuses(reason)) return void session.destroy();
    const connection = new GrpcConnection(session, address, this);
    this.#connections.set(session, connection);
    this.#byAddress.set(address, ofOne + 1);
    this.#open.admits(this.#connections.size);
    session.once("close", () => {
      this.#connections.delete(session);
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    });
    if (this.#closing) connection.close();
  }
}

/** Connect has a media type of its own for streams, and browsers send none over gRPC-Web. */
function carries(protocol: Protocol, { shape: { clientStreams, serverStreams } }: Route): boolean {
  const streams = serverStreams || clientStreams;
  if (protocol === "connect") return !streams;
  return protocol === "connect-stream" ? streams : protocol === "grpc" || !clientStreams;
}

/** What a session offers to its client, and what Node.js bounds of it before we see it. */
function sessionOptions({ streamsPerConnection }: GrpcLimits): ServerOptions {
  return {
    settings: { enablePush: false, maxConcurrentStreams: streamsPerConnection, maxHeaderListSize: headerBytes },
    maxHeaderListPairs: headerLines + beyondLines,
    maxSessionMemory: bounds.sessionMegabytes,
    maxSessionInvalidFrames: bounds.invalidFrames,
    maxSessionRejectedStreams: bounds.invalidFrames,
    maxOutstandingPings: bounds.unacknowledgedPings,
  };
}

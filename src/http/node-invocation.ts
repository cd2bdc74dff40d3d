import assert from "node:assert";
import { Fault } from "../core/fault.ts";
import type { Upload } from "../core/schema/opaque/upload.ts";
import type { Problems } from "../core/schema.ts";
import { parseTrace, type TraceParent } from "../core/trace.ts";
import { type Actor, type Authenticator, anonymous, stillHolds } from "../operation/actor.ts";
import { peerCertificateOf } from "../operation/authentication/peer-of-socket.ts";
import type { Criticality } from "../operation/execution.ts";
import { readCriticality } from "../operation/execution.ts";
import { callerLeft, signInByCertificate, verify } from "../pipeline/sign-in.ts";
import type { Invocation, Waiting } from "../pipeline/state/invocation.ts";
import type { ShapedOutput } from "../pipeline/state/output.ts";
import type { RunningExecution } from "../pipeline/state/running-execution.ts";
import { compressed } from "./compression/compression.ts";
import type { AddressLoad, ConnectionRequest, HttpConnection } from "./connections/connection.ts";
import type { PickedCredentials } from "./credentials/credential-fields.ts";
import { crossSiteByCertificate } from "./credentials/cross-site.ts";
import { signInByFields } from "./credentials/sign-in.ts";
import { protocolRemainingMs } from "./deadline/protocol-timeouts.ts";
import { remainingMs } from "./deadline/remaining.ts";
import { type DownloadWay, sendDownload } from "./download/send-download.ts";
import { preconditionFailed, preconditionMissing } from "./faults.ts";
import type { PickedLines } from "./fields/request-fields.ts";
import type { Replies, Turn } from "./reception/turn.ts";
import { HttpFacts } from "./reply/facts.ts";
import { replyTo } from "./reply/reply.ts";
import { acceptableRequestId, type RequestHeaders } from "./request-headers.ts";
import type { Match } from "./router.ts";
import { type AskedStream, readAsked } from "./stream/asked.ts";
import { NodeStream } from "./stream/node-stream.ts";
import { endingOf, streamHead } from "./stream/reply.ts";
import { readUpload, type UploadTaker, type UploadTerms } from "./uploads/upload-reading.ts";
import { pathOf, webInputOf } from "./web/request.ts";
import type { Handshake } from "./websocket/handshake.ts";
import { handshakeOf, openSocket } from "./websocket/open-socket.ts";
import type { SocketStream } from "./websocket/socket-stream.ts";

/** One request that came over a connection. */
export class NodeInvocation implements Invocation, ConnectionRequest {
  readonly surface = "http";
  readonly polled = true;
  readonly #listener: Replies;
  readonly #turn: Turn;
  readonly #headers: RequestHeaders;
  readonly #match: Match;
  readonly #query: string;
  readonly #picked: PickedLines | undefined;
  #credentials: PickedCredentials | undefined;
  /** Its whole head, where the handler gets the request as it came. */
  readonly #lines: readonly string[] | undefined;
  readonly #asked: AskedStream | Fault | undefined;
  readonly #connection: HttpConnection;
  readonly #load: AddressLoad;
  readonly #era: number;
  execution: RunningExecution | undefined = undefined;
  /** Its index among what runs for its connection. */
  index = -1;
  #reading: BodyInput | undefined = undefined;
  #stream: NodeStream | SocketStream | undefined = undefined;
  readonly #handshake: Handshake | Fault | undefined;

  /** `lines`: names and values of its head, of which it keeps what is read. */
  constructor(listener: Replies, exchange: NodeExchange, lines: readonly string[]) {
    this.#listener = listener;
    const { request, response } = exchange.turn;
    this.#turn = exchange.turn;
    this.#headers = request.known;
    this.#match = exchange.match;
    this.#query = exchange.query;
    this.#picked = exchange.match.route.binder.fields?.pick(lines);
    this.#credentials = listener.host.credentials?.pick(lines);
    const { stream, receives } = exchange.match.route.operation;
    this.#handshake = receives && handshakeOf(exchange.turn, lines);
    this.#asked = receives === undefined ? stream && readAsked(lines) : undefined;
    if (exchange.match.route.operation.traits.plain === true) {
      this.#lines = lines;
      response.keep(lines.reduce((chars, line) => chars + line.length, 0));
    }
    if (this.#picked !== undefined) response.keep(this.#picked.chars);
    if (this.#credentials !== undefined) response.keep(this.#credentials.chars);
    this.#connection = exchange.connection;
    this.#load = exchange.load;
    this.#era = exchange.era;
  }

  get address(): string {
    return this.#load.address;
  }
  get requestId(): string | undefined {
    return acceptableRequestId(this.#headers.requestId);
  }
  get trace(): TraceParent | undefined {
    const { traceparent, tracestate } = this.#headers;
    return parseTrace(traceparent, tracestate);
  }
  get remainingMs(): number | undefined {
    return remainingMs(this.#headers);
  }
  get criticality(): Criticality | undefined {
    return readCriticality(this.#headers.criticality);
  }
  internalRemainingMs(): number | undefined {
    return protocolRemainingMs(this.#headers);
  }
  get idempotencyKey(): string | undefined {
    return this.#headers.idempotencyKey;
  }

  get after(): string | undefined {
    return this.#headers.after;
  }

  get lastEventId(): string | undefined {
    return this.#asked instanceof Fault ? undefined : this.#asked?.lastEventId;
  }

  authenticate(execution: RunningExecution): Actor | Promise<Actor> {
    const headers = this.#headers;
    const { authorization } = headers;
    const { authenticator } = this.#listener.host;
    if (authenticator === undefined) return anonymous;
    if (this.#credentials !== undefined) return this.#signInByFields(execution, authenticator, this.#credentials);
    if (authorization === undefined)
      return authenticator.byCertificate === undefined ? anonymous : this.#signInByPeer(execution, authenticator);
    // It may be long, and the request waits for its body.
    headers.authorization = undefined;
    const connection = this.#connection;
    const { last } = connection;
    // Comparing the whole header costs less than cutting the token out of it.
    if (last !== undefined && connection.authorization === authorization && stillHolds(last, execution.startedAt)) return last.actor;
    const token = authenticator.credentialsIn(authorization);
    const remembered = token === undefined ? undefined : authenticator.remembered(token);
    // Kept with the connection only once it is verified: any client can send a long one.
    connection.last = remembered;
    connection.authorization = remembered === undefined ? undefined : authorization;
    return remembered === undefined ? verify(execution, authenticator, token) : remembered.actor;
  }

  #signInByFields(execution: RunningExecution, authenticator: Authenticator, picked: PickedCredentials): Actor | Promise<Actor> {
    const headers = this.#headers;
    const certified = authenticator.byCertificate === undefined ? undefined : () => this.#signInByPeer(execution, authenticator);
    const signed = signInByFields(execution, authenticator, {
      headers,
      picked,
      writes: this.#writes,
      certified,
    });
    // They may be long, and the request waits for its body.
    this.#credentials = undefined;
    headers.authorization = undefined;
    return signed;
  }

  #signInByPeer(execution: RunningExecution, authenticator: Authenticator): Actor | Promise<Actor> {
    const certificate = peerCertificateOf(this.#connection.socket);
    const { cors } = this.#listener;
    const isUnsure = certificate !== undefined && this.#writes && cors?.letsAct(this.#headers.origin) !== true;
    const refusal = isUnsure ? crossSiteByCertificate(this.#headers) : undefined;
    if (refusal !== undefined) throw refusal;
    return signInByCertificate(execution, authenticator, certificate);
  }

  /** Whether it may change something. */
  get #writes(): boolean {
    return this.#match.route.verb !== "GET" || this.#handshake !== undefined;
  }

  readInput(execution: RunningExecution): undefined | Waiting {
    const { route } = this.#match;
    if (this.#asked instanceof Fault) throw this.#asked;
    if (this.#handshake instanceof Fault) throw this.#handshake;
    if (!route.binder.takesBody || (this.#lines !== undefined && !this.#headers.hasBody)) return this.#bind(execution, undefined);
    const { request, response } = this.#turn;
    const taker = {
      format: route.format,
      anonymousBytes: anonymousBytes(execution, route),
      take: (body: unknown) => this.#bind(execution, body),
      keep: (bytes: number) => response.keep(bytes),
    };
    this.#reading =
      route.upload === undefined ? this.#listener.bodies.read(request, taker) : this.#readUpload(execution, { terms: route.upload, taker });
    if (this.#reading !== undefined && this.#headers.expectsContinue && request.httpVersion !== "1.0") response.writeContinue();
    return this.#reading;
  }

  #readUpload(
    execution: RunningExecution,
    { terms, taker }: { readonly terms: UploadTerms; readonly taker: Omit<UploadTaker, "refuse" | "clock"> },
  ) {
    const { request } = this.#turn;
    const refuse = (fault: unknown) => execution.stop(fault as Fault);
    return readUpload(request, terms, {
      taker: { ...taker, refuse, clock: execution.host.clock },
      bodies: this.#listener.bodies,
      isEmpty: !this.#headers.hasBody,
    });
  }

  refuseInput(problems: Problems): Fault | undefined {
    return versionRefused(this.#match.route, this.#headers, problems);
  }

  prepare(output: ShapedOutput): void {
    prepareOutput(this.#match.route, output);
  }

  openStream(execution: RunningExecution, drained: () => void): NodeStream | SocketStream {
    const { request, response } = this.#turn;
    if (this.#handshake !== undefined) {
      this.#stream = openSocket(execution, this.#handshake as Handshake, { listener: this.#listener, response, drained });
      return this.#stream;
    }
    assert(this.#asked !== undefined && !(this.#asked instanceof Fault), "a stream opens once it is known how to write it");
    const { format } = this.#asked;
    this.#listener.begin(this.#turn, streamHead(execution, format));
    this.#reading?.stop();
    // Its client wants to know how it would begin.
    if (request.method === "HEAD") queueMicrotask(() => execution.stop(callerLeft(), { succeeds: true }));
    this.#stream = new NodeStream(response, { format, stallMs: this.#listener.stallMs, drained });
    return this.#stream;
  }

  reply(execution: RunningExecution): HttpFacts {
    const { route } = this.#match;
    // May throw where details of a fault have no JSON form; then this is called again with that as the fault.
    if (this.#stream !== undefined) return this.#endStream(execution, this.#stream);
    const plain = replyTo(execution, route, this.#headers);
    if (this.#turn.request.method === "HEAD") plain.download?.drop?.();
    const reply = route.compression === undefined ? plain : compressed(plain, this.#headers.acceptEncoding, route.compression);
    const { download } = reply;
    const isSent = download !== undefined && this.#turn.request.method !== "HEAD";
    const responseBytes = isSent
      ? (download.length ?? 0)
      : this.#listener.write(this.#turn, reply, execution.startedAt + execution.durationMs);
    this.#reading?.stop(execution.fault);
    this.#connection.running.delete(this);
    if (isSent) sendDownload(execution, this.#way, { ...reply, download });
    return this.#end({ status: reply.status, responseBytes });
  }

  #endStream(execution: RunningExecution, stream: NodeStream | SocketStream): HttpFacts {
    if (stream instanceof NodeStream) stream.end(endingOf(execution));
    else stream.end(execution);
    this.#connection.running.delete(this);
    const opened = this.#turn.request.httpVersion === "2.0" ? 200 : 101;
    return this.#end({ status: stream instanceof NodeStream ? 200 : opened, responseBytes: stream.bytes });
  }

  #end({ status, responseBytes }: Sent): HttpFacts {
    this.#listener.ended(this.#load, this.#era);
    if (this.#connection.malformed !== undefined) this.#listener.endMalformed(this.#connection);
    const labels = this.#match.route.labels.of(this.#turn.request.method ?? "", status);
    return new HttpFacts(labels, this.#headers.contentBytes ?? 0, responseBytes);
  }

  /** The client went away: what it asked for is undone. */
  disconnected(): void {
    this.execution?.stop(callerLeft());
  }

  /** What came after its head is no HTTP, or came too slowly: it ends where it still needed what came. */
  malformed(fault: Fault): void {
    if (!this.arrived) this.execution?.stop(fault);
  }

  /** Whether all of it has come. */
  get arrived(): boolean {
    return this.#turn.request.complete;
  }

  get #way(): DownloadWay {
    const listener = this.#listener;
    const turn = this.#turn;
    return {
      response: turn.response,
      connection: this.#connection,
      write: (reply) => void listener.write(turn, reply),
      ended: (connection) => listener.endMalformed(connection),
    };
  }

  get takesLong(): boolean {
    return this.#match.route.upload !== undefined && !this.arrived;
  }

  #bind(execution: RunningExecution, body: unknown): undefined {
    const { route, params } = this.#match;
    const { ifMatch, accept } = this.#headers;
    if (this.#lines !== undefined) return this.#bindRequest(execution, this.#lines, body as Upload | undefined);
    execution.input = bindInput(route, { params, query: this.#query, body, ifMatch, picked: this.#picked, accept });
  }

  #bindRequest(execution: RunningExecution, lines: readonly string[], body: Upload | undefined): undefined {
    const { request } = this.#turn;
    const { route, params } = this.#match;
    const url = request.url ?? "/";
    execution.input = webInputOf({
      protocol: "encrypted" in this.#connection.socket ? "https" : "http",
      host: this.#headers.host,
      method: request.method ?? route.verb,
      path: pathOf(url),
      query: this.#query,
      ...{ lines, body, params, signal: execution.signal },
    });
  }
}

/** Writes of an output what can fail: what has no JSON form is refused here, and what is written here is what is sent. */
export function prepareOutput({ operation }: Match["route"], output: ShapedOutput): void {
  void (operation.traits.plain === true ? output.value : output.json);
}

/** A body that is being read. */
interface BodyInput extends Waiting {
  /** The request is over, with this fault where it has one. */
  stop(fault?: Fault): void;
}

/** What is known of a reply once it is written. */
interface Sent {
  readonly status: number;
  readonly responseBytes: number;
}

/** What a listener hands to an invocation. */
export interface NodeExchange {
  readonly turn: Turn;
  readonly match: Match;
  readonly query: string;
  readonly connection: HttpConnection;
  /** What is under way from the caller's address. */
  readonly load: AddressLoad;
  /** Not 0 where it is above the limit of its address, which is only measured. */
  readonly era: number;
}

/** Binds the parts of a request to the input; a version that is needed and missing is 428. */
export function bindInput(
  { binder, http, operation, alternatives }: Match["route"],
  parts: Parameters<typeof binder.bind>[0] & { readonly accept: string | undefined },
): unknown {
  // Throws where the client wants none of the forms, before anything is done for it.
  alternatives?.chosen(parts.accept);
  if (http.ifMatch !== undefined && parts.ifMatch === undefined) {
    const required = operation.input.inputJson.required;
    if (Array.isArray(required) && required.includes(http.ifMatch)) throw preconditionMissing();
  }
  return binder.bind(parts);
}

/** The fault of an input whose version, which came as `If-Match`, is all that its schema refuses: there is no such version. */
export function versionRefused({ http }: Match["route"], { ifMatch }: RequestHeaders, { list }: Problems): Fault | undefined {
  if (ifMatch === undefined || http.ifMatch === undefined) return undefined;
  return list.every(({ pointer }) => pointer === `/${http.ifMatch}`) ? preconditionFailed() : undefined;
}

/** What the fields of an operation's input can hold, where the caller has not signed in. */
export function anonymousBytes({ actor }: RunningExecution, { inputBytes }: Match["route"]): number | undefined {
  return actor.kind === "anonymous" ? inputBytes : undefined;
}

import { Fault } from "../core/fault.ts";
import { parseTraceparent, type TraceParent } from "../core/trace.ts";
import { type Actor, anonymous, stillHolds } from "../operation/actor.ts";
import type { HttpFacts } from "../operation/execution.ts";
import type { Invocation, RunningExecution, Waiting } from "../pipeline/running-execution.ts";
import type { BodyReading } from "./body.ts";
import type { HttpConnection } from "./connection.ts";
import type { HttpListener, HttpTurn } from "./listener.ts";
import { preconditionMissing } from "./problem.ts";
import { replyTo } from "./reply/reply.ts";
import { acceptableRequestId, type RequestHeaders, remainingMs } from "./request-headers.ts";
import type { Match } from "./router.ts";

/** One request that came over a connection of `node:http`. */
export class NodeInvocation implements Invocation {
  readonly surface = "http";
  readonly #listener: HttpListener;
  readonly #turn: HttpTurn;
  readonly #headers: RequestHeaders;
  readonly #match: Match;
  readonly #query: string;
  readonly #connection: HttpConnection;
  execution: RunningExecution | undefined = undefined;
  /** Its seat among what runs for its connection. */
  seat = -1;
  #reading: BodyReading | undefined = undefined;

  constructor(listener: HttpListener, exchange: NodeExchange) {
    this.#listener = listener;
    this.#turn = exchange;
    this.#headers = exchange.request.known;
    this.#match = exchange.match;
    this.#query = exchange.query;
    this.#connection = exchange.connection;
  }

  get address(): string {
    return this.#connection.load.address;
  }
  get requestId(): string | undefined {
    return acceptableRequestId(this.#headers.requestId);
  }
  get trace(): TraceParent | undefined {
    const { traceparent } = this.#headers;
    return traceparent === undefined ? undefined : parseTraceparent(traceparent);
  }
  get remainingMs(): number | undefined {
    return remainingMs(this.#headers.deadlineMs);
  }
  get idempotencyKey(): string | undefined {
    return this.#headers.idempotencyKey;
  }

  authenticate({ startedAt }: RunningExecution): Actor | Promise<Actor> {
    const { authorization } = this.#headers;
    const { authenticator } = this.#listener.host;
    if (authorization === undefined || authenticator === undefined) return anonymous;
    const connection = this.#connection;
    const { last } = connection;
    // Comparing the whole header costs less than cutting the token out of it.
    if (last !== undefined && connection.authorization === authorization && stillHolds(last, startedAt)) return last.actor;
    const token = bearerToken(authorization);
    connection.authorization = authorization;
    connection.last = authenticator.remembered(token);
    return connection.last === undefined ? authenticator.authenticate(token) : connection.last.actor;
  }

  readInput(execution: RunningExecution): undefined | Waiting {
    if (!this.#match.route.binder.takesBody) return this.#bind(execution, undefined);
    this.#reading = this.#listener.bodies.read(this.#turn.request, (body) => this.#bind(execution, body));
    if (this.#reading !== undefined && this.#headers.expectsContinue) this.#turn.response.writeContinue();
    return this.#reading;
  }

  reply(execution: RunningExecution): HttpFacts {
    const { route } = this.#match;
    // Both may throw what the operation's own `location` or `etag` threw; then this is called again with that as the fault.
    const reply = replyTo(execution, route, this.#headers);
    const responseBytes = this.#listener.write(this.#turn, reply);
    this.#reading?.stop();
    this.#connection.running.delete(this);
    this.#connection.load.inFlight--;
    if (this.#connection.malformed !== undefined) this.#listener.endMalformed(this.#connection);
    return {
      method: this.#turn.request.method ?? "",
      route: route.path,
      status: reply.status,
      requestBytes: Number(this.#headers.contentLength ?? 0),
      responseBytes,
    };
  }

  /** The client went away: what it asked for is undone. */
  disconnected(): void {
    this.execution?.stop(new Fault({ code: "cancelled", type: "client_disconnected", message: "The client went away before the answer." }));
  }

  /** What came after its head is no HTTP, or came too slowly: it ends where it still needed what came. */
  malformed(fault: Fault): void {
    if (!this.#turn.request.complete) this.execution?.stop(fault);
  }

  #bind(execution: RunningExecution, body: unknown): undefined {
    const { route, params } = this.#match;
    execution.input = bindInput(route, { params, query: this.#query, body, ifMatch: this.#headers.ifMatch });
  }
}

/** What a listener hands to an invocation. */
export interface NodeExchange extends HttpTurn {
  readonly match: Match;
  readonly query: string;
  readonly connection: HttpConnection;
}

/** Binds the parts of a request to the input; a version that is needed and missing is 428. */
export function bindInput({ binder, http, operation }: Match["route"], parts: Parameters<typeof binder.bind>[0]): unknown {
  if (http.ifMatch !== undefined && parts.ifMatch === undefined) {
    const required = operation.input.inputJson.required;
    if (Array.isArray(required) && required.includes(http.ifMatch)) throw preconditionMissing();
  }
  return binder.bind(parts);
}

/** The token of an `Authorization` header. *Faults thrown*: `unauthenticated` where it is of another scheme. */
export function bearerToken(authorization: string): string {
  if (authorization.startsWith("Bearer ")) return authorization.slice(7);
  const other = /^bearer +/i.exec(authorization);
  if (other) return authorization.slice(other[0].length);
  throw new Fault({ code: "unauthenticated", type: "token_invalid", message: 'Send the token as "Authorization: Bearer …", once.' });
}

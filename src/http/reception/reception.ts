import type { Fault } from "../../core/fault.ts";
import { limits as bounds } from "../../core/limits.ts";
import { Bound } from "../../core/load-line/bound.ts";
import { LoadLine, type RefusalCount } from "../../core/load-line/load-line.ts";
import { overloaded } from "../../core/load-line/refusal.ts";
import { networkOf } from "../../core/node/address.ts";
import type { AddressLoad, HttpConnection } from "../connections/connection.ts";
import type { Connections } from "../connections/connections.ts";
import type { ListenerOptions } from "../connections/listener-options.ts";
import { tooManyFromAddress } from "../faults.ts";
import { NodeInvocation } from "../node-invocation.ts";
import { replyWithoutOperation } from "../pages.ts";
import { faultReply, type HttpReply } from "../reply/reply.ts";
import { readTarget } from "../request-head.ts";
import { acceptableRequestId, type RequestHeaders } from "../request-headers.ts";
import type { Match } from "../router.ts";
import type { Replies, Turn } from "./turn.ts";

/** A request whose head was read. */
export interface Arrival<T extends Turn> {
  readonly turn: T;
  readonly connection: HttpConnection;
  /** Names and values of its head. */
  readonly lines: readonly string[];
  /** Why its head is refused. */
  readonly refused: Fault | undefined;
  readonly replies: Replies<T>;
}

interface Found {
  readonly match: Match;
  readonly query: string;
}

/**
 * Decides on a request once its head has come, in whatever version of HTTP: it starts an operation, gets a page or is refused.
 * *Bounds*: requests in flight of one address, and what all requests keep.
 */
export class Reception {
  readonly #options: ListenerOptions;
  readonly #connections: Connections;
  readonly #perAddress: Bound;
  readonly #documents: LoadLine;
  readonly #tooMuch: RefusalCount;

  constructor(options: ListenerOptions, connections: Connections) {
    this.#options = options;
    this.#connections = connections;
    this.#perAddress = new Bound({
      ...{ name: "requests in flight per address", unit: "requests of one address", declared: options.limits.requestsPerAddress },
      recount: () => connections.recount(),
    });
    this.#documents = new LoadLine({
      name: "document bytes waiting",
      unit: "bytes of one connection",
      declared: bounds.documentBytesWaiting,
    });
    this.#tooMuch = this.#documents.reason("full");
  }

  get lines(): { readonly perAddress: LoadLine; readonly documents: LoadLine } {
    return { perAddress: this.#perAddress.line, documents: this.#documents };
  }

  receive<T extends Turn>(arrival: Arrival<T>): void {
    const { turn, connection, refused } = arrival;
    if (refused !== undefined) return this.#turnAway(arrival, refused);
    const { limits, router } = this.#options;
    const method = turn.request.method ?? "GET";
    const target = readTarget(turn.request.url ?? "/", { method, urlBytes: limits.urlBytes });
    if ("code" in target) return this.#turnAway(arrival, target);
    const match = router.find(method === "HEAD" ? "GET" : method, target.path);
    if (match !== undefined) return this.#start(arrival, { match, query: target.query });
    // A document is long, and a client that does not read it keeps it here.
    if (!this.#connections.hasRoomForRequest()) return this.#refuse(arrival, this.#noRoom());
    // Hundreds of documents of one connection would be written in one turn of the loop, in which nothing else runs.
    if (connection.kept > bounds.documentBytesWaiting && this.#documents.refuses(this.#tooMuch)) {
      // What the client has sent behind it would be refused too: this response is the last of its connection.
      connection.ending = connection.session === undefined;
      return this.#refuse(arrival, this.#busy(this.#documents, connection.kept));
    }
    this.#documents.admits(connection.kept);
    const headers = turn.request.known;
    const about = { method, path: target.path, requestId: this.#requestId(headers), headers };
    this.#turnAway(arrival, replyWithoutOperation(this.#options, about));
  }

  /** What a request has counted as under way is over. */
  ended(load: AddressLoad, era: number): void {
    load.inFlight--;
    if (this.#perAddress.isApart(era)) load.over--;
    this.#connections.release(load);
  }

  #start<T extends Turn>(arrival: Arrival<T>, found: Found): void {
    const { turn, connection, lines, replies } = arrival;
    const { runtime } = this.#options.host;
    const load = connection.proxy === undefined ? connection.load : this.#connections.load(this.#addressOf(connection, turn.request.known));
    const { inFlight } = load;
    const era = this.#perAddress.judge(inFlight - load.over);
    if (era === undefined || !this.#connections.hasRoomForRequest()) {
      this.#connections.release(load);
      if (era !== undefined) return this.#refuse(arrival, this.#noRoom());
      const { line, limit } = this.#perAddress;
      return this.#refuse(arrival, tooManyFromAddress({ limit: line.name, value: limit, load: inFlight }, runtime.clock.random()));
    }
    const invocation = new NodeInvocation(
      replies as Replies,
      { turn, match: found.match, query: found.query, connection, load, era },
      lines,
    );
    connection.running.add(invocation);
    turn.response.runs(invocation);
    this.#perAddress.line.admits(++load.inFlight);
    if (era > 0) load.over++;
    invocation.execution = runtime.start(found.match.route.operation, invocation);
  }

  #noRoom(): Fault {
    return this.#busy(this.#connections.lines.requestBytes, this.#connections.kept.bytes);
  }

  #busy({ name: limit, declared: value = 0 }: LoadLine, load: number): Fault {
    return overloaded({ limit, value, load }, this.#options.host.runtime.clock.random());
  }

  /** Whose request it is: a proxy of ours says it. */
  #addressOf({ proxy, load }: HttpConnection, headers: RequestHeaders): string {
    return proxy === undefined ? load.address : networkOf(this.#options.proxies?.callerOf(proxy, headers) ?? proxy);
  }

  #requestId(headers: RequestHeaders): string {
    return acceptableRequestId(headers.requestId) ?? this.#options.host.runtime.ids.spanId();
  }

  #refuse<T extends Turn>({ turn, replies }: Arrival<T>, fault: Fault): void {
    replies.write(turn, faultReply({ fault, requestId: this.#requestId(turn.request.known) }));
  }

  /** Writes what reaches no operation, at the rate of strangers: it costs as much as what does. */
  #turnAway<T extends Turn>(arrival: Arrival<T>, reply: Fault | HttpReply): void {
    const { connection, turn } = arrival;
    const limited = turn.response.owner && this.#options.host.runtime.limitStranger(this.#addressOf(connection, turn.request.known));
    if (limited instanceof Promise) void limited.then((fault) => this.#give(arrival, fault ?? reply));
    else this.#give(arrival, limited ?? reply);
  }

  #give<T extends Turn>(arrival: Arrival<T>, reply: Fault | HttpReply): void {
    if ("code" in reply) this.#refuse(arrival, reply);
    else arrival.replies.write(arrival.turn, reply);
  }
}

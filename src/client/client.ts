import type { ClientRoutes } from "../surface/client/client-routes.ts";
import { fileReceived, routeUnknown } from "./call-fault.ts";
import type { CallOptions, Client } from "./calls.ts";
import { browserClock, type ClientClock } from "./client-clock.ts";
import { type ClientSettings, Exchange, fetchRoutes } from "./exchange.ts";
import { Retries, type RetryOptions } from "./retry.ts";
import { type Asked, streamItems } from "./streaming.ts";

/** What a client is made of. */
export interface ClientOptions<C> {
  /** The address of the service, as in `https://api.example.com`; the routes begin behind it. */
  readonly url: string;
  /**
   * The routes of the contracts, or the path at which the service sends them; they are fetched with the first call. *Default*: `client.json`.
   * @example routes: clientRoutes(contracts)
   */
  readonly routes?: ClientRoutes<C> | string;
  /** The token of the caller, sent as `Authorization: Bearer …`, or what gives it for each attempt. *Default*: none. */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>);
  /** Headers of each attempt, or what gives them, as for the trace of the caller: `headers: () => ({ traceparent })`. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** How long a call may take with all of its attempts, unless it says otherwise. *Units*: milliseconds. *Default*: 30,000. */
  readonly deadlineMs?: number;
  readonly retry?: RetryOptions;
  /** How streams are asked for. *Default*: `events`, which can continue after a break. */
  readonly stream?: "events" | "lines";
  /** Whether cookies of another origin are sent and taken. *Default*: that of `fetch`. */
  readonly credentials?: "include" | "omit" | "same-origin";
  /** The longest reply, and the longest item of a stream. *Units*: characters. *Default*: 16,777,216. */
  readonly replyChars?: number;
  /** *Default*: the one of the machine. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** *Default*: that of the machine. Tests give one of their own. */
  readonly clock?: ClientClock;
}

/**
 * Makes a client of the operations of contracts, of their types alone: nothing of the service is loaded, and nothing is generated.
 * *Guarantees*: a command with a key gets one for each call; only what its contract allows is sent again. *Faults*: {@link CallFault}, of each call.
 * @example
 * const api = client<typeof contracts>({ url: "https://api.example.com", token });
 * const { orderId } = await api.orders.placeOrder({ lines });
 */
export function client<C>(options: ClientOptions<C>): Client<C> {
  const { url, routes = "client.json", fetch = globalThis.fetch.bind(globalThis), clock = browserClock, stream = "events" } = options;
  const settings: ClientSettings = {
    ...{ deadlineMs: 30_000, replyChars: 2 ** 24, ...options, clock, fetch },
    url: url.replace(/\/+$/, ""),
    retries: new Retries(options.retry),
  };
  const table = typeof routes === "string" ? once(() => fetchRoutes<ClientRoutes>(settings, routes)) : async () => routes;
  const find = async (path: string, exchange: Exchange) => {
    const { operations } = await exchange.within(table);
    const contract = Object.hasOwn(operations, path) ? operations[path] : undefined;
    if (contract === undefined) throw routeUnknown(path);
    return contract;
  };
  const send = async (path: string, input: unknown, given: CallOptions) => {
    const exchange = new Exchange(settings, given);
    try {
      return await exchange.send(await find(path, exchange), input);
    } catch (thrown) {
      throw exchange.faultOf(thrown);
    } finally {
      exchange.close();
    }
  };
  const call = (path: string, input: unknown, given: CallOptions = {}) => {
    const received = send(path, input, given);
    const output = received.then((value) => (value instanceof Blob ? Promise.reject(fileReceived(path)) : value));
    // The way that is taken says what went wrong.
    const quietly = <T>(way: T): T => {
      output.catch(() => undefined);
      return way;
    };
    const asked: Asked = { settings, given, format: stream, input, find: (exchange) => find(path, exchange) };
    return Object.assign(output, {
      outcome: () =>
        output.then(
          (value) => ({ ok: true, output: value }),
          (fault: unknown) => ({ ok: false, fault }),
        ),
      file: () => quietly(received),
      [Symbol.asyncIterator]: () => quietly(streamItems(asked)),
    });
  };
  return member("", call) as unknown as Client<C>;
}

/** A member of the client: a name leads to the next, and in the end it is called. */
function member(path: string, call: (path: string, input: unknown, options?: CallOptions) => unknown): () => void {
  return new Proxy(() => undefined, {
    get: (_, name) =>
      // A client is no promise: `await` asks for `then`.
      typeof name === "symbol" || name === "then" ? undefined : member(path === "" ? name : `${path}.${name}`, call),
    apply: (_, __, [input, options]) => call(path, input, options),
  });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    // What failed is tried again by the next call.
    made.catch(() => (made = undefined));
    return made;
  };
}

import type { ClientRoute } from "../surface/client/client-routes.ts";
import { CallFault, callerGone, callerTimedOut, faultOfReply, networkFailed, replyMalformed } from "./call-fault.ts";
import type { CallOptions } from "./calls.ts";
import type { ClientClock } from "./client-clock.ts";
import { type PreparedRequest, prepare } from "./request.ts";
import type { Retries } from "./retry.ts";
import { json, readText } from "./stream.ts";

/** What all calls of a client share. */
export interface ClientSettings {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token?: string | (() => string | undefined | Promise<string | undefined>);
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  readonly credentials?: "include" | "omit" | "same-origin";
  readonly deadlineMs: number;
  readonly replyChars: number;
  readonly retries: Retries;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: ClientClock;
}

type Headers = Readonly<Record<string, string>>;
const deadlineHeader = "plimsoll-deadline-ms";

interface Wanted<T> {
  readonly contract: ClientRoute;
  readonly input: unknown;
  readonly headers: Headers;
  read(response: Response): Promise<T>;
}

/** One call on its way: its time, its end by the caller, and its attempts. */
export class Exchange {
  readonly #settings: ClientSettings;
  readonly #given: CallOptions;
  readonly #ending = new AbortController();
  readonly #endsAt: number;
  #forget: () => void;
  #last: CallFault | undefined;

  constructor(settings: ClientSettings, given: CallOptions) {
    const { clock } = settings;
    // What calls this client may have less time left itself.
    const deadlineMs = Math.min(
      given.deadlineMs ?? settings.deadlineMs,
      Number(given.headers?.[deadlineHeader] ?? Number.POSITIVE_INFINITY),
    );
    this.#settings = settings;
    this.#given = given;
    this.#endsAt = clock.monotonic() + deadlineMs;
    this.#forget = clock.schedule(deadlineMs, () => this.#ending.abort(callerTimedOut(deadlineMs, this.#last)));
    if (given.signal?.aborted === true) this.#leave();
    else given.signal?.addEventListener("abort", this.#leave);
  }

  readonly #leave = (): void => this.#ending.abort(callerGone(this.#given.signal?.reason));

  /** Stops the time: a stream has begun. */
  begun(): void {
    this.#forget();
  }

  /** Ends what is under way of it. */
  close(): void {
    this.#forget();
    this.#given.signal?.removeEventListener("abort", this.#leave);
    this.#ending.abort(callerGone(undefined));
  }

  /** Waits for work that other calls share, for as long as this call has time. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#ending;
    return Promise.race([
      work(),
      new Promise<never>((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    ]);
  }

  /** Calls an operation that returns an output. */
  async send(contract: ClientRoute, input: unknown): Promise<unknown> {
    if (contract.stream !== undefined) return undefined;
    const headers = { accept: contract.file ? "*/*" : "application/json" };
    const read = (response: Response) => (contract.file ? response.blob() : this.#read(response, contract));
    return this.#repeated({ contract, input, headers, read });
  }

  /** Begins a stream. */
  open(contract: ClientRoute, input: unknown, headers: Headers): Promise<Response> {
    return this.#repeated({ contract, input, headers, read: async (response) => response });
  }

  /** What an attempt ended with: the time and the caller explain whatever else was thrown. */
  faultOf(thrown: unknown): CallFault {
    const { signal } = this.#ending;
    if (signal.aborted) return signal.reason as CallFault;
    return thrown instanceof CallFault ? thrown : networkFailed(thrown);
  }

  async pause(waitMs: number): Promise<void> {
    let forget = () => {};
    try {
      await this.within(() => new Promise<void>((resolve) => (forget = this.#settings.clock.schedule(waitMs, resolve))));
    } finally {
      forget();
    }
  }

  async #repeated<T>({ contract, input, headers, read }: Wanted<T>): Promise<T> {
    const { retries, clock, replyChars } = this.#settings;
    const prepared = prepare(contract, input);
    const key = contract.repeat === "key" ? { "idempotency-key": this.#given.key ?? clock.key() } : undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.#attempt(prepared, { ...headers, ...key });
        if (!response.ok) throw faultOfReply(response, await readText(response, replyChars));
        const output = await read(response);
        retries.succeeded();
        return output;
      } catch (thrown) {
        const fault = this.faultOf(thrown);
        this.#last = fault;
        const leftMs = this.#ending.signal.aborted || contract.repeat === undefined ? 0 : this.#endsAt - clock.monotonic();
        const wait = retries.next(fault, { attempt, random: clock.random(), leftMs });
        if (wait === undefined) throw fault;
        await this.pause(wait);
      }
    }
  }

  async #attempt({ method, path, headers: own, body }: PreparedRequest, more: Headers): Promise<Response> {
    const { url, token, headers, credentials, fetch, clock } = this.#settings;
    this.#ending.signal.throwIfAborted();
    const bearer = typeof token === "function" ? await token() : token;
    const sent = {
      ...(typeof headers === "function" ? headers() : headers),
      ...this.#given.headers,
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...own,
      ...more,
      [deadlineHeader]: String(Math.max(1, Math.ceil(this.#endsAt - clock.monotonic()))),
    };
    const init = {
      method,
      headers: sent,
      signal: this.#ending.signal,
      ...(credentials && { credentials }),
      ...(body !== undefined && { body }),
    };
    return fetch(`${url}${path}`, init as RequestInit);
  }

  async #read(response: Response, { replyHeaders = {} }: ClientRoute): Promise<unknown> {
    const text = await readText(response, this.#settings.replyChars);
    // Without a body there are no fields, or all of them are headers.
    const output = text === "" ? {} : json(text);
    if (typeof output !== "object" || output === null) return output;
    for (const [field, [header, as]] of Object.entries(replyHeaders)) {
      const value = response.headers.get(header);
      if (value !== null) (output as Record<string, unknown>)[field] = read(value, as);
    }
    return output;
  }
}

function read(value: string, as: "text" | "json" | "list"): unknown {
  if (as === "text") return value;
  if (as === "json") return json(value);
  // *Source*: RFC 9110 §5.6.4.
  return Array.from(value.matchAll(/"((?:[^"\\]|\\.)*)"|[^",\s][^",]*/g), ([whole, quoted]) =>
    quoted === undefined ? whole.trim() : quoted.replaceAll(/\\(.)/g, "$1"),
  );
}

/** Fetches the routes of a client. */
export async function fetchRoutes<T extends object>(settings: ClientSettings, path: string): Promise<T> {
  const exchange = new Exchange(settings, {});
  try {
    const routes = await exchange.send({ route: `GET /${path.replace(/^\/+/, "")}`, repeat: "safe" }, {});
    if (typeof routes === "object" && routes !== null && "operations" in routes) return routes as T;
  } finally {
    exchange.close();
  }
  throw replyMalformed(`${path} of the service does not hold the routes of a client.`);
}

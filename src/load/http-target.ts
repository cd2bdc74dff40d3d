import assert from "node:assert";
import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { type Clock, systemClock } from "../core/clock.ts";
import { nodeHttp } from "../core/node/http.ts";
import type { Answer, Arrival, Target } from "./outcome.ts";

/** Options of {@link HttpTarget}. */
export interface HttpTargetOptions {
  /** `http:` only. */
  readonly url: string;
  /** *Default*: `GET`, or `POST` with a body. */
  readonly method?: string;
  /** The path and query of each call by its arrival, instead of those of `url`. */
  readonly path?: (arrival: Arrival) => string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body of every call, or of each by its arrival. *Default*: none. */
  readonly body?: string | ((arrival: Arrival) => string);
  /** Connections at most; they are kept. A call that finds none free waits for one, and its latency says so. *Bounds*: from 1. *Default*: 256. */
  readonly connections?: number;
  /** When the caller gives up: the call has failed with `timeout`, and its connection is closed. *Units*: milliseconds. *Default*: 10,000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** Of the body of a refusal so much is read for its type. *Units*: characters. */
const maxProblem = 4_096;

/**
 * Sends calls over HTTP/1.1 on open connections. 2xx is `ok`; 429 and 503 are `refused`, with the status and the type of the problem (RFC 9457) as
 * reason; every other status is `failed`. Dispose of it after the run, which closes its connections.
 * @example
 * using target = new HttpTarget({ url: "http://127.0.0.1:3000/v1/quote" });
 * const result = await runLoad({ schedule: schedule([hold(200, 10)]), target: target.call, deadlineMs: 250 });
 */
export class HttpTarget implements Disposable {
  readonly #options: HttpTargetOptions;
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(options: HttpTargetOptions) {
    const { url, connections = 256, timeoutMs = 10_000, clock = systemClock } = options;
    this.#options = options;
    this.#url = new URL(url);
    assert(this.#url.protocol === "http:", `an HTTP target takes a URL of http:, not ${this.#url.protocol}`);
    assert(Number.isInteger(connections) && connections > 0, `connections is a whole number above 0, not ${connections}`);
    assert(timeoutMs > 0, `timeoutMs is a number of milliseconds above 0, not ${timeoutMs}`);
    this.#agent = new nodeHttp.Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends one call. It is bound, to be passed to a run as its target. */
  readonly call: Target = (arrival) =>
    new Promise((resolve, reject) => {
      const request = this.#request(arrival, (response) => void readAnswer(response).then(resolve, reject));
      let gaveUp = false;
      const timer = this.#clock.schedule(this.#timeoutMs, () => {
        gaveUp = true;
        resolve({ kind: "failed", reason: "timeout" });
        request.destroy();
      });
      request.once("close", () => timer.cancel());
      request.once("error", (error) => {
        if (!gaveUp) reject(error);
      });
    });

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #request(arrival: Arrival, onResponse: (response: IncomingMessage) => void): ClientRequest {
    const { method, path, headers, body } = this.#options;
    const text = typeof body === "function" ? body(arrival) : body;
    const request = nodeHttp.request(
      path === undefined ? this.#url : new URL(path(arrival), this.#url),
      {
        agent: this.#agent,
        method: method ?? (text === undefined ? "GET" : "POST"),
        headers: { ...headers, ...(text !== undefined && { "content-length": Buffer.byteLength(text) }) },
      },
      onResponse,
    );
    request.end(text);
    return request;
  }
}

/** Reads the response to its end, so that its connection can be used again. A response that is cut off is a failure, whatever its status. */
function readAnswer(response: IncomingMessage): Promise<Answer> {
  const status = response.statusCode!;
  const isRefusal = status === 429 || status === 503;
  let text = "";
  return new Promise((resolve, reject) => {
    response.on("data", (chunk: Buffer) => {
      if (isRefusal && text.length < maxProblem) text += chunk.toString("latin1");
    });
    response.once("error", reject);
    response.once("end", () => {
      if (status >= 200 && status < 300) resolve({ kind: "ok" });
      else if (isRefusal) resolve({ kind: "refused", reason: [status, typeOfProblem(text)].filter(Boolean).join(" ") });
      else resolve({ kind: "failed", reason: `status ${status}` });
    });
  });
}

/** The last part of the problem's type, as `overloaded` of `https://example.com/problems/overloaded`. */
function typeOfProblem(text: string): string | undefined {
  return /"type"\s*:\s*"(?:[^"]*[/:#])?([^"/:#]+)"/.exec(text)?.[1];
}

import { type Clock, sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { searchUnavailable } from "../../operation/sourcing/search-faults.ts";

/** A function like the `fetch` of Node.js. */
export type SearchFetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where Elasticsearch is, and how it is asked. */
export interface ClientOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: SearchFetch;
  readonly clock: Clock;
}

/** A response that was read. */
export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const firstWaitMs = 100;
const longestWaitMs = 5_000;

/** Waits before another attempt, longer each time. */
export function backOff(clock: Clock, attempt: number, retryAfter: string | null = null): Promise<void> {
  const asked = Number(retryAfter) * 1_000;
  return sleep(clock, Math.min(longestWaitMs, asked > 0 ? asked : firstWaitMs * 2 ** (attempt - 1)));
}

/** Asks Elasticsearch. *Bounds*: `limits.searchMs` for each attempt, `limits.searchAttempts` where it is busy (429), `limits.searchResponseBytes`. */
export class Client {
  readonly clock: Clock;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.clock = options.clock;
  }

  /** *Faults thrown*: `unavailable` of type `search_unavailable`, where no response can be had, or one with 429 or 5xx. No message has anything of a body. */
  async ask(method: string, path: string, body?: unknown): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      const { response, text } = await this.#send(method, path, body);
      const { status } = response;
      if (status === 429 && attempt < limits.searchAttempts) {
        await backOff(this.clock, attempt, response.headers.get("retry-after"));
        continue;
      }
      if (status === 429)
        throw searchUnavailable(`Elasticsearch refused ${limits.searchAttempts} attempts because it is busy. Give it more room.`);
      if (status >= 500) throw searchUnavailable(`Elasticsearch responded with the status ${status}. Look at its log.`);
      if (status === 401 || status === 403)
        throw searchUnavailable(`Elasticsearch responded with the status ${status}. Check the credentials and what they may do.`);
      return { status, body: parsed(text) };
    }
  }

  async #send(method: string, path: string, body: unknown): Promise<{ readonly response: Response; readonly text: string }> {
    const { url, headers, fetch, clock } = this.#options;
    const controller = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = clock.schedule(limits.searchMs, () => {
      const fault = searchUnavailable(`Elasticsearch did not respond within ${limits.searchMs} ms. Check the path to it.`);
      controller.abort(fault);
      late.reject(fault);
    });
    const lines = typeof body === "string";
    const type = lines ? "application/x-ndjson" : "application/json";
    const read = async () => {
      const sent = body === undefined ? {} : { body: lines ? body : JSON.stringify(body) };
      const init = { method, redirect: "error" as const, headers: { ...headers, "content-type": type }, signal: controller.signal };
      const response = await fetch(`${url}${path}`, { ...init, ...sent });
      return { response, text: await readBounded(response) };
    };
    try {
      return await Promise.race([read(), late.promise]);
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw searchUnavailable("Elasticsearch could not be asked. Check the path to it.", error);
    } finally {
      timer.cancel();
    }
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > limits.searchResponseBytes)
      throw searchUnavailable(
        `Elasticsearch sent more than ${limits.searchResponseBytes} bytes. Ask for fewer hits, or make the documents smaller.`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string): Reply["body"] {
  if (text === "") return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null) return body as Reply["body"];
  } catch {}
  throw searchUnavailable("Elasticsearch responded with what is no JSON object. Check its address.");
}

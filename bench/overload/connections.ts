import { Agent, type IncomingMessage, request } from "node:http";
import type { Answer, Target } from "../../src/load/index.ts";

const timeoutMs = 3_000;

interface Call {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Connections that are open before the load begins: a server that is behind accepts few in each turn, and the wait for a connection would be measured. */
export class Connections implements Disposable {
  readonly #agent: Agent;
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
    this.#agent = new Agent({ keepAlive: true, maxSockets: count, maxFreeSockets: count });
  }

  /** Opens all of them, by as many requests at once for a path that the server does not have. */
  async open(origin: string): Promise<void> {
    const url = new URL("/none", origin);
    await Promise.all(Array.from({ length: this.#count }, () => this.#send({ url, headers: {} })));
  }

  /** What sends the calls of a load. */
  target(call: Call): Target {
    return () => this.#send(call);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #send({ url, headers }: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        url,
        { agent: this.#agent, method: "POST", headers: { ...headers, "content-length": "2" }, timeout: timeoutMs },
        (response) => finish(response, resolve),
      );
      sent.once("timeout", () => sent.destroy(new Error("timeout")));
      sent.once("error", reject);
      sent.end("{}");
    });
  }
}

function finish(response: IncomingMessage, resolve: (answer: Answer) => void): void {
  const status = response.statusCode ?? 0;
  response.resume();
  response.once("end", () => {
    if (status >= 200 && status < 300) resolve({ kind: "ok" });
    else resolve({ kind: status === 503 || status === 429 ? "refused" : "failed", reason: String(status) });
  });
}

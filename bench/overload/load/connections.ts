import type { Answer } from "../../../src/load/index.ts";
import { Connection } from "./connection.ts";

const timeoutMs = 3_000;
const sweepMs = 100;

interface Call {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Connections that are open before the load begins: a server that is behind accepts few in each turn, and the wait for a connection would be measured. */
export class Connections implements Disposable {
  readonly #all: readonly Connection[];
  readonly #free: Connection[];
  readonly #waiting: ((connection: Connection) => void)[] = [];
  readonly #bytes: Buffer;
  readonly #origin: URL;
  readonly #sweep: NodeJS.Timeout;

  constructor({ url, headers }: Call, count: number) {
    this.#origin = new URL(url);
    this.#bytes = requestOf(this.#origin, headers);
    this.#all = Array.from({ length: count }, () => new Connection(this.#origin));
    this.#free = [...this.#all];
    this.#sweep = setInterval(() => {
      for (const connection of this.#all) connection.expire(performance.now() - timeoutMs);
    }, sweepMs);
  }

  /** Opens all of them, by as many requests at once for a path that the server does not have. */
  async open(): Promise<void> {
    const nowhere = requestOf(new URL("/none", this.#origin), {});
    await Promise.all(this.#all.map((connection) => connection.send(nowhere)));
  }

  /** Sends a call on a connection that is free, or on the next that gets so. */
  send(): Promise<Answer> {
    const connection = this.#free.pop();
    if (connection !== undefined) return this.#sendOn(connection);
    return new Promise((resolve) => void this.#waiting.push((given) => resolve(this.#sendOn(given))));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sweep);
    for (const connection of this.#all) connection.close();
  }

  async #sendOn(connection: Connection): Promise<Answer> {
    const answer = await connection.send(this.#bytes);
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(connection);
    else next(connection);
    return answer;
  }
}

function requestOf({ pathname, host }: URL, headers: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries({ host, "content-type": "application/json", ...headers, "content-length": "2" });
  return Buffer.from(`POST ${pathname} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n{}`);
}

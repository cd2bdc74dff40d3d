import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { LoadLineReading } from "../../../src/core/load-line/load-lines.ts";
import type { Served } from "../http/app.ts";

/** A client that reads one stream, chunk by chunk, and tells a complete response from one that was cut. */
export class StreamClient {
  readonly socket: Socket;
  /** Undefined while the response has not ended. */
  ended: "complete" | "cut" | undefined;
  head = "";
  body = "";
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", () => undefined);
    const over = () => {
      this.ended ??= "cut";
      this.#wake();
    };
    socket.on("end", over);
    socket.on("close", over);
  }

  /** Asks for a target. `headers`: lines of the head. */
  static async open(port: number, target: string, headers: readonly string[] = []): Promise<StreamClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    const client = new StreamClient(socket);
    socket.write(`${target} HTTP/1.1\r\nHost: t\r\n${headers.map((line) => `${line}\r\n`).join("")}\r\n`);
    return client;
  }

  /** Waits until the body has a text. Fails where the response ends without it. */
  async until(text: string): Promise<void> {
    await this.#when(() => this.body.includes(text), `the body has ${JSON.stringify(text)}`);
  }

  async opened(): Promise<void> {
    await this.#when(() => this.head !== "", "the head has come");
  }

  async end(): Promise<"complete" | "cut"> {
    while (this.ended === undefined) await this.#next();
    return this.ended;
  }

  close(): void {
    this.socket.destroy();
  }

  async #when(holds: () => boolean, what: string): Promise<void> {
    while (!holds()) {
      if (this.ended !== undefined) throw new TypeError(`the response ended before ${what}: ${this.head}${this.body}`);
      await this.#next();
    }
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    if (this.head === "") {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.head = this.#received.subarray(0, end).toString("latin1");
      this.#received = this.#received.subarray(end + 4);
    }
    while (this.#takeChunk());
    this.#wake();
  }

  #takeChunk(): boolean {
    const line = this.#received.indexOf("\r\n");
    if (line < 0) return false;
    const size = Number.parseInt(this.#received.subarray(0, line).toString("latin1"), 16);
    if (this.#received.length < line + 2 + size + 2) return false;
    this.body += this.#received.subarray(line + 2, line + 2 + size).toString();
    this.#received = this.#received.subarray(line + 2 + size + 2);
    if (size === 0) this.ended = "complete";
    return size > 0;
  }
}

/** What the load line of streams says. */
export function streamsOf({ app }: Served): LoadLineReading | undefined {
  return app.loadLines.list().find(({ name }) => name === "streams");
}

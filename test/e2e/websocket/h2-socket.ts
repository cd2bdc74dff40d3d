import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import type { H2Client } from "../http2/client.ts";
import { frame } from "./frames.ts";

/** A frame of a server, which has no mask. */
export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A WebSocket on a stream of HTTP/2, of which a test writes and reads each frame. *Source*: RFC 8441, RFC 6455 §5.2. */
export class H2Socket {
  readonly stream: ClientHttp2Stream;
  /** The head of the response. */
  readonly opened: Promise<Readonly<Record<string, unknown>> & { readonly status: number }>;
  /** Resolves with the code of the reset, 0 where there is none, once the stream is closed. */
  readonly closed: Promise<number>;
  /** Whether the server has ended its side. */
  hasEnded = false;
  #left = Buffer.alloc(0);
  #reader: ((frame: ServerFrame | undefined) => void) | undefined;

  constructor(client: H2Client, path: string, headers: OutgoingHttpHeaders = {}) {
    const asked = { ":method": "CONNECT", ":protocol": "websocket", ":scheme": "https", ":authority": "shop.test", ":path": path };
    this.stream = client.session.request({ ...asked, "sec-websocket-version": "13", ...headers }, { endStream: false });
    this.stream.on("error", () => undefined);
    this.opened = new Promise((resolve) => {
      this.stream.once("response", (got) => resolve({ ...got, status: Number(got[":status"]) }));
    });
    this.closed = new Promise((resolve) => {
      this.stream.once("close", () => {
        resolve(this.stream.rstCode ?? 0);
        this.#give();
      });
    });
    this.stream.once("end", () => {
      this.hasEnded = true;
      this.#give();
    });
    this.stream.on("data", (bytes: Buffer) => {
      this.#left = Buffer.concat([this.#left, bytes]);
      this.#give();
    });
  }

  say(message: unknown): void {
    this.stream.write(frame(0x81, JSON.stringify(message)));
  }

  /** The next frame, undefined at the end. */
  next(): Promise<ServerFrame | undefined> {
    return new Promise((resolve) => {
      this.#reader = resolve;
      this.#give();
    });
  }

  /** The next message. */
  async heard(): Promise<unknown> {
    const next = await this.next();
    return next?.opcode === 1 ? JSON.parse(next.payload.toString()) : next;
  }

  /** The code and the reason with which the server closes, which it does before long; replies as a client does. */
  async closing(): Promise<{ readonly code: number; readonly reason: string } | undefined> {
    for (let next = await this.next(); next !== undefined; next = await this.next()) {
      if (next.opcode !== 8) continue;
      this.stream.end(frame(0x88, next.payload));
      return { code: next.payload.readUInt16BE(), reason: next.payload.subarray(2).toString() };
    }
    return undefined;
  }

  #give(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const read = this.#read();
    if (read === undefined && !this.hasEnded && !this.stream.destroyed) return;
    this.#reader = undefined;
    reader(read);
  }

  #read(): ServerFrame | undefined {
    const [first = 0, short = 0] = this.#left;
    const at = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (this.#left.length < at) return undefined;
    const length = short === 126 ? this.#left.readUInt16BE(2) : short === 127 ? Number(this.#left.readBigUInt64BE(2)) : short;
    if (this.#left.length < at + length) return undefined;
    const payload = this.#left.subarray(at, at + length);
    this.#left = this.#left.subarray(at + length);
    return { opcode: first & 15, payload };
  }
}

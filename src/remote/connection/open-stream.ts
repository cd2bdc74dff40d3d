import type { ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { Fault } from "../../core/fault.ts";
import { Frames } from "../../protobuf/frames.ts";
import { openHeader } from "../../protobuf/inside.ts";
import type { Connection } from "./connection.ts";
import { type Exchange, type Exchanged, readReply } from "./exchange.ts";

const cancel = 8;
const refusedStream = 7;

/** What one attempt to open a stream brought: the stream, or why there is none. */
export type Opening = Exchange | { readonly is: "open"; readonly said: IncomingHttpHeaders; readonly stream: OpenStream };

/** Sends one message, and waits until the callee opens its stream or says why it does not. Never rejects. `sendsMore`: messages of the client follow. */
export function openStream(connection: Connection, exchanged: Exchanged & { readonly sendsMore: boolean }): Promise<Opening> {
  const { headers, message, signal, replyBytes, sendsMore } = exchanged;
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ is: "left" });
    let sent: ClientHttp2Stream;
    try {
      sent = connection.begin(headers);
    } catch (cause) {
      return resolve({ is: "lost", reached: false, cause });
    }
    const stream = new OpenStream(sent, replyBytes);
    const leave = () => stream.close();
    signal.addEventListener("abort", leave, { once: true });
    const settle = (opening: Opening) => {
      signal.removeEventListener("abort", leave);
      resolve(opening);
    };
    sent.once("response", (said) => {
      if (said[openHeader] !== undefined) settle({ is: "open", said, stream });
    });
    void stream.ended.then(settle);
    if (sendsMore) sent.write(message);
    else sent.end(message);
  });
}

/**
 * The messages of a stream as they are asked for, one by one. While none is asked for, its callee can send into the window of the stream alone.
 * *Bounds*: one message of `replyBytes`, a chunk, and the window of HTTP/2.
 */
export class OpenStream {
  /** Resolves with how it ended; after it, it holds nothing. */
  readonly ended: Promise<Exchange>;
  readonly #stream: ClientHttp2Stream;
  readonly #frames: Frames;
  readonly #replyBytes: number;
  #isOpen = false;
  #said: IncomingHttpHeaders | undefined;
  #cause: unknown;
  #end: Exchange | undefined;
  #taker: ((message: Buffer | undefined) => void) | undefined;

  constructor(stream: ClientHttp2Stream, replyBytes: number) {
    this.#stream = stream;
    this.#replyBytes = replyBytes;
    this.#frames = new Frames(replyBytes);
    stream.on("response", (given) => {
      this.#isOpen = given[openHeader] !== undefined;
      if (given["grpc-status"] !== undefined || Number(given[":status"]) !== 200) this.#said = given;
    });
    stream.on("trailers", (given) => {
      this.#said = given;
    });
    stream.on("data", (chunk: Buffer) => this.#came(chunk));
    stream.on("error", (error) => {
      this.#cause = error;
    });
    // What its client still sends is of no use.
    stream.on("end", () => stream.end());
    this.ended = new Promise((resolve) => {
      stream.once("close", () => {
        this.#end ??= this.#endOf();
        this.#taker?.(undefined);
        resolve(this.#end);
      });
    });
  }

  /** The next message; undefined where there is none any more. */
  async next(): Promise<Buffer | undefined> {
    const held = this.#nextHeld();
    if (held !== undefined || this.#end !== undefined) return held;
    return new Promise((resolve) => {
      this.#taker = resolve;
      this.#stream.resume();
    });
  }

  /** Sends a message of the client. Returns what to wait for where the callee must read first. */
  write(message: Buffer): Promise<void> | undefined {
    const stream = this.#stream;
    if (stream.closed || stream.writableEnded || stream.write(message)) return undefined;
    return new Promise((resolve) => {
      const done = () => {
        stream.off("drain", done).off("close", done);
        resolve();
      };
      stream.on("drain", done).on("close", done);
    });
  }

  /** The client sends no more. */
  sentAll(): void {
    if (!this.#stream.closed && !this.#stream.writableEnded) this.#stream.end();
  }

  close(): void {
    this.#giveUp({ is: "left" });
  }

  #came(chunk: Buffer): void {
    if (this.#end !== undefined) return;
    this.#frames.push(chunk);
    if (!this.#isOpen) {
      if (this.#frames.rest > this.#replyBytes + chunk.length)
        this.#giveUp({ is: "unreadable", cause: `it has more than ${this.#replyBytes} bytes` });
      return;
    }
    if (this.#taker === undefined) return void this.#stream.pause();
    const next = this.#nextHeld();
    if (next === undefined) return;
    const taker = this.#taker;
    this.#taker = undefined;
    this.#stream.pause();
    taker(next);
  }

  #nextHeld(): Buffer | undefined {
    if (this.#end?.is === "left" || this.#end?.is === "unreadable") return undefined;
    const next = this.#frames.next();
    if (!(next instanceof Fault)) return next;
    this.#giveUp({ is: "unreadable", cause: next.message });
    return undefined;
  }

  /** What still comes is thrown away: a stream whose data are not read never closes. */
  #giveUp(end: Exchange): void {
    this.#end ??= end;
    this.#stream.close(cancel);
    this.#stream.resume();
  }

  #endOf(): Exchange {
    const said = this.#said;
    if (said === undefined) {
      const { rstCode, id } = this.#stream;
      return { is: "lost", reached: rstCode !== refusedStream && id !== undefined, cause: this.#cause };
    }
    if (!this.#isOpen || said["grpc-status"] === undefined) return readReply(said, this.#frames);
    const status = Number(said["grpc-status"]);
    if (!Number.isInteger(status)) return { is: "unreadable", cause: `the status ${said["grpc-status"]}` };
    return { is: "reply", status, message: undefined, said };
  }
}

import type { ServerHttp2Stream } from "node:http2";
import { systemClock } from "../../core/clock.ts";
import type { ConnectionRequest, HttpConnection } from "../connections/connection.ts";
import type { TurnResponse } from "../reception/turn.ts";
import type { RawSocket } from "../websocket/raw-socket.ts";
import { codes } from "./codes.ts";

/** Bytes that wait for the client, and what is called when they are taken. */
interface Waiting {
  bytes: Uint8Array;
  readonly taken: (() => void) | undefined;
}

const highWaterBytes = 16_384;

/**
 * A response on a stream of HTTP/2. It hands over one piece after the other, so that it is known whether its client takes them: of many pieces at once
 * Node.js says only when all are gone.
 * *Bounds*: one piece is what a client that reads slowly enough to be disconnected takes in that time.
 */
export class Http2Response implements TurnResponse {
  owner: HttpConnection | undefined;
  upgrade: (() => RawSocket) | undefined = undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #pieceBytes: number;
  readonly #queue: Waiting[] = [];
  #running: ConnectionRequest | undefined = undefined;
  #kept = 0;
  #waiting = 0;
  #isWriting = false;
  #ending: "whole" | "cut" | undefined = undefined;
  #progressAt = 0;
  #drained: (() => void) | undefined = undefined;
  /** Ended by this side before all of it was sent. */
  isCut = false;

  constructor(stream: ServerHttp2Stream, connection: HttpConnection, pieceBytes: number) {
    this.#stream = stream;
    this.owner = connection;
    this.#pieceBytes = pieceBytes;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  get headersSent(): boolean {
    return this.#stream.headersSent;
  }

  get request(): ConnectionRequest | undefined {
    return this.#running;
  }

  /** Whether bytes wait for the client. */
  get isWaiting(): boolean {
    return this.#waiting > 0;
  }

  /** Since when the client has taken nothing of what waits. *Units*: monotonic milliseconds. */
  get stalledSince(): number {
    return this.#waiting === 0 ? Number.POSITIVE_INFINITY : this.#progressAt;
  }

  keep(bytes: number): void {
    this.#kept += bytes;
    this.owner?.keep(bytes);
  }

  runs(request: ConnectionRequest): void {
    this.#running = request;
  }

  writeContinue(): void {
    if (!this.destroyed && !this.headersSent) this.#stream.additionalHeaders({ ":status": 100 });
  }

  /** Sends the head; `isWhole`: there is no body. */
  head(status: number, pairs: readonly string[], isWhole: boolean): void {
    if (!this.destroyed && !this.headersSent) this.#stream.respond([":status", String(status), ...pairs] as never, { endStream: isWhole });
  }

  write(bytes: string | Uint8Array, taken?: () => void): boolean {
    const all = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    if (this.#waiting === 0) this.#progressAt = systemClock.monotonic();
    this.#waiting += all.length;
    this.#queue.push({ bytes: all, taken });
    this.#next();
    return this.#waiting <= highWaterBytes;
  }

  async drained(signal: AbortSignal): Promise<void> {
    if (this.#waiting <= highWaterBytes / 2) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const left = () => reject(signal.reason);
    signal.addEventListener("abort", left, { once: true });
    this.#drained = resolve;
    if (this.destroyed) resolve();
    await promise.finally(() => signal.removeEventListener("abort", left));
  }

  end(): void {
    this.#ending ??= "whole";
    this.#next();
  }

  cut(): void {
    this.#ending = "cut";
    this.#next();
  }

  destroy(code: number = codes.internalError): void {
    this.isCut = true;
    this.#stream.close(code);
  }

  /** The stream is closed: what was kept for it is let go, and what runs for it is undone. */
  closed(): void {
    this.owner?.keep(-this.#kept);
    const isUnder = this.owner !== undefined && (this.#running?.index ?? -1) >= 0;
    this.owner = undefined;
    this.#queue.length = 0;
    this.#waiting = 0;
    this.#drained?.();
    if (isUnder) this.#running?.disconnected();
    this.#running = undefined;
  }

  #next(): void {
    if (this.#isWriting || this.destroyed) return;
    if (this.#queue.length === 0) return this.#endsNow();
    const { piece, taken } = this.#take();
    this.#isWriting = true;
    const sent = () => this.#sent(piece.length, taken);
    // The last piece and the end are one frame.
    if (this.#queue.length === 0 && this.#ending === "whole") this.#stream.end(piece, sent);
    else this.#stream.write(piece, sent);
  }

  /** The next piece, of one long text or of several short ones. */
  #take(): { readonly piece: Uint8Array; readonly taken: readonly (() => void)[] } {
    const parts: Uint8Array[] = [];
    const taken: (() => void)[] = [];
    let room = this.#pieceBytes;
    for (let first = this.#queue[0]; first !== undefined && room > 0; first = this.#queue[0]) {
      const { bytes } = first;
      parts.push(bytes.length > room ? bytes.subarray(0, room) : bytes);
      if (bytes.length > room) first.bytes = bytes.subarray(room);
      else {
        this.#queue.shift();
        if (first.taken !== undefined) taken.push(first.taken);
      }
      room -= bytes.length;
    }
    return { piece: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts), taken };
  }

  #sent(bytes: number, taken: readonly (() => void)[]): void {
    this.#isWriting = false;
    this.#waiting = Math.max(0, this.#waiting - bytes);
    this.#progressAt = systemClock.monotonic();
    for (const call of taken) call();
    if (this.#waiting <= highWaterBytes / 2) this.#drained?.();
    if (!this.#stream.writableEnded) this.#next();
  }

  #endsNow(): void {
    if (this.#ending === "whole") this.#stream.end();
    else if (this.#ending === "cut") this.destroy();
  }
}

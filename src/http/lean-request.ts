import type { Socket } from "node:net";
import { nodeHttp } from "../core/node/http.ts";
import { BodyBytes } from "./body-bytes.ts";
import { readAgain, skipBody } from "./connections/skipping.ts";
import { type RequestHeaders, readHeaders } from "./request-headers.ts";

/** Takes the body of one request as it comes in. */
export interface BodySink {
  /** Returns whether more may come now; otherwise the sink asks for it with `goOn`. What was read before still comes. */
  chunk(bytes: Uint8Array): boolean;
  end(): void;
}

/**
 * A request of `node:http` that hands its body on as it is parsed, and reads its headers once.
 *
 * The parser gives a body to `push`, where a stream would buffer it, schedule its flow and emit it again: four turns of machinery for one chunk
 * that is there already. And for each request the server asks for two headers, for which it would build an object of all of them.
 */
export class LeanRequest extends nodeHttp.IncomingMessage {
  // Made on demand; initialized here so that every request has one shape.
  #headers: RequestHeaders | undefined = undefined;
  #sink: BodySink | undefined = undefined;
  #early: BodyBytes | undefined = undefined;
  #ended = false;
  #waits = false;
  #skips = false;
  /** In how many pieces its body came. */
  chunks = 0;
  /** The how manyth of its connection it is. */
  ordinal = 0;

  constructor(socket: Socket) {
    super(socket);
    // No code reads this as a stream, so the server must not start a flow to empty it.
    (this as unknown as { _consuming: boolean })._consuming = true;
  }

  /** The headers that the platform reads. */
  get known(): RequestHeaders {
    if (this.#headers === undefined) {
      this.#headers = readHeaders(this.rawHeaders);
    }
    return this.#headers;
  }

  /** Returns the lines of the head, names and values in turn, and keeps them no longer: most are not read, and the request may wait for long. */
  takeLines(): readonly string[] {
    void this.known;
    const lines = this.rawHeaders;
    this.rawHeaders = none;
    return lines;
  }

  /** Sends the body to `sink`, from its beginning. */
  pipeTo(sink: BodySink): void {
    const early = this.#early;
    this.#early = undefined;
    this.#sink = sink;
    const bytes = early?.all();
    const wantsMore = bytes === undefined || sink.chunk(bytes);
    // Not `sink`: one that has enough replaces itself while it gets the first chunk.
    if (this.#ended) this.#sink.end();
    if (wantsMore) this.goOn();
  }

  /** Lets the rest of the body go by unread. */
  discard(): void {
    this.#sink = noSink;
    this.#early = undefined;
    if (!this.#ended && !this.#skips && (this.known.chunked || this.known.contentLength !== undefined)) {
      this.#skips = true;
      skipBody(this.socket);
    }
    this.goOn();
  }

  // The server destroys what a closed connection leaves behind. No stream is under way here whose end has to be made known.
  override destroy(): this {
    this.#sink = noSink;
    this.#early = undefined;
    return this;
  }

  override push(chunk: Buffer | null): boolean {
    if (chunk === null) {
      this.#ended = true;
      if (this.#skips) readAgain(this.socket);
      this.#sink?.end();
      return true;
    }
    this.chunks++;
    if (this.#sink !== undefined) {
      if (this.#sink.chunk(chunk)) return true;
    } else {
      // No sink has asked for the body yet: this chunk is kept, and further ones wait in the socket.
      this.#early ??= new BodyBytes();
      this.#early.add(chunk);
    }
    this.#waits = true;
    return false;
  }

  /** Lets more of the body come, after its sink had enough. */
  goOn(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.socket.resume();
  }
}

const none: string[] = [];

const noSink: BodySink = { chunk: () => true, end: () => undefined };

// The server looks for `expect` only. It finds it by this name.
Object.defineProperty(LeanRequest.prototype, "headers", {
  get(this: LeanRequest) {
    return this.known;
  },
});
// With it the server lets go of the request as soon as it is answered.
Object.defineProperty(LeanRequest.prototype, "readableEnded", {
  get(this: LeanRequest) {
    return this.complete;
  },
});

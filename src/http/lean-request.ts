import type { Socket } from "node:net";
import { nodeHttp } from "../core/node/http.ts";
import { type RequestHeaders, readHeaders } from "./request-headers.ts";

/** Takes the body of one request as it comes in. */
export interface BodySink {
  chunk(bytes: Buffer): void;
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
  #early: Buffer[] | undefined = undefined;
  #earlyBytes = 0;
  #ended = false;
  /** The how manyth of its connection it is. */
  ordinal = 0;

  constructor(socket: Socket) {
    super(socket);
    // Nobody reads this as a stream, so the server must not start a flow to empty it.
    (this as unknown as { _consuming: boolean })._consuming = true;
  }

  /** The headers that the platform reads. */
  get known(): RequestHeaders {
    this.#headers ??= readHeaders(this.rawHeaders);
    return this.#headers;
  }

  /** Sends the body to `sink`, from its beginning. */
  pipeTo(sink: BodySink): void {
    const early = this.#early;
    this.#early = undefined;
    this.#sink = sink;
    // Asked for each time: a sink that has seen enough puts another in its place.
    if (early !== undefined) for (const bytes of early) this.#sink.chunk(bytes);
    if (this.#ended) this.#sink.end();
    if (this.#earlyBytes > earlyBytes) this.socket.resume();
  }

  /** Lets the rest of the body go by unread. */
  discard(): void {
    this.#sink = noSink;
    this.#early = undefined;
    if (this.#earlyBytes > earlyBytes) this.socket.resume();
  }

  override push(chunk: Buffer | null): boolean {
    if (chunk === null) {
      this.#ended = true;
      this.#sink?.end();
    } else if (this.#sink !== undefined) this.#sink.chunk(chunk);
    else {
      if (this.#early === undefined) this.#early = [chunk];
      else this.#early.push(chunk);
      this.#earlyBytes += chunk.length;
      // Nobody knows yet whether it is wanted: more than this waits in the socket.
      return this.#earlyBytes <= earlyBytes;
    }
    return true;
  }
}

const earlyBytes = 65_536;

const noSink: BodySink = { chunk: () => undefined, end: () => undefined };

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

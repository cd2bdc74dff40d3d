import type { ServerHttp2Stream } from "node:http2";
import type { BodySink } from "../lean-request.ts";
import type { TurnRequest } from "../reception/turn.ts";
import { type RequestHeaders, readHeaders } from "../request-headers.ts";
import type { Http2Head } from "./head.ts";

/** What a client may send of a body before it is read. *Source*: RFC 9113 §6.9.2. *Units*: bytes. */
export const windowBytes = 65_535;

/** A request on a stream of HTTP/2. Its body waits in the stream, within its window, until a sink takes it. */
export class Http2Request implements TurnRequest {
  readonly httpVersion = "2.0";
  readonly method: string;
  readonly url: string;
  readonly known: RequestHeaders;
  readonly #stream: ServerHttp2Stream;
  #sink: BodySink | undefined = undefined;
  complete: boolean;
  /** Whether its body is no end in itself: frames of a WebSocket, which come as long as it is open. */
  isSocket = false;
  /** In how many frames its body came. */
  chunks = 0;
  /** Bytes of its body that were taken. */
  bytes = 0;

  constructor(stream: ServerHttp2Stream, { method, url, lines }: Http2Head, complete: boolean) {
    this.#stream = stream;
    this.method = method;
    this.url = url;
    this.complete = complete;
    this.known = readHeaders(lines);
    // Its length is known when it has come: for all who read it that is what chunks mean.
    if (!complete && this.known.contentLength === undefined) this.known.transferEncoding = "chunked";
  }

  /** What may wait of its body unread. *Units*: bytes. */
  get unread(): number {
    return this.complete ? 0 : Math.min(windowBytes, Number(this.known.contentLength ?? windowBytes));
  }

  pipeTo(sink: BodySink): void {
    if (this.complete) return sink.end();
    this.#sink = sink;
    const stream = this.#stream;
    stream.on("data", (bytes: Buffer) => {
      this.chunks++;
      this.bytes += bytes.length;
      if (this.#sink?.chunk(bytes) === false) stream.pause();
    });
    stream.on("end", () => {
      // A stream that its client gave up ends too, in its way.
      if (stream.aborted || stream.rstCode !== 0) return;
      this.complete = true;
      this.#sink?.end();
    });
  }

  goOn(): void {
    this.#stream.resume();
  }

  discard(): void {
    this.#sink = undefined;
    if (!this.complete) this.#stream.resume();
  }
}

import { Duplex } from "node:stream";
import { codes } from "./codes.ts";
import type { Http2Request } from "./request.ts";
import type { Http2Response } from "./response.ts";

const waitingBytes = 16_384;

/**
 * A stream of HTTP/2 as a socket: what its client sends is read from the request, and what is written is the response, so that both are counted and bounded as
 * always. The end of one is `END_STREAM`; a socket that is destroyed resets its stream.
 * *Bounds*: beside the window of the stream 16 KiB wait to be read. *Source*: RFC 8441 §5.
 */
export class StreamSocket extends Duplex {
  readonly #request: Http2Request;
  readonly #response: Http2Response;
  #isOpen = false;

  constructor(request: Http2Request, response: Http2Response) {
    super({ readableHighWaterMark: waitingBytes, writableHighWaterMark: waitingBytes });
    this.#request = request;
    this.#response = response;
    request.pipeTo({
      chunk: (bytes) => this.destroyed || this.push(bytes),
      end: () => void (this.destroyed || this.push(null)),
    });
  }

  override _read(): void {
    this.#request.goOn();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, taken: (error?: Error | null) => void): void {
    // The library writes the head of a response of HTTP/1.1 first, of which HTTP/2 sends its own.
    if (this.#isOpen) return void this.#response.write(bytes, taken);
    this.#isOpen = true;
    taken();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#response.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished) this.#response.destroy(codes.cancel);
    done(error);
  }
}

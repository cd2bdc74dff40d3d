import { limits } from "../../core/limits.ts";
import type { StreamSink } from "../../pipeline/stream/sink.ts";
import type { TurnResponse } from "../reception/turn.ts";
import type { StreamEnding, StreamFormat } from "./format.ts";

/** How a stream is written to its connection. */
export interface NodeStreamOptions {
  readonly format: StreamFormat;
  readonly stallMs: number;
  readonly drained: () => void;
}

/** The items of a stream on their way to a connection. */
export class NodeStream implements StreamSink {
  readonly stallMs: number;
  bytes = 0;
  readonly #response: TurnResponse;
  readonly #format: StreamFormat;
  readonly #drained: () => void;
  /** Bytes that the system has not taken yet. */
  #waiting = 0;
  #isFull = false;

  constructor(response: TurnResponse, { format, stallMs, drained }: NodeStreamOptions) {
    this.#response = response;
    this.#format = format;
    this.stallMs = stallMs;
    this.#drained = drained;
  }

  send(json: string, id: string | undefined): boolean {
    this.#write(this.#format.item(json, id));
    this.#isFull = this.#waiting > limits.streamBufferBytes;
    return !this.#isFull;
  }

  beat(): void {
    this.#write(this.#format.beat);
  }

  /** Ends the response, or the connection without the end of the response. */
  end({ cut, ...ending }: StreamEnding & { readonly cut: boolean }): void {
    const response = this.#response;
    if (response.destroyed) return;
    const last = this.#format.end(ending);
    if (last !== "") this.#write(last);
    if (!cut) return void response.end();
    response.cut();
  }

  #write(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.bytes += bytes;
    this.#waiting += bytes;
    this.#response.keep(bytes);
    this.#response.write(text, () => {
      this.#waiting -= bytes;
      this.#response.keep(-bytes);
      if (!this.#isFull || this.#waiting > limits.streamBufferBytes / 2) return;
      this.#isFull = false;
      this.#drained();
    });
  }
}

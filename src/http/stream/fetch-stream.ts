import type { Fault } from "../../core/fault.ts";
import { Handover } from "../../pipeline/stream/handover.ts";
import type { StreamSink } from "../../pipeline/stream/sink.ts";
import type { StreamEnding, StreamFormat } from "./format.ts";

/** How a stream becomes the body of a web `Response`. */
export interface FetchStreamOptions {
  readonly format: StreamFormat;
  readonly stallMs: number;
  readonly drained: () => void;
  /** The body was cancelled. */
  readonly left: () => void;
}

const encoder = new TextEncoder();

/** The items of a stream as the body of a web `Response`. Nothing is held beyond one item: the next is asked for when that has been read. */
export class FetchStream implements StreamSink {
  readonly stallMs: number;
  readonly body: ReadableStream<Uint8Array>;
  bytes = 0;
  readonly #format: StreamFormat;
  readonly #handover: Handover<Uint8Array>;

  constructor({ format, stallMs, drained, left }: FetchStreamOptions) {
    this.stallMs = stallMs;
    this.#format = format;
    this.#handover = new Handover(drained);
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      const bytes = await this.#handover.take();
      if (bytes === undefined) controller.close();
      else controller.enqueue(bytes);
    };
    this.body = new ReadableStream({ pull, cancel: left }, { highWaterMark: 0 });
  }

  send(json: string, id: string | undefined): boolean {
    this.#give(this.#format.item(json, id));
    return !this.#handover.isFull;
  }

  beat(): void {
    this.#give(this.#format.beat);
  }

  /** Ends the body; with an error after the last text if it must not be taken for complete. */
  end({ cut, ...ending }: StreamEnding & { readonly cut: boolean }, fault: Fault | undefined): void {
    const last = this.#format.end(ending);
    if (last !== "") this.#give(last);
    this.#handover.end(cut ? fault : undefined);
  }

  #give(text: string): void {
    const bytes = encoder.encode(text);
    this.bytes += bytes.length;
    this.#handover.give(bytes);
  }
}

import type { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { Handover } from "./handover.ts";
import type { StreamSink } from "./sink.ts";

/** The items of a stream for a caller in this process, who iterates them once. */
export class DirectStream implements StreamSink, AsyncIterableIterator<unknown> {
  readonly stallMs = limits.streamIdleMs;
  bytes = 0;
  readonly #handover: Handover<{ readonly item: unknown }>;
  readonly #left: () => void;

  /** `left`: the caller iterates no further. */
  constructor(drained: () => void, left: () => void) {
    this.#handover = new Handover(drained);
    this.#left = left;
  }

  send(json: string): boolean {
    this.bytes += Buffer.byteLength(json);
    // A caller gets what it would get over any wire, and nothing that the handler still holds.
    this.#handover.give({ item: JSON.parse(json) });
    return !this.#handover.isFull;
  }

  beat(): void {}

  /** *Faults*: what the caller gets after the last item, if the stream is not complete. */
  end(fault: Fault | undefined): void {
    this.#handover.end(fault);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown>> {
    const given = await this.#handover.take();
    return given === undefined ? { done: true, value: undefined } : { done: false, value: given.item };
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#left();
    return { done: true, value: undefined };
  }
}

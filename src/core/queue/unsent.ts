import { limits } from "../limits.ts";

/** The bytes of a stream that its connection has not taken yet. *Bounds*: `limits.streamBufferBytes`; a stream that waits continues when half of that is left. */
export class Unsent {
  readonly #drained: () => void;
  #bytes = 0;
  #isFull = false;

  constructor(drained: () => void) {
    this.#drained = drained;
  }

  /** Writes so many bytes more by a function that calls back when the connection has taken them. Returns whether more may follow at once. */
  write(bytes: number, by: (taken: () => void) => void): boolean {
    this.#bytes += bytes;
    by(() => {
      this.#bytes -= bytes;
      if (!this.#isFull || this.#bytes > limits.streamBufferBytes / 2) return;
      this.#isFull = false;
      this.#drained();
    });
    this.#isFull = this.#bytes > limits.streamBufferBytes;
    return !this.#isFull;
  }
}

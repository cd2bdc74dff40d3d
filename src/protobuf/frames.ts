import type { Fault } from "../core/fault.ts";
import { messageCompressed, messageTooLarge } from "./faults.ts";

const headBytes = 5;
const empty = Buffer.alloc(0);

/** Cuts what comes on a stream into messages. *Bounds*: a message, and what comes with one chunk behind it. */
export class Frames {
  readonly #maxBytes: number;
  #held: Buffer = empty;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
  }

  /** Bytes that are no whole message yet. */
  get rest(): number {
    return this.#held.length;
  }

  /** The next message; undefined where more must come, and the fault of one that is refused. */
  next(): Buffer | Fault | undefined {
    if (this.#held.length < headBytes) return undefined;
    if (this.#held[0] !== 0) return messageCompressed();
    const end = headBytes + this.#held.readUInt32BE(1);
    if (end - headBytes > this.#maxBytes) return messageTooLarge(this.#maxBytes);
    if (this.#held.length < end) return undefined;
    const message = this.#held.subarray(headBytes, end);
    this.#held = this.#held.subarray(end);
    return message;
  }
}

import { systemClock, type Timer } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { ConnectionRequest } from "../connections/connection.ts";
import type { TurnResponse } from "../reception/turn.ts";
import type { ReplyBytes } from "./download-reply.ts";

/** Where a transfer writes, and what it says of its end. */
export interface TransferEnds {
  readonly response: TurnResponse;
  /** Writes the head: the first bytes are there. */
  begin(): void;
  /** Writes another reply: no byte came. */
  failed(error: unknown): void;
  /** The bytes ended with an error, or were not as many as were declared, after the head was sent. */
  cut(error: unknown): void;
  /** Nothing more is written. */
  ended(): void;
}

/**
 * Reads the bytes of a download and writes them as fast as its client takes them. Nothing is written before the first bytes are there, so that what cannot be
 * opened is a fault and not half a response. A download that ends otherwise than it was declared closes its connection, by which the client knows.
 */
export class Transfer implements ConnectionRequest {
  readonly #bytes: ReplyBytes;
  readonly #ends: TransferEnds;
  readonly #left = new AbortController();
  readonly takesLong = false;
  readonly arrived = true;
  index = -1;

  constructor(bytes: ReplyBytes, ends: TransferEnds) {
    this.#bytes = bytes;
    this.#ends = ends;
  }

  disconnected(): void {
    this.#left.abort();
  }

  malformed(): void {}

  async run(): Promise<void> {
    const { response, begin, failed, cut, ended } = this.#ends;
    let hasBegun = false;
    let waiting = this.#wait();
    try {
      for await (const bytes of piecesOf(this.#bytes, this.#left.signal)) {
        waiting.cancel();
        if (!hasBegun) begin();
        hasBegun = true;
        if (response.destroyed) return;
        if (bytes.length > 0 && !response.write(bytes)) await response.drained(this.#left.signal);
        waiting = this.#wait();
      }
      waiting.cancel();
      if (!hasBegun) begin();
      response.end();
    } catch (error) {
      if (this.#left.signal.aborted) return;
      if (!hasBegun) return failed(error);
      cut(error);
      response.destroy();
    } finally {
      waiting.cancel();
      ended();
    }
  }

  /** Bounds the wait for the next bytes. */
  #wait(): Timer {
    return systemClock.schedule(limits.downloadStallMs, () => {
      this.#left.abort();
      this.#ends.cut(new RangeError(`The next bytes of the download did not come within ${limits.downloadStallMs} ms.`));
      this.#ends.response.destroy();
    });
  }
}

/** Reads the bytes of a download, exactly as many as were declared. *Faults thrown*: what opens them throws, and `RangeError` where there are more or fewer. */
export async function* piecesOf(
  { length = Number.POSITIVE_INFINITY, open }: ReplyBytes,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let left = length;
  const opened = await open(signal);
  for await (const bytes of opened instanceof Uint8Array ? [opened] : opened) {
    if (bytes.length > left) throw new RangeError(`The download has more than the ${length} bytes of its size.`);
    left -= bytes.length;
    yield bytes;
  }
  if (Number.isFinite(left) && left > 0) throw new RangeError(`The download has ${left} bytes less than the ${length} of its size.`);
}

import { type RememberedToken, stillHolds } from "../operation/actor.ts";

/** 128 bits of a signature and more. */
const endChars = 24;

/**
 * Verified tokens, the oldest of which makes room for the newest. A look-up changes nothing: all are verified again after a minute anyway,
 * so keeping the order of use would cost more than it saves.
 */
export class RememberedTokens {
  // By the end of the token: hashing all of it costs several times as much, and those who cannot sign cannot choose how a signature ends.
  readonly #byEnd = new Map<string, RememberedToken>();
  // The order of arrival is kept beside the map: finding the oldest key of a map that many were deleted from means walking over the gaps.
  readonly #ring: RememberedToken[] = [];
  readonly #size: number;
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get(token: string, now: number): RememberedToken | undefined {
    const held = this.#byEnd.get(token.slice(-endChars));
    return held !== undefined && held.token === token && stillHolds(held, now) ? held : undefined;
  }

  add(entry: RememberedToken): void {
    const oldest = this.#ring[this.#next];
    if (oldest !== undefined) {
      const end = oldest.token.slice(-endChars);
      // A token that was verified again stands in the ring twice; only its last entry is in the map.
      if (this.#byEnd.get(end) === oldest) this.#byEnd.delete(end);
    }
    this.#ring[this.#next] = entry;
    this.#next = this.#next + 1 === this.#size ? 0 : this.#next + 1;
    this.#byEnd.set(entry.token.slice(-endChars), entry);
  }
}

const leastRoom = 4_096;

/**
 * The bytes of a body, put together as they come. One that comes a byte at a time is not kept as so many buffers: each of them would take
 * a hundred times as much as what is in it.
 * *Bounds*: at most twice the bytes that came, and 4 KiB.
 */
export class BodyBytes {
  /** As it came: most bodies come in one piece. Afterwards the room in which the pieces stand one after the other. */
  #bytes: Uint8Array | undefined = undefined;
  #size = 0;
  #owned = false;

  get size(): number {
    return this.#size;
  }

  add(piece: Uint8Array): void {
    const size = this.#size + piece.length;
    if (this.#bytes === undefined) this.#bytes = piece;
    else {
      if (!this.#owned || size > this.#bytes.length) this.#grow(size);
      this.#bytes.set(piece, this.#size);
    }
    this.#size = size;
  }

  /** What has come, undefined where nothing has. */
  all(): Uint8Array | undefined {
    return this.#bytes?.length === this.#size ? this.#bytes : this.#bytes?.subarray(0, this.#size);
  }

  clear(): void {
    this.#bytes = undefined;
    this.#size = 0;
    this.#owned = false;
  }

  #grow(size: number): void {
    const room = Buffer.allocUnsafeSlow(Math.max(leastRoom, size * 2));
    if (this.#bytes !== undefined) room.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = room;
    this.#owned = true;
  }
}

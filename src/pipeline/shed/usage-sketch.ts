const width = 256;
const rows = 4;
/** What was used so long ago counts for a third. *Units*: milliseconds. */
const fadesMs = 1_000;

/**
 * How much each of any number of keys has used lately, in fixed memory: never less than it was, and rarely more.
 * *Source*: Cormode and Muthukrishnan, "An Improved Data Stream Summary: The Count-Min Sketch" (2005), with conservative update and exponential decay.
 */
export class UsageSketch {
  readonly #used = new Float64Array(rows * width);
  readonly #at = new Float64Array(rows * width);
  readonly #places: [number, number, number, number] = [0, 0, 0, 0];

  /** *Units* of `now`: milliseconds. */
  read(key: string, now: number): number {
    this.#find(key);
    let least = Number.POSITIVE_INFINITY;
    for (const place of this.#places) least = Math.min(least, this.#faded(place, now));
    return least;
  }

  add(key: string, amount: number, now: number): void {
    const next = this.read(key, now) + amount;
    for (const place of this.#places) {
      if (this.#faded(place, now) >= next) continue;
      this.#used[place] = next;
      this.#at[place] = now;
    }
  }

  #faded(place: number, now: number): number {
    return this.#used[place]! * Math.exp((this.#at[place]! - now) / fadesMs);
  }

  #find(key: string): void {
    let hash = 0x811c9dc5;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    for (let row = 0; row < rows; row++) {
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
      hash ^= hash >>> 13;
      this.#places[row] = row * width + ((hash >>> 0) % width);
    }
  }
}

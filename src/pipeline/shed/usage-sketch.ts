const width = 256;
const rows = 4;
/** What was used so long ago counts for a third. *Units*: milliseconds. */
const fadesMs = 1_000;
/** How many times {@link fadesMs} pass until all is written on a new scale: no number gets too large. */
const scaleFades = 100;

/**
 * How much each of any number of keys has used lately, in fixed memory: never less than it was, and rarely more.
 *
 * What was used does not shrink with time; what is used later is written larger. All has one scale, so one exponential function serves a whole look.
 * *Source*: Cormode and Muthukrishnan, "An Improved Data Stream Summary: The Count-Min Sketch" (2005), with conservative update; Cormode, Shkapenyuk,
 * Srivastava and Xu, "Forward Decay: A Practical Time Decay Model for Streaming Systems" (2009).
 */
export class UsageSketch {
  readonly #used = new Float64Array(rows * width);
  readonly #places: [number, number, number, number] = [0, 0, 0, 0];
  #since = 0;

  /** *Units* of `now`: milliseconds. */
  read(key: string, now: number): number {
    const scale = this.#scale(now);
    this.#find(key);
    return this.#least() / scale;
  }

  add(key: string, amount: number, now: number): void {
    const scale = this.#scale(now);
    this.#find(key);
    const next = this.#least() + amount * scale;
    for (let row = 0; row < rows; row++) {
      const place = this.#places[row]!;
      if (this.#used[place]! < next) this.#used[place] = next;
    }
  }

  /** By what all that is used now is written larger. */
  #scale(now: number): number {
    const fades = (now - this.#since) / fadesMs;
    if (fades < scaleFades) return Math.exp(fades);
    const shrunk = Math.exp(-fades);
    for (let place = 0; place < this.#used.length; place++) this.#used[place]! *= shrunk;
    this.#since = now;
    return 1;
  }

  /** What the places found last have, on their scale. */
  #least(): number {
    const [first, second, third, fourth] = this.#places;
    return Math.min(this.#used[first]!, this.#used[second]!, this.#used[third]!, this.#used[fourth]!);
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

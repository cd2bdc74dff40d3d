/** Counts durations by the millisecond: what 300,000 of them take must not count as memory of the shop. */
export class Histogram {
  readonly #counts = new Uint32Array(120_001);
  #size = 0;

  /** *Units*: milliseconds. */
  add(ms: number): void {
    const at = Math.min(this.#counts.length - 1, Math.max(0, Math.round(ms)));
    this.#counts[at]!++;
    this.#size++;
  }

  get size(): number {
    return this.#size;
  }

  /** The least duration that so many are not longer than. */
  quantile(fraction: number): number {
    const wanted = Math.ceil(this.#size * fraction);
    let seen = 0;
    for (const [ms, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted) return ms;
    }
    return this.#counts.length - 1;
  }
}

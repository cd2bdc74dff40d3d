const samples = 256;
/** After so many new samples the percentile is computed again. */
const refreshAfter = 32;

/**
 * Learns a percentile of latencies from the latest 256.
 * *Units*: milliseconds. *Guarantees*: undefined until it has learnt `minimum` of them; fixed memory.
 */
export class Latencies {
  readonly #percentile: number;
  readonly #minimum: number;
  readonly #latest = new Float64Array(samples);
  #count = 0;
  #value: number | undefined;

  /** *Bounds*: percentile above 0, below 1; minimum from 1 to 256. */
  constructor(percentile: number, minimum: number) {
    this.#percentile = percentile;
    this.#minimum = minimum;
  }

  /** The percentile as it was computed last. */
  get value(): number | undefined {
    return this.#value;
  }

  /** Learns one. */
  add(ms: number): void {
    this.#latest[this.#count++ % samples] = ms;
    if (this.#count < this.#minimum) return;
    if (this.#value !== undefined && this.#count % refreshAfter !== 0) return;
    const sorted = this.#latest.slice(0, Math.min(this.#count, samples)).sort();
    this.#value = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * this.#percentile) - 1)];
  }
}

const buckets = 10;

/**
 * Counts over the last while: of calls in all, and of two kinds of them, in ten buckets of equal length.
 * *Units*: monotonic milliseconds. *Guarantees*: what is older than the window counts no more, what is younger than nine tenths of it counts.
 */
export class RollingWindow {
  readonly #bucketMs: number;
  readonly #counts = new Float64Array(buckets * 3);
  #bucket = 0;
  #total = 0;
  #first = 0;
  #second = 0;

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / buckets;
  }

  /** Calls in the window. Call `advance` first. */
  get total(): number {
    return this.#total;
  }

  /** Those of the first kind. */
  get first(): number {
    return this.#first;
  }

  /** Those of the second kind. */
  get second(): number {
    return this.#second;
  }

  /** Forgets what has become too old. */
  advance(now: number): void {
    const bucket = Math.floor(now / this.#bucketMs);
    if (bucket === this.#bucket) return;
    const stale = Math.min(bucket - this.#bucket, buckets);
    for (let i = 1; i <= stale; i++) this.#forget(((this.#bucket + i) % buckets) * 3);
    this.#bucket = bucket;
  }

  /** Counts: each number is added to its count. */
  add(total: number, first: number, second: number): void {
    const at = (this.#bucket % buckets) * 3;
    this.#counts[at]! += total;
    this.#counts[at + 1]! += first;
    this.#counts[at + 2]! += second;
    this.#total += total;
    this.#first += first;
    this.#second += second;
  }

  /** Forgets all. */
  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#first = 0;
    this.#second = 0;
  }

  #forget(at: number): void {
    this.#total -= this.#counts[at]!;
    this.#first -= this.#counts[at + 1]!;
    this.#second -= this.#counts[at + 2]!;
    this.#counts.fill(0, at, at + 3);
  }
}

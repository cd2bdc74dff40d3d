import assert from "node:assert";

/** Each power of two is divided into so many buckets, all of the same width. */
const bucketsPerPower = 128;
/** Of the values in a bucket, none differs from the bucket's middle by more than this part of itself. */
export const relativeError = 1 / (2 * bucketsPerPower);
/** Values below 2^-10 share one bucket: durations in milliseconds differ from a microsecond up. */
const lowestPower = -10;
const lowest = 2 ** lowestPower;
/** Up to 2^32: as milliseconds, seven weeks. */
const powers = 42;
const highest = 2 ** (lowestPower + powers);

/** What {@link Histogram.toJSON} writes: the buckets that are not empty, as pairs of index and count. */
export interface HistogramData {
  readonly buckets: readonly (readonly [index: number, count: number])[];
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Counts durations in buckets that grow with the value, and returns any percentile of them, in a fixed memory of 43 KiB.
 * *Units*: milliseconds, but nothing depends on it. *Bounds*: 0 to 2^32; a larger value is counted as 2^32, and `max` returns the true value.
 * *Guarantees*: a percentile is within 0.4% of the value of that rank, or within 2^-10 below 2^-10; count, least, greatest and mean are exact.
 */
export class Histogram {
  readonly #counts = new Float64Array(1 + powers * bucketsPerPower);
  #size = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** How many values were recorded. */
  get size(): number {
    return this.#size;
  }

  /** The least value; 0 if there is none. */
  get min(): number {
    return this.#size === 0 ? 0 : this.#min;
  }

  /** The greatest value; 0 if there is none. */
  get max(): number {
    return this.#max;
  }

  /** The mean of the values; 0 if there is none. */
  get mean(): number {
    return this.#size === 0 ? 0 : this.#sum / this.#size;
  }

  /** Counts one value. */
  record(value: number): void {
    assert(value >= 0, `a histogram counts numbers from 0 up, not ${value}`);
    this.#counts[indexOf(value)]!++;
    this.#size++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /**
   * The least value that at least so many of a hundred do not exceed: `percentile(99)` is p99. *Default without values*: 0.
   * *Bounds*: 0 to 100; 0 is the least value, 100 the greatest, both exact.
   */
  percentile(percent: number): number {
    assert(percent >= 0 && percent <= 100, `a percentile is a number from 0 to 100, not ${percent}`);
    // The product of two fractions can exceed a whole number by its last bit: 99.9% of 1,000 are 999.
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#size - 1e-9));
    if (percent === 0 || this.#size === 0) return this.min;
    if (rank >= this.#size) return this.#max;
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index]!;
      if (seen >= rank) return Math.min(this.#max, Math.max(this.#min, middleOf(index)));
    }
    return this.#max;
  }

  /** Adds what another histogram has counted; it has then the percentiles of both together. */
  merge(other: Histogram): void {
    const { buckets, sum, min, max } = other.toJSON();
    this.#add(buckets, sum);
    if (other.size === 0) return;
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
  }

  /** The histogram as plain data: for a file, or for another process, which reads it with {@link Histogram.from}. */
  toJSON(): HistogramData {
    const buckets: [number, number][] = [];
    for (let index = 0; index < this.#counts.length; index++) if (this.#counts[index]! > 0) buckets.push([index, this.#counts[index]!]);
    return { buckets, sum: this.#sum, min: this.min, max: this.max };
  }

  /** The histogram that {@link Histogram.toJSON} has written. */
  static from(data: HistogramData): Histogram {
    const histogram = new Histogram();
    histogram.#add(data.buckets, data.sum);
    if (histogram.#size > 0) histogram.#min = data.min;
    histogram.#max = data.max;
    return histogram;
  }

  #add(buckets: HistogramData["buckets"], sum: number): void {
    for (const [index, count] of buckets) {
      assert(index < this.#counts.length, `a histogram has no bucket ${index}`);
      this.#counts[index]! += count;
      this.#size += count;
    }
    this.#sum += sum;
  }
}

/** The first bucket has all that is below the least value that has a bucket of its own. */
function indexOf(value: number): number {
  if (value < lowest) return 0;
  if (value >= highest) return powers * bucketsPerPower;
  const power = powerOf(value);
  const within = Math.floor((value / 2 ** power - 1) * bucketsPerPower);
  return 1 + (power - lowestPower) * bucketsPerPower + within;
}

/** A logarithm of a number just below a power of two may round up to that power. */
function powerOf(value: number): number {
  const power = Math.floor(Math.log2(value));
  if (2 ** power > value) return power - 1;
  return 2 ** (power + 1) <= value ? power + 1 : power;
}

function middleOf(index: number): number {
  if (index === 0) return 0;
  const power = lowestPower + Math.floor((index - 1) / bucketsPerPower);
  const within = (index - 1) % bucketsPerPower;
  return 2 ** power * (1 + (within + 0.5) / bucketsPerPower);
}

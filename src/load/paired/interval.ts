/** Where a value lies with 95%. */
export interface Interval {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

/** Of the values, so many at each end are left out: one disturbance of the machine does not move the mean. */
const trimmed = 0.17;
/** *Bounds*: with fewer, the ends of the interval differ between two draws by more than a tenth of its width. */
const draws = 2_000;
/** Of the normal distribution, two-sided 95%. */
const normal = 1.96;

/** The mean of what is left without the sixth at each end. */
export function middleOf(values: readonly number[]): number {
  return middleOfDrawn(Float64Array.from(values).sort(), new Uint16Array(values.length).fill(1));
}

/**
 * The interval in which the middle of values lies with 95%, by the bootstrap: drawn from them again and again, with `random`.
 * *Bounds*: from 3 values, independent of each other. *Source*: the expanded percentiles for small samples of Hesterberg, "What Teachers Should Know
 * About the Bootstrap" (The American Statistician 69, 2015), section 5.3.
 */
export function bootstrap(values: readonly number[], random: () => number): Interval {
  const size = values.length;
  const sorted = Float64Array.from(values).sort();
  const times = new Uint16Array(size);
  const middles = Float64Array.from({ length: draws }, () => {
    times.fill(0);
    for (let drawn = 0; drawn < size; drawn++) times[Math.floor(random() * size)]!++;
    return middleOfDrawn(sorted, times);
  }).sort();
  const tail = belowNormal(-Math.sqrt(size / (size - 1)) * student(size - 1));
  const at = Math.floor(tail * (draws - 1));
  return { middle: middleOf(values), low: middles[at]!, high: middles[draws - 1 - at]! };
}

/** The middle of sorted values that were each drawn so many times, as many in all as there are values. */
function middleOfDrawn(sorted: Float64Array, times: Uint16Array): number {
  const cut = Math.floor(sorted.length * trimmed + 1e-9);
  const [first, end] = [cut, sorted.length - cut];
  let [sum, passed] = [0, 0];
  for (let index = 0; index < sorted.length && passed < end; index++) {
    const from = Math.max(passed, first);
    passed += times[index]!;
    sum += sorted[index]! * Math.max(0, Math.min(passed, end) - from);
  }
  return sum / (end - first);
}

/** Student's distribution, two-sided 95%. *Source*: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 26.7.5. */
function student(freedom: number): number {
  const [z, cube, fifth] = [normal, normal ** 3, normal ** 5];
  const third = (3 * normal ** 7 + 19 * fifth + 17 * cube - 15 * z) / 384;
  return z + (cube + z) / 4 / freedom + (5 * fifth + 16 * cube + 3 * z) / 96 / freedom ** 2 + third / freedom ** 3;
}

/** The part of the normal distribution below a value. *Source*: Abramowitz and Stegun, 26.2.17. */
function belowNormal(value: number): number {
  const step = 1 / (1 + 0.231_641_9 * Math.abs(value));
  const polynomial = [0.319_381_53, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429].reduceRight(
    (sum, factor) => (sum + factor) * step,
    0,
  );
  const tail = (Math.exp((-value * value) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
  return value < 0 ? tail : 1 - tail;
}

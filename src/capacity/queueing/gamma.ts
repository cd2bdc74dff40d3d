/** Coefficients of the approximation of the logarithm of the gamma function. *Source*: C. Lanczos (1964), with g = 7 and nine terms. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
const terms = 500;
const precision = 1e-12;

function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  const base = shifted + 7.5;
  const series = lanczos.reduce((sum, coefficient, index) => (index === 0 ? coefficient : sum + coefficient / (shifted + index)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(series);
}

/** The share of a gamma distribution of mean `shape` that is at most `x`: by its series below the mean, by its continued fraction above. */
export function gammaShare(shape: number, x: number): number {
  if (x <= 0) return 0;
  const front = Math.exp(shape * Math.log(x) - x - logGamma(shape));
  if (x < shape + 1) {
    let [term, sum] = [1 / shape, 1 / shape];
    for (let n = 1; n < terms && term > sum * precision; n++) {
      term *= x / (shape + n);
      sum += term;
    }
    return sum * front;
  }
  let b = x + 1 - shape;
  let c = Number.MAX_VALUE;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < terms; n++) {
    const a = -n * (n - shape);
    b += 2;
    d = 1 / (a * d + b);
    c = b + a / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < precision) break;
  }
  return 1 - front * fraction;
}

/** The share of a gamma distribution with that mean and variance that does not exceed a value. */
export function gammaShareBelow(value: number, { mean, variance }: { readonly mean: number; readonly variance: number }): number {
  if (isConstant(mean, variance)) return value >= mean ? 1 : 0;
  return gammaShare((mean * mean) / variance, (value * mean) / variance);
}

function isConstant(mean: number, variance: number): boolean {
  return mean <= 0 || variance <= mean * mean * 1e-9;
}

/** The value that a share of a gamma distribution with that mean and variance does not exceed. */
export function gammaQuantile(share: number, { mean, variance }: { readonly mean: number; readonly variance: number }): number {
  if (isConstant(mean, variance)) return mean;
  const shape = (mean * mean) / variance;
  const scale = variance / mean;
  let [low, high] = [0, shape + 10];
  while (gammaShare(shape, high) < share) [low, high] = [high, high * 2];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (gammaShare(shape, middle) < share) low = middle;
    else high = middle;
  }
  return high * scale;
}

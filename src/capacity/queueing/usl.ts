/** A measured point: how many were in flight, and how many were completed in a unit of time. */
export interface Point {
  readonly inFlight: number;
  readonly throughput: number;
}

/** The universal scalability law with its coefficients: one alone, contention, and crosstalk. */
export interface Usl {
  readonly single: number;
  readonly contention: number;
  readonly crosstalk: number;
  /** The most that it ever completes in a unit of time; infinite where nothing holds it. */
  readonly peak: number;
}

/**
 * Fits the universal scalability law, X(N) = γN / (1 + α(N − 1) + βN(N − 1)), to points by least squares of N / X, which is linear in its coefficients.
 * Coefficients below 0 are taken as 0. *Bounds*: at least three points of different N.
 * *Source*: N. J. Gunther, Guerrilla Capacity Planning (2007), chapter 5.
 */
export function fitUsl(points: readonly Point[]): Usl {
  const rows = points.map(({ inFlight: n, throughput }) => ({ terms: [1, n - 1, n * (n - 1)], value: n / throughput }));
  // Fewer terms where a coefficient would be negative: contention and crosstalk slow down, and cannot speed up.
  for (const kept of [[0, 1, 2], [0, 1], [0, 2], [0]]) {
    const solved = leastSquares(rows, kept);
    if (solved?.every((coefficient) => coefficient >= 0)) {
      const at = (term: number) => solved[kept.indexOf(term)] ?? 0;
      return lawOf({ single: 1 / at(0), contention: at(1) / at(0), crosstalk: at(2) / at(0) });
    }
  }
  return lawOf({ single: points[0]!.throughput / points[0]!.inFlight, contention: 0, crosstalk: 0 });
}

function lawOf({ single, contention, crosstalk }: Omit<Usl, "peak">): Usl {
  const at = (n: number) => (single * n) / (1 + contention * (n - 1) + crosstalk * n * (n - 1));
  const peak =
    crosstalk > 0
      ? at(Math.max(1, Math.sqrt(Math.max(0, 1 - contention) / crosstalk)))
      : contention > 0
        ? single / contention
        : Number.POSITIVE_INFINITY;
  return { single, contention, crosstalk, peak };
}

interface Row {
  readonly terms: readonly number[];
  readonly value: number;
}

/** Solves the normal equations by elimination; `undefined` where the points do not decide. */
function leastSquares(rows: readonly Row[], kept: readonly number[]): readonly number[] | undefined {
  const matrix = kept.map((a) => [
    ...kept.map((b) => rows.reduce((sum, { terms }) => sum + terms[a]! * terms[b]!, 0)),
    rows.reduce((sum, { terms, value }) => sum + terms[a]! * value, 0),
  ]);
  for (let column = 0; column < kept.length; column++) {
    const pivot = matrix.slice(column).reduce((best, row) => (Math.abs(row[column]!) > Math.abs(best[column]!) ? row : best));
    const at = matrix.indexOf(pivot);
    [matrix[column], matrix[at]] = [pivot, matrix[column]!];
    if (Math.abs(pivot[column]!) < 1e-12) return undefined;
    for (const row of matrix) {
      if (row === pivot) continue;
      const factor = row[column]! / pivot[column]!;
      for (let cell = column; cell < row.length; cell++) row[cell]! -= factor * pivot[cell]!;
    }
  }
  return matrix.map((row, index) => row.at(-1)! / row[index]!);
}

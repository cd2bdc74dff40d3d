/** One run at a rate. */
export interface Trial {
  /** *Units*: calls per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of calls that were refused, late or failed. */
  readonly bad: number;
  /** Whether it keeps every promise. */
  readonly holds: boolean;
  /** How fast the machine was just before, by the yardstick. */
  readonly yardstick: number;
  /** Processor time of the app against the time that passed, and its memory in bytes; `undefined` without an ops port. */
  readonly cpuShare: number | undefined;
  readonly memoryBytes: number | undefined;
}

/** What a search is made with. */
export interface SearchOptions {
  /** Where to begin: the predicted line. */
  readonly first: number;
  /** Tries a rate. */
  attempt(rate: number): Promise<Trial>;
  /** Stops when the bracket is this narrow. *Default*: 0.03. */
  readonly precision?: number;
  /** *Default*: 16. */
  readonly attempts?: number;
}

/** The load line that a search found. */
export interface FoundLine {
  /** The highest rate that held. *Units*: calls per second. */
  readonly line: number;
  /** Calls for each unit of the yardstick: the same on a machine that is twice as fast. */
  readonly ratio: number;
  readonly trials: readonly Trial[];
  /** Whether no higher rate was left to try. */
  readonly isExact: boolean;
}

const widen = 1.25;

/**
 * Finds the highest rate that holds: brackets it from the prediction, then halves the bracket. A rate that fails is tried once more before it counts,
 * so that one disturbance of the machine does not lower the line.
 * *Guarantees*: the line is a rate that held. Each rate is a run of its own: it is never raised while it is measured.
 */
export async function searchLine({ first, attempt, precision = 0.03, attempts = 16 }: SearchOptions): Promise<FoundLine> {
  const trials: Trial[] = [];
  const isLeft = () => trials.length < attempts;
  const holds = async (rate: number): Promise<boolean> => {
    const trial = await attempt(rate);
    trials.push(trial);
    if (trial.holds || !isLeft()) return trial.holds;
    const again = await attempt(rate);
    trials.push(again);
    return again.holds;
  };
  let [low, high] = [0, Number.POSITIVE_INFINITY];
  for (let rate = first; isLeft() && (low === 0 || high === Number.POSITIVE_INFINITY); rate = low === 0 ? rate / widen : rate * widen) {
    if (await holds(rate)) low = rate;
    else high = rate;
  }
  while (isLeft() && high / low - 1 > precision && low > 0) {
    const middle = (low + high) / 2;
    if (await holds(middle)) low = middle;
    else high = middle;
  }
  const yardsticks = trials.map(({ yardstick }) => yardstick).toSorted((one, other) => one - other);
  const middle = yardsticks[Math.floor(yardsticks.length / 2)] ?? 1;
  return { line: low, ratio: low / middle, trials, isExact: low > 0 && high / low - 1 <= precision };
}

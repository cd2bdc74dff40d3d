/** A call that got less than it asked for. */
export interface Degraded {
  readonly key: string;
  readonly source: "stale" | "declared";
  /** Age of a stale value. *Units*: milliseconds; 0 for a declared one. */
  readonly ageMs: number;
  /** The failure that it hides. */
  readonly thrown: unknown;
}

/** Another attempt, or why there is none. */
export interface Retried {
  /** The attempt that failed, 1 for the first. */
  readonly attempt: number;
  /** What it threw. */
  readonly thrown: unknown;
  /** `retry`: it is tried again. `budget`: the retry budget is used up. `deadline`: the wait would not fit into the time that is left. */
  readonly decision: "retry" | "budget" | "deadline";
  /** The wait. *Units*: milliseconds. */
  readonly delayMs: number;
}

/** What a worker tells of itself, several times a second. */
export interface Progress {
  /** How many different tasks it has done. */
  readonly done: number;
  /** How many it did more than once. */
  readonly twice: number;
  /** How many it ended that another worker had by then. */
  readonly lost: number;
  /** Since the last report. *Units*: milliseconds. */
  readonly claims: readonly number[];
  readonly settlements: readonly number[];
}

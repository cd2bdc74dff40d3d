/** How far one projection is, as the database has it at one moment. */
export interface ProjectionFreshness {
  /** The first of its events that it has not applied, as `epoch/xid/seq`; undefined where there is none. */
  readonly next: string | undefined;
  /** Since that event was recorded; 0 where there is none. *Units*: milliseconds. */
  readonly lagMs: number;
  /** Whether a process has ever kept it. */
  readonly started: boolean;
  /** The epoch of the events that are appended now; undefined where the next append begins another one, as after a restore. */
  readonly epoch: number | undefined;
  /** Above the id of each transaction that has ended, in digits. */
  readonly horizon: string;
}

/** A day, as in `2026-10-01`. */
export type Day = `${number}-${number}-${number}`;

/** Says that callers should not use an operation any more, until when they can, and what to use. */
export interface Deprecated {
  /** Since when it is deprecated, in UTC. */
  readonly since: Day;
  /** The last day on which it surely works, in UTC: removing it earlier breaks the contract. */
  readonly removeAfter: Day;
  /** The operation to use. *Default*: none takes its place. */
  readonly use?: string;
}

import type { Histogram } from "./histogram.ts";

/** The response to one call, as its target sees it. The run decides whether it came in time. */
export type Answer =
  | { readonly kind: "ok" }
  /** The callee said that it does not serve this call, for lack of capacity or quota. *reason*: of few values, for example `503 unavailable`. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Everything else: an error of the callee, of the network, or of the caller. */
  | { readonly kind: "failed"; readonly reason: string };

/** One call of the schedule, as its target gets it. */
export interface Arrival {
  /** Counts from 0. */
  readonly index: number;
  /** When it was to be sent. *Units*: milliseconds since the start of the run. */
  readonly scheduledMs: number;
}

/** Sends one call and resolves with its response; a rejection counts as `failed`. It must always settle, for example by its own timeout. */
export type Target = (arrival: Arrival) => Promise<Answer>;

/** How often each outcome occurred. */
export interface Counts {
  /** Answered with success within the deadline, measured from the scheduled time: the goodput. */
  readonly ok: number;
  /** Answered with success after the deadline: of no use to the caller. */
  readonly late: number;
  readonly refused: number;
  readonly failed: number;
  /** Never sent, because as many calls as allowed were in flight. */
  readonly missed: number;
}

/** The counts of the calls that were scheduled in one part of the run. */
export interface Window extends Counts {
  /** Its start. *Units*: milliseconds since the start of the run. */
  readonly fromMs: number;
}

/** The result of a run. Calls of the warm-up are only in `windows`. */
export interface LoadResult extends Counts {
  /** Calls of the schedule: the sum of all outcomes. */
  readonly scheduled: number;
  /** Calls that were sent later than `lagMs` after their time, because the generator was busy. They were sent and counted all the same. */
  readonly lagged: number;
  /** More than 1% of the schedule was missed or lagged: the load was not the one that was planned, and the run says nothing about the callee. */
  readonly isVoid: boolean;
  /** How long the schedule without its warm-up is. *Units*: seconds. */
  readonly seconds: number;
  /** `ok` per second of the schedule. */
  readonly goodput: number;
  /** Latencies of what the callee accepted (`ok` and `late`), from the scheduled time. *Units*: milliseconds. */
  readonly accepted: Histogram;
  /** Latencies of what was refused, from the scheduled time. *Units*: milliseconds. */
  readonly refusals: Histogram;
  /** Refused and failed calls by reason. At most 100 reasons; the rest is counted as `other`. */
  readonly reasons: ReadonlyMap<string, number>;
  /** The outcomes by time, for the whole run. */
  readonly windows: readonly Window[];
}

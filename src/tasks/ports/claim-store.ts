import type { Statement } from "../../operation/transaction.ts";

/** A task that is leased to this worker. */
export interface ClaimedTask {
  /** Where its row lies, so that it is found without an index. Another task may lie there once the server has forgotten a claim in a crash. */
  readonly partition: number;
  readonly place: string;
  readonly id: string;
  readonly name: string;
  readonly fairnessKey: string;
  /** Its place among the tasks of its fairness key. */
  readonly rank: number;
  readonly attempt: number;
  readonly rescues: number;
  readonly input: string;
  readonly context: string | null;
  /** How long after it first became due it was claimed. *Units*: milliseconds. */
  readonly lag: number;
}

/** How many tasks of a queue a worker claims, and which ones it may take. */
export interface ClaimRequest {
  readonly queue: string;
  readonly limit: number;
  /** Fairness keys behind this one are looked at; undefined: from the first. */
  readonly after: string | undefined;
  /** What became due before was claimed already, as far as is known. *Units*: milliseconds since the epoch. */
  readonly floor: number;
  /** Names of tasks that have no slot free. */
  readonly except: readonly string[];
  readonly maxPerKey: number | undefined;
  readonly rate: QueueRate | undefined;
}

/** At most so many tasks of a queue are begun in the whole fleet. */
export interface QueueRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Where a task stood. */
export type Place = Pick<ClaimedTask, "partition" | "place" | "id">;

/** A task that was run to its end. */
export interface CompletedTask extends Place {
  /** No later than when its claim was sent; -1 where that is not known. *Units*: milliseconds of the clock's monotonic time. */
  readonly claimedAt: number;
}

/** The outcomes of tasks that were run. */
export interface Settlement {
  readonly completed: readonly CompletedTask[];
  /** Completed as well, and remembered. */
  readonly kept: readonly CompletedTask[];
  readonly retried: readonly (Place & { readonly delayMs: number; readonly spent: boolean; readonly context: string | null })[];
  readonly deadLettered: readonly (Place & { readonly code: string; readonly reason: string; readonly context: string | null })[];
}

/**
 * What running tasks needs of a store.
 * *Guarantees*: `settle` is durable when it resolves; every call that ends a lease (`settle`, `release`, `completion`) leaves alone what is leased to
 * another worker meanwhile. *Faults thrown*: `aborted` of type `lease_lost`; `unavailable`.
 */
export interface ClaimStore {
  claim(token: number, request: ClaimRequest): Promise<readonly ClaimedTask[]>;
  /** Returns how many were still leased to this worker. */
  settle(token: number, settlement: Settlement): Promise<number>;
  /** Which of these tasks this worker still has; called after the response to a settlement was lost. */
  held(token: number, tasks: readonly Place[]): Promise<ReadonlySet<string>>;
  /** Releases what is leased to this worker in a queue and unknown to it; called after the response to a claim was lost. */
  reconcile(token: number, queue: string, known: readonly string[]): Promise<void>;
  release(token: number, tasks: readonly Place[]): Promise<void>;
  /** Completes one task in a transaction of its handler, or undoes that. */
  completion(token: number, task: Place, keep: boolean): Statement;
  /** Makes known which tasks that were rescued before this worker has begun, and whether the only one runs with no other task beside it. */
  beginSuspects(token: number, ids: readonly string[], alone: boolean): Promise<void>;
}

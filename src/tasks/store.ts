import type { Statement } from "../operation/transaction.ts";
import type { LockStore } from "./locks/store.ts";
import type { ScheduleStore } from "./schedules/store.ts";

/** A task as it is written. */
export interface TaskRow {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly lane: string;
  readonly priority: number;
  /** Whether lanes of its queue have a limit of their own. */
  readonly capped: boolean;
  /** JSON. */
  readonly input: string;
  /** JSON of a {@link TaskContext}; undefined where there is nothing to remember. */
  readonly context: string | undefined;
  /** Not before so many milliseconds have passed. */
  readonly delayMs?: number;
  /** Not before. *Units*: milliseconds since the epoch. */
  readonly at?: number;
  readonly unique?: TaskKey;
}

/** What makes a task the only one of its kind. */
export interface TaskKey {
  /** 16 bytes, in hexadecimal. */
  readonly id: string;
  readonly inputHash: string;
  /** How long it stands for the task; undefined: until the task is done. */
  readonly ttlMs: number | undefined;
}

/** What a start with a key came to. */
export interface StartResult {
  readonly id: string;
  readonly state: "started" | "known" | "mismatch";
}

/** A task that is leased to this worker. */
export interface ClaimedTask {
  /** Where its row lies: with the lease, all that a completion needs. */
  readonly slot: number;
  readonly place: string;
  readonly id: string;
  readonly name: string;
  readonly lane: string;
  /** Its place in the lane. */
  readonly rank: number;
  readonly attempt: number;
  readonly rescues: number;
  readonly input: string;
  readonly context: string | null;
  /** How long after it first became due it was claimed. *Units*: milliseconds. */
  readonly lag: number;
}

export interface ClaimRequest {
  readonly queue: string;
  readonly limit: number;
  /** Lanes behind this one are looked at; undefined: from the first. */
  readonly after: string | undefined;
  /** What became due before was claimed already, as far as is known. *Units*: milliseconds since the epoch. */
  readonly floor: number;
  /** Names of tasks that have no slot free. */
  readonly except: readonly string[];
  readonly perLane: number | undefined;
  readonly rate: QueueRate | undefined;
}

/** At most so many tasks of a queue are begun in the whole fleet. */
export interface QueueRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Where a task stood. */
export type Place = Pick<ClaimedTask, "slot" | "place" | "id">;

/** What becomes of tasks that were run. */
export interface Settlement {
  readonly completed: readonly Place[];
  /** Completed as well, and remembered. */
  readonly kept: readonly Place[];
  readonly retried: readonly (Place & { readonly delayMs: number; readonly spent: boolean; readonly context: string | null })[];
  readonly buried: readonly (Place & { readonly code: string; readonly reason: string; readonly context: string | null })[];
}

export interface Tick {
  /** False where others have taken the worker for dead. */
  readonly alive: boolean;
  readonly rescued: number;
  readonly promoted: number;
  /** Queues that have something to claim. */
  readonly waiting: readonly string[];
  /** When the next task becomes due. *Units*: milliseconds from now. */
  readonly nextDueMs: number | undefined;
}

export interface QueueStats {
  readonly queue: string;
  /** Counts end at the bound that was asked for. */
  readonly waiting: number;
  readonly running: number;
  readonly later: number;
  readonly dead: number;
  /** How long the one that waits longest has waited. *Units*: milliseconds. */
  readonly lagMs: number;
  readonly paused: boolean;
}

export interface DeadTask {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly code: string;
  readonly reason: string;
  readonly attempt: number;
  readonly rescues: number;
  /** *Units*: milliseconds since the epoch. */
  readonly born: number;
  readonly died: number;
  /** JSON of a {@link TaskContext}. */
  readonly context: string | null;
}

export type TaskState = "available" | "scheduled" | "running" | "retryable" | "completed" | "discarded" | "unknown";

/** What is told to everybody who listens: a queue has something to claim, something is due soon, a task that is leased is to be stopped, a queue is paused. */
export type TaskNews =
  | { readonly queue: string }
  | { readonly due: true }
  | { readonly cancel: string }
  | { readonly pause: string }
  | { readonly handedOver: HandedOver };

/** A task that was leased to a worker as it was written. */
export interface HandedOver {
  readonly token: number;
  readonly queue: string;
  readonly task: ClaimedTask;
}

/** Where a process hears news. */
export interface Ear {
  /** Where it is handed tasks: another one each time that it listens. */
  readonly channel: string;
  readonly stop: () => void;
}

/** Told in the place of a queue's name: something is due before the next regular look. No queue has this name. */
export const dueSoon = "due soon";

/**
 * Keeps tasks.
 * *Guarantees*: `insert` and `settle` are durable when they resolve; whatever ends a lease (`settle`, `giveBack`, `completion`) leaves alone what is
 * leased to somebody else meanwhile. *Faults thrown*: `aborted` of type `lease_lost`; `unavailable`.
 */
export interface TaskStore {
  /** Writes tasks that are due now and have no key, all or none; tells workers of them. */
  insert(rows: readonly TaskRow[]): Promise<void>;
  insertOne(row: TaskRow): Promise<StartResult>;
  /** The same for a transaction: rows may be added until the statement is sent. */
  insertion(rows: TaskRow[]): Statement;
  insertionOne(row: TaskRow): Statement;
  readResult(row: Readonly<Record<string, unknown>>): StartResult;
  /** Completes one task in a transaction of its handler, or undoes that. */
  completion(token: number, task: Place, keep: boolean): Statement;
  join(name: string): Promise<number>;
  /** Gives back everything. */
  leave(token: number): Promise<void>;
  claim(token: number, request: ClaimRequest): Promise<readonly ClaimedTask[]>;
  /** Returns how many were still leased to this worker. */
  settle(token: number, settlement: Settlement): Promise<number>;
  /** Which of these tasks this worker still has; asked after the answer to a settlement was lost. */
  held(token: number, tasks: readonly Place[]): Promise<ReadonlySet<string>>;
  /** Gives back what is leased to this worker in a queue and unknown to it; asked after the answer to a claim was lost. */
  reclaim(token: number, queue: string, known: readonly string[]): Promise<void>;
  giveBack(token: number, tasks: readonly Place[]): Promise<void>;
  tick(token: number, renew: boolean, queues: readonly string[]): Promise<Tick>;
  /** Calls `heard` for all news until the returned function is called; `lost` when nothing is heard any more. */
  listen(heard: (news: TaskNews) => void, lost: () => void): Promise<Ear>;
  /** Says of which queues a worker takes tasks that are handed over, and where it hears of them. */
  announce(token: number, channel: string, queues: readonly string[]): Promise<void>;
  /** Tells all workers that queues have something to claim. Never waits, never throws. */
  tell(queues: readonly string[]): void;
  readonly admin: TaskStoreAdmin;
  readonly schedules: ScheduleStore;
  readonly locks: LockStore;
}

/** What is asked of a store by people, and by metrics. */
export interface TaskStoreAdmin {
  stats(queues: readonly string[], bound: number): Promise<readonly QueueStats[]>;
  dead(name: string | undefined, limit: number): Promise<readonly DeadTask[]>;
  revive(which: { readonly id?: string | undefined; readonly name?: string | undefined; readonly limit: number }): Promise<number>;
  pause(queue: string, paused: boolean): Promise<void>;
  cancel(id: string): Promise<"cancelled" | "running" | "unknown">;
  state(id: string): Promise<TaskState>;
  /** Deletes what is kept for too long, a bounded batch; returns how much. */
  expire(): Promise<number>;
}

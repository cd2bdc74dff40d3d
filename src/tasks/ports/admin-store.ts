/** How many tasks of a queue wait, run and have failed. */
export interface QueueStats {
  readonly queue: string;
  /** Counts end at the bound that was asked for. */
  readonly waiting: number;
  readonly running: number;
  readonly later: number;
  readonly deadLetters: number;
  /** How long the one that waits longest has waited. *Units*: milliseconds. */
  readonly lagMs: number;
  readonly paused: boolean;
}

/** Tasks that wait and that no worker takes. */
export interface Unserved {
  readonly queue: string;
  readonly task: string;
  /** *Bounds*: of the first `limits.taskUnservedLook` of the queue. */
  readonly waiting: number;
  /** Whether a worker serves the queue: then it is the task that none knows. */
  readonly served: boolean;
}

/** Sessions that keep partitions of the task table from being emptied. */
export interface PartitionsHeld {
  /** *Units*: milliseconds. */
  readonly heldMs: number;
  /** Process ids of the server, as in `pg_stat_activity`. */
  readonly sessions: readonly number[];
}

/** A task that failed for good, with the errors of its last attempts. */
export interface DeadLetter {
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

/** The state of one task, as the store knows it. */
export type TaskState = "available" | "scheduled" | "running" | "retryable" | "completed" | "dead_lettered" | "unknown";

/** What is asked of a store by people, and by metrics. */
export interface TaskStoreAdmin {
  /** These queues, and those in which something lies; `served`: whether a worker takes from it. */
  queues(known: readonly string[], bound: number): Promise<readonly { readonly queue: string; readonly served: boolean }[]>;
  unserved(): Promise<readonly Unserved[]>;
  /** Undefined where no session holds a partition. */
  partitionsHeld(): Promise<PartitionsHeld | undefined>;
  stats(queues: readonly string[], bound: number): Promise<readonly QueueStats[]>;
  deadLetters(name: string | undefined, limit: number): Promise<readonly DeadLetter[]>;
  requeue(which: { readonly id?: string | undefined; readonly name?: string | undefined; readonly limit: number }): Promise<number>;
  pause(queue: string, paused: boolean): Promise<void>;
  cancel(id: string): Promise<"cancelled" | "running" | "unknown">;
  state(id: string): Promise<TaskState>;
  /** Deletes what is kept for too long, `limits.taskBatch` of each kind; returns of how many of the kind of which there were most. */
  expire(): Promise<number>;
}

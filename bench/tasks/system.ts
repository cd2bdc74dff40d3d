/** What a task carries: its number, and when its enqueue was called, by the clock that all processes of the machine share. */
export interface TaskInput {
  readonly n: number;
  readonly sentAtMs: number;
}

/** Where a system keeps its tasks, and how it works. */
export interface TaskTarget {
  /** Of the database, as its owner; of Redis. */
  readonly url: string;
  /** The same database as a role that owns nothing: for systems that need one. */
  readonly appUrl: string;
  readonly connections: number;
  /** Whether what is done is kept. */
  readonly history: boolean;
  /** How many task types, and over how many queues they are spread. The first type is the one that is measured. */
  readonly types: number;
  readonly queues: number;
  /** Of a system that is measured in more than one configuration: which. */
  readonly variant: string | undefined;
}

export interface Producer {
  /** Resolves when the task is durable. */
  enqueue(input: TaskInput): Promise<unknown>;
  enqueueMany(inputs: readonly TaskInput[]): Promise<unknown>;
  /** One row of business and one task, in one transaction. Absent where the tasks live in another store than the rows. */
  enqueueWithRow?(input: TaskInput): Promise<unknown>;
  close(): Promise<unknown>;
}

export interface Worker {
  close(): Promise<unknown>;
}

/** What the body of the task does: nothing but to say that it ran. */
export type Handle = (input: TaskInput) => void;

/** A task queue as its documentation recommends it for speed. A module exports it as `system`. */
export interface TaskSystem {
  /** Makes its tables, where it has any, and connects. */
  produce(target: TaskTarget): Promise<Producer>;
  /** Starts to work, and resolves when it does. The tables are there. */
  work(target: TaskTarget, handle: Handle): Promise<Worker>;
}

/** The machine's monotonic clock: the same in every process, unlike `performance.timeOrigin`, which follows the wall. *Units*: milliseconds. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export const taskName = (type: number) => `bench.task-${type}`;
export const queueName = (queue: number) => `queue-${queue}`;

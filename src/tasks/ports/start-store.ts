import type { Statement } from "../../operation/transaction.ts";

/** A task as it is written. */
export interface TaskRow {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly fairnessKey: string;
  readonly priority: number;
  /** Whether the fairness keys of its queue have a limit of their own. */
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

/** What starting tasks needs of a store. *Guarantees*: `insert` is durable when it resolves. *Faults thrown*: `unavailable`. */
export interface StartStore {
  /** Writes tasks that are due now and have no key, all or none; tells workers of them. */
  insert(rows: readonly TaskRow[]): Promise<void>;
  insertOne(row: TaskRow): Promise<StartResult>;
  /** Writes tasks that are due now and have keys of one time to live; tried again where the response is lost, which the keys allow. */
  insertKeyed(rows: readonly TaskRow[]): Promise<readonly StartResult[]>;
  /** The same for a transaction: rows may be added until the statement is sent. */
  insertion(rows: TaskRow[]): Statement;
  insertionOne(row: TaskRow): Statement;
  readResult(row: Readonly<Record<string, unknown>>): StartResult;
}

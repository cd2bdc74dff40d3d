import type { SystemStartOptions } from "../operation/durable/start.ts";

/** How a queue is served by one process. */
export interface QueueSpec {
  /** Tasks that run at once. *Default*: 100. */
  readonly concurrency?: number;
  /** Tasks that are begun in the whole fleet. */
  readonly rate?: { readonly perSecond: number; readonly burst?: number };
}

/** How an app keeps and runs tasks. */
export interface TasksSpec {
  /** How queues are served; those that are not named here are served by the defaults. */
  readonly queues?: Readonly<Record<string, QueueSpec>>;
}

/** How a task is started from outside any operation. */
export interface OutsideStart extends SystemStartOptions {
  /** On whose behalf. */
  readonly actor?: string;
}

/** How many are started at once. */
export interface ManyStart<I> extends Omit<OutsideStart, "key" | "delay" | "at"> {
  readonly key?: string | ((input: I, index: number) => string);
}

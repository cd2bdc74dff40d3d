import type { CacheEntry } from "./entry.ts";

/** How an execution got its value: from memory, from the store that processes share, past its end, by its own load, or by the load of another. */
export type CacheUse = "hit" | "stored" | "stale" | "load" | "joined";

/** A caller that waits for the load of another. */
export interface CacheWaiter {
  /** It does not wait any more. */
  readonly settled: boolean;
  serve(entry: CacheEntry, use: CacheUse): void;
  /** It must load the value itself. */
  lead(load: Load): void;
  fail(thrown: unknown): void;
}

/** One load of a value: the caller who loads it, and those who wait for it. */
export class Load {
  readonly key: string;
  /** The invalidations that were known when it began. */
  readonly since: number;
  /** *Units*: milliseconds, of the clock's monotonic time. */
  readonly startedAt: number;
  /** The moment of its beginning by the clock of the store that processes share; undefined where it did not say. */
  mark: string | undefined = undefined;
  ended = false;
  readonly waiting: { readonly waiter: CacheWaiter; readonly since: number }[] = [];

  constructor(key: string, since: number, startedAt: number) {
    this.key = key;
    this.since = since;
    this.startedAt = startedAt;
  }
}

/** What a load made. */
export interface Loaded {
  readonly json: string;
  readonly head: unknown;
  /** Undefined where they are too many to be kept. */
  readonly tags: readonly string[] | undefined;
}

/** How a load ended without a value. */
export interface LoadFailure {
  /**
   * `response`: the operation responded with a fault, such as "not found", which is as good as a value. `failure`: it failed, and would have failed for any
   * caller. `alone`: it ended for a reason of its own caller, such as its deadline.
   */
  readonly end: "response" | "failure" | "alone";
  /** Whether no further load is tried for `limits.cacheRetryMs` while there is a value that may be used. */
  readonly quiet: boolean;
}

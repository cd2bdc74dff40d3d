/** Watches one stream that is kept, from when it was made: what is written before a wait ends that wait at once. */
export interface WrittenWatch {
  /** Resolves once something may have been written, and at the latest after a while; at once where the watch is closed. Never rejects. */
  next(): Promise<void>;
  close(): void;
}

/** Knows when streams that are kept were written to, by any process. An engine gives it to the pipeline. */
export interface WrittenStreams {
  /** A transaction that wrote to these is committed. Never waits, never throws. */
  committed(keys: ReadonlySet<string>): void;
  watch(key: string): WrittenWatch;
}

/** The same as the scope of one execution has it. */
export interface BoundWritten {
  /** Empty for none. */
  readonly tenant: string;
  /** Notes that the transaction writes to a stream: its readers are woken when it has committed. */
  wrote(key: string): void;
  watch(key: string): WrittenWatch;
  /** Aborted when the execution ends. */
  readonly signal: AbortSignal;
}

/** By this name the functions of `plimsoll/streams` find it in a scope. */
export const boundWritten: unique symbol = Symbol("boundWritten");

/** A scope in which streams that are kept are written and followed. */
export interface WrittenHolder {
  readonly [boundWritten]: BoundWritten;
}

/** Tells other processes what was written. Adapters keep no promise that it arrives: readers look again by themselves. */
export interface WrittenChannel {
  notify(keys: Iterable<string>): void;
  /** Calls with what was written; with undefined where that may be anything. `isOpen`: whether it is notified now. */
  listen(onKeys: (keys: readonly string[] | undefined) => void): {
    readonly isOpen: boolean;
    start(): Promise<void>;
    stop(): Promise<void>;
  };
}

/** A store of events, as the bench uses it. Ids of streams are made by the bench. */
export interface EventSystem {
  /** Appends one event to a new stream. */
  append(stream: string): Promise<unknown>;
  /** Reads a stream, decides, and appends one event behind it. */
  decide(stream: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Where a system keeps its events. */
export interface EventTarget {
  readonly url: string;
  readonly appUrl: string;
  readonly connections: number;
}

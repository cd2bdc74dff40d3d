import type { Phase } from "../../../src/load/index.ts";

/** Calls of one kind, which a scenario sends. */
export interface Stream {
  readonly name: string;
  readonly url: string;
  readonly phases: readonly Phase[];
  readonly deadlineMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly seed: number;
  /** The client tries again, after a pause that doubles, until its deadline. */
  readonly retries?: boolean;
  /** Opens a connection for each call in place of sending one, says nothing on it and closes it after a second. */
  readonly onlyConnects?: boolean;
}

/** What came of a stream. */
export interface StreamResult {
  readonly name: string;
  readonly goodput: number;
  readonly scheduled: number;
  readonly refused: number;
  readonly late: number;
  readonly failed: number;
  readonly missed: number;
  readonly lagged: number;
  readonly isVoid: boolean;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly windows: readonly {
    readonly fromMs: number;
    readonly ok: number;
    readonly refused: number;
    readonly late: number;
    readonly failed: number;
  }[];
}

/** As many calls as possible, so many at once: what a server can do. */
export interface Saturation {
  readonly url: string;
  readonly atOnce: number;
  readonly seconds: number;
}

/** What the process that sends the load is asked for. */
export type Order = { readonly streams: readonly Stream[] } | { readonly saturate: Saturation };

/** What it prints before its result, when the first call is due. */
export const started = "started";

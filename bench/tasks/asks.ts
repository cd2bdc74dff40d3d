import type { TaskTarget } from "./system.ts";

/** What a process of a producer or a worker is asked. */
export type Ask =
  | { readonly produce: { readonly file: string; readonly target: TaskTarget } }
  | { readonly work: { readonly file: string; readonly target: TaskTarget; readonly warmUp: number } }
  | { readonly load: { readonly how: LoadKind; readonly callers: number; readonly seconds: number; readonly batch: number } }
  | { readonly fill: { readonly count: number; readonly batch: number } }
  | { readonly pace: { readonly perSecond: number; readonly seconds: number } }
  /** To say when so many tasks have begun since the last time this was answered, and how long they took to get there. */
  | { readonly handled: { readonly count: number } };

export type LoadKind = "one" | "many" | "withRow";

export interface LoadAnswer {
  readonly tasks: number;
  readonly seconds: number;
  readonly p99Ms: number;
}

export interface HandledAnswer {
  readonly count: number;
  /** When the task behind the warm-up began, by the shared clock. */
  readonly measuredFromMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type Answer = LoadAnswer | HandledAnswer | { readonly tasks: number };

export type Reply = { readonly answer: Answer } | { readonly error: string };

import type { Code } from "../core/code.ts";
import { limits } from "../core/limits.ts";

/** One attempt that failed. */
export interface TaskFailure {
  /** *Units*: milliseconds since the epoch, of the worker's clock. */
  readonly at: number;
  readonly attempt: number;
  readonly code: Code;
  readonly type: string;
  readonly message: string;
}

/** What a task remembers: on whose behalf it runs, the trace that it belongs to, and what went wrong so far. */
export interface TaskContext {
  readonly tenant?: string | undefined;
  readonly actor?: string | undefined;
  readonly trace?: string | undefined;
  readonly failures?: readonly TaskFailure[];
}

const textChars = 500;
const nothing: TaskContext = {};

/** Undefined where it is no context: whoever wrote it was not this code. */
export function readContext(text: string | null): TaskContext | undefined {
  if (text === null) return nothing;
  try {
    const context: unknown = JSON.parse(text);
    return typeof context === "object" && context !== null && !Array.isArray(context) ? context : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined where there is nothing to remember. */
export function writeContext({ tenant, actor, trace }: TaskContext): string | undefined {
  return tenant === undefined && actor === undefined && trace === undefined ? undefined : JSON.stringify({ tenant, actor, trace });
}

/** Adds a failure, and forgets the oldest beyond the bound. */
export function withFailure(text: string | null, failure: TaskFailure): string {
  const context = readContext(text) ?? nothing;
  const failures = [...(context.failures ?? []), { ...failure, message: failure.message.slice(0, textChars) }];
  return JSON.stringify({ ...context, failures: failures.slice(-limits.taskFailures) });
}

/** As Postgres can keep it: bounded, and without the one character that no text there holds. */
export function storable(text: string): string {
  return text.slice(0, textChars).replaceAll("\0", "\ufffd");
}

import type { Code } from "../core/code.ts";
import type { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type { Problem } from "../core/schema/standard.ts";
import { describeThrown } from "../core/value/thrown.ts";

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
  /** How important what started it was, where that is not `default`. */
  readonly criticality?: string | undefined;
  readonly failures?: readonly TaskFailure[];
}

const textChars = 500;
const shownProblems = 3;
const shownChars = 80;
const nothing: TaskContext = {};

/** Undefined where it is no context: another program wrote it. */
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
export function writeContext({ tenant, actor, trace, criticality }: TaskContext): string | undefined {
  const isEmpty = tenant === undefined && actor === undefined && trace === undefined && criticality === undefined;
  return isEmpty ? undefined : JSON.stringify({ tenant, actor, trace, criticality });
}

/** What an attempt is remembered by. */
export function failureOf(fault: Fault, { at, attempt }: Pick<TaskFailure, "at" | "attempt">): TaskFailure {
  const { code, type } = fault;
  // Of a bug, what was thrown: it may be anything.
  const isBug = code === "internal" && fault.cause !== undefined;
  return { at, attempt, code, type, message: isBug ? describeThrown(fault.cause) : explained(fault) };
}

/** The message of a fault; of values that do not fit, the first problems with their places as well. *Guarantees*: no value is repeated. */
export function explained({ type, message, details }: Fault): string {
  const problems: unknown = (details as { readonly problems?: unknown } | undefined)?.problems;
  if (type !== "invalid_input" || !Array.isArray(problems)) return message;
  const lines = (problems as readonly Problem[])
    .slice(0, shownProblems)
    .map((problem) => `${short(problem.pointer || "/")}: ${short(problem.message)}`);
  const more = problems.length > shownProblems ? `; and ${problems.length - shownProblems} more` : "";
  return `${problems.length === 1 ? "One value is" : `${problems.length} values are`} not as the operation needs it: ${lines.join("; ")}${more}.`;
}

function short(text: string): string {
  return text.length > shownChars ? `${text.slice(0, shownChars)}…` : text;
}

/** Adds a failure, and forgets the oldest beyond the bound. */
export function withFailure(text: string | null, failure: TaskFailure): string {
  const context = readContext(text) ?? nothing;
  const failures = [...(context.failures ?? []), { ...failure, message: failure.message.slice(0, textChars) }];
  return JSON.stringify({ ...context, failures: failures.slice(-limits.taskFailures) });
}

/** As PostgreSQL can keep it: bounded, and without what no text there holds: NUL, and half of a surrogate pair, which the bound may make. */
export function storable(text: string): string {
  return text.slice(0, textChars).toWellFormed().replaceAll("\0", "\ufffd");
}

import { codes } from "../core/code.ts";
import { formatMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { Discard, Snooze } from "../operation/durable/task.ts";
import type { TaskDefinition } from "./definition.ts";

/** The outcome of a task after an attempt. */
export type Outcome =
  | { readonly kind: "completed" }
  /** `spent`: whether the attempt counts. */
  | { readonly kind: "retried"; readonly delayMs: number; readonly spent: boolean }
  | { readonly kind: "dead_lettered" }
  /** Another worker has it: nothing is left to be written. */
  | { readonly kind: "lost" };

/** Attempts after a conflict that follow at once. */
const immediateAttempts = 3;

/**
 * Decides the outcome of a task by the fault's code. Pure.
 * `waitedMs`: how long after it first became due the attempt was claimed; `random`: a number in [0, 1), for the backoff.
 */
export function outcomeOf(
  { attempts, backoff, ttlMs }: TaskDefinition,
  run: { readonly fault: Fault | undefined; readonly attempt: number; readonly waitedMs: number; readonly random: () => number },
): Outcome {
  const { fault, attempt, waitedMs, random } = run;
  if (fault === undefined) return { kind: "completed" };
  if (fault instanceof Snooze) return { kind: "retried", delayMs: fault.delayMs, spent: false };
  if (fault instanceof Discard) return { kind: "dead_lettered" };
  if (fault.type === "lease_lost") return { kind: "lost" };
  // Its process stops: another continues with it at once.
  if (fault.type === "shutting_down") return { kind: "retried", delayMs: 0, spent: false };
  const { retry } = codes[fault.code];
  if (retry === "snooze") return { kind: "retried", delayMs: 0, spent: false };
  if (retry === "never" || attempt >= attempts || waitedMs >= ttlMs) return { kind: "dead_lettered" };
  if (retry === "at-once" && attempt <= immediateAttempts) return { kind: "retried", delayMs: 0, spent: true };
  const delayMs = Math.min(limits.retryDelayMs, Math.max(1, backoff.delayMs(attempt, random()), fault.retryAfterMs || 0));
  return { kind: "retried", delayMs: Math.ceil(delayMs), spent: true };
}

/** Ends a task that was cancelled while a worker had it. *Faults*: `task_cancelled`. */
export const cancelled = (): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "task_cancelled",
    message: "The task was cancelled after a worker took it. Start it again if it is needed after all.",
  });

/** Ends a task that did not begin within its `ttl`. *Faults*: `task_expired`. */
export const expired = ({ name }: { readonly name: string }, ttlMs: number): Fault =>
  new Fault({
    code: "deadline_exceeded",
    type: "task_expired",
    message: `${name} was not begun within its time to live of ${formatMs(ttlMs)}. Serve its queue sooner, or raise ttl.`,
  });

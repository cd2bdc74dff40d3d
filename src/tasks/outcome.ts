import { codes } from "../core/code.ts";
import type { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { Discard, Snooze } from "../operation/durable/task.ts";
import type { TaskDefinition } from "./definition.ts";

/** What becomes of a task after an attempt. */
export type Outcome =
  | { readonly kind: "completed" }
  /** `spent`: whether the attempt counts. */
  | { readonly kind: "retried"; readonly delayMs: number; readonly spent: boolean }
  | { readonly kind: "buried" }
  /** Somebody else has it: nothing is left to be said. */
  | { readonly kind: "lost" };

/** Attempts after a conflict that follow at once. */
const immediateAttempts = 3;

/**
 * Decides what becomes of a task by the fault's code. Pure.
 * `born`, `now`: when it first became due, and what time it is. *Units*: milliseconds.
 */
export function outcomeOf(
  { attempts, backoff, ttlMs }: TaskDefinition,
  run: { readonly fault: Fault | undefined; readonly attempt: number; readonly waitedMs: number; readonly random: () => number },
): Outcome {
  const { fault, attempt, waitedMs, random } = run;
  if (fault === undefined) return { kind: "completed" };
  if (fault instanceof Snooze) return { kind: "retried", delayMs: fault.delayMs, spent: false };
  if (fault instanceof Discard) return { kind: "buried" };
  if (fault.type === "lease_lost") return { kind: "lost" };
  // Its process stops: another goes on with it at once.
  if (fault.type === "shutting_down") return { kind: "retried", delayMs: 0, spent: false };
  const { retry } = codes[fault.code];
  if (retry === "snooze") return { kind: "retried", delayMs: 0, spent: false };
  if (retry === "never" || attempt >= attempts || waitedMs >= ttlMs) return { kind: "buried" };
  if (retry === "at-once" && attempt <= immediateAttempts) return { kind: "retried", delayMs: 0, spent: true };
  const delayMs = Math.min(limits.retryDelayMs, Math.max(1, backoff.delayMs(attempt, random()), fault.retryAfterMs || 0));
  return { kind: "retried", delayMs: Math.ceil(delayMs), spent: true };
}

import { codes } from "../../core/code.ts";
import type { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { RetryPolicy } from "../definition.ts";

/** The outcome of a step after an attempt that failed. */
export type StepOutcome =
  | { readonly kind: "again" }
  | { readonly kind: "retryable"; readonly delayMs: number }
  /** It has failed for good. */
  | { readonly kind: "failed" }
  /** Its process stops: another continues with it at once. */
  | { readonly kind: "released" }
  /** Another worker has the saga. */
  | { readonly kind: "lost" };

/** Attempts after a conflict that follow at once. */
const immediateAttempts = 3;

/** Decides by the code of its fault how a step goes on. Pure. `random`: a number in [0, 1), for the backoff. */
export function stepOutcome(
  { attempts, backoff }: RetryPolicy,
  { fault, attempt, random }: { readonly fault: Fault; readonly attempt: number; readonly random: () => number },
): StepOutcome {
  if (fault.type === "lease_lost") return { kind: "lost" };
  // The next run reads what was recorded.
  if (fault.type === "saga_step_recorded") return { kind: "released" };
  const { retry } = codes[fault.code];
  if (fault.type === "shutting_down" || retry === "snooze") return { kind: "released" };
  if (retry === "never" || attempt >= attempts) return { kind: "failed" };
  if (retry === "at-once" && attempt <= immediateAttempts) return { kind: "again" };
  const delayMs = Math.min(limits.retryDelayMs, Math.max(1, backoff.delayMs(attempt, random()), fault.retryAfterMs || 0));
  return { kind: "retryable", delayMs: Math.ceil(delayMs) };
}

/** Whether a step that failed like this may have happened all the same. */
export function mayHaveHappened(code: string): boolean {
  return Object.hasOwn(codes, code) ? codes[code as keyof typeof codes].undo !== "yes" : true;
}

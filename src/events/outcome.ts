import { codes } from "../core/code.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { Discard, Snooze } from "../operation/durable/task.ts";
import type { SubscriptionDefinition } from "./definition.ts";

/** The outcome of an event after an attempt. */
export type EventOutcome =
  | { readonly kind: "done" }
  /** The next attempt follows at once. */
  | { readonly kind: "again" }
  /** The partition waits at the event, and the attempt does not count. */
  | { readonly kind: "waits"; readonly afterMs: number }
  /** `spent`: whether the attempt counts. */
  | { readonly kind: "parked"; readonly afterMs: number; readonly spent: boolean }
  /** Its key waits for a person. */
  | { readonly kind: "stopped" }
  | { readonly kind: "dead_lettered" }
  /** The process stops: another begins with it. */
  | { readonly kind: "kept" }
  /** Another process has it. */
  | { readonly kind: "lost" };

/** Attempts after a conflict that follow at once. */
const immediateAttempts = 3;

/** Decides the outcome of an event by the fault's code. Pure. `random`: a number in [0, 1), for the backoff; `waited`: how often it waited already. */
export function eventOutcome(
  {
    attempts,
    backoff,
    onFailure,
    waits,
  }: Pick<SubscriptionDefinition, "attempts" | "backoff" | "onFailure"> & { readonly waits?: boolean },
  {
    fault,
    attempt,
    waited = 0,
    random,
  }: { readonly fault: Fault | undefined; readonly attempt: number; readonly waited?: number; readonly random: () => number },
): EventOutcome {
  if (fault === undefined) return { kind: "done" };
  if (fault instanceof Snooze) return { kind: "parked", afterMs: fault.delayMs, spent: false };
  if (fault instanceof Discard) return { kind: "dead_lettered" };
  if (fault.type === "lease_lost") return { kind: "lost" };
  const { retry } = codes[fault.code];
  if (fault.type === "shutting_down" || retry === "snooze") return { kind: "kept" };
  if (waits === true && (fault.code === "unavailable" || fault.code === "deadline_exceeded"))
    return { kind: "waits", afterMs: Math.max(1, backoff.delayMs(waited + 1, random())) };
  if (retry === "never" || attempt >= attempts) return onFailure === "stop" ? { kind: "stopped" } : { kind: "dead_lettered" };
  if (retry === "at-once" && attempt <= immediateAttempts) return { kind: "again" };
  const afterMs = Math.min(limits.retryDelayMs, Math.max(1, backoff.delayMs(attempt, random()), fault.retryAfterMs || 0));
  return { kind: "parked", afterMs: Math.ceil(afterMs), spent: true };
}

/** Ends what runs of a partition that another process has. *Faults*: `lease_lost`. */
export const partitionLost = (): Fault =>
  new Fault({
    code: "aborted",
    type: "lease_lost",
    message:
      "The lease of this process on the partition of the subscription has ended, so another process handles the event again. No action is needed.",
  });

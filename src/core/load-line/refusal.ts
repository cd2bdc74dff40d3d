import { type Fault, refusal } from "../fault.ts";
import { limits } from "../limits.ts";

/** A limit that is reached, as its refusal says it: in the fault, and so in the problem of HTTP, in the wide event, the log and the metrics. */
export interface ReachedLimit {
  /** The name of the load line. */
  readonly limit: string;
  readonly value: number;
  readonly load: number;
}

/**
 * When one who is refused for want of capacity should come back; spread, so that those who are refused together do not come back together.
 * *Bounds*: `limits.refusalRetryMs`, and up to `limits.refusalRetrySpreadMs` more, in whole seconds, as HTTP says it. `random`: of the clock, in [0, 1). *Units*:
 * milliseconds.
 */
export function retryLater(random: number): number {
  const steps = limits.refusalRetrySpreadMs / 1_000 + 1;
  return limits.refusalRetryMs + Math.floor(random * steps) * 1_000;
}

/** Makes the fault of a refusal for want of capacity: ours, not the caller's. *Faults*: `overloaded`. */
export function overloaded({ limit, value, load }: ReachedLimit, random: number): Fault {
  const message = `The limit "${limit}" of ${value} is reached (load ${load}). Try again in a moment.`;
  const details = { limit, value, load };
  return refusal({ code: "unavailable", type: "overloaded", message, details, retryAfterMs: retryLater(random) });
}

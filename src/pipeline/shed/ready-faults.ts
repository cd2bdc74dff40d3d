import { Fault } from "../../core/fault.ts";
import type { Refusal } from "../../operation/execution.ts";

/** Refused callers come back after 1 s to 3 s, so that they do not come back together. HTTP says it in whole seconds. */
const waitsMs = [1_000, 2_000, 3_000] as const;
const most = 512;

/**
 * The faults of refusals for want of capacity, each made once: under overload there are many alike, and what makes one costly is its stack.
 * *Bounds*: 512 are kept.
 */
export class ReadyFaults {
  readonly #made = new Map<string, Fault>();

  /** The fault of a refusal. `random`: from 0 to below 1, for the time after which to try again. */
  of({ limit, value, load }: Pick<Refusal, "limit" | "value" | "load">, random: number): Fault {
    const retryAfterMs = waitsMs[Math.floor(random * waitsMs.length)] ?? waitsMs[0];
    const key = `${limit}\n${value}\n${load}\n${retryAfterMs}`;
    let fault = this.#made.get(key);
    if (fault === undefined) {
      fault = new Fault({
        code: "unavailable",
        type: "overloaded",
        message: `The limit "${limit}" of ${value} is reached (load ${load}). Try again in a moment.`,
        details: { limit, value, load },
        retryAfterMs,
      });
      if (this.#made.size >= most) this.#made.clear();
      this.#made.set(key, fault);
    }
    return fault;
  }
}

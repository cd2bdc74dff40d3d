import { Fault } from "../core/fault.ts";
import type { LimitMode } from "../operation/contract.ts";
import type { Refusal } from "../operation/execution.ts";

/** Who waits for a slot. */
export interface Waiter {
  /** A slot is yours now; called once, outside the call that asked for it. */
  granted(): void;
}

export interface SlotsOptions {
  /** As refusals name it, for example `orders.place concurrency`. */
  readonly name: string;
  readonly concurrency: number;
  readonly queue: number;
  readonly mode: LimitMode;
}

const retryAfterMs = 1_000;

/**
 * A bound on what runs at once, with a bounded queue in front, first come first served.
 * *Guarantees*: never more than `concurrency` hold a slot, never more than `queue` wait; whoever was granted one must leave once.
 * In measure mode nobody waits and nobody is refused: whoever would have been is told so, with a slot.
 */
export class Slots {
  readonly options: SlotsOptions;
  #running = 0;
  readonly #waiting = new Set<Waiter>();

  constructor(options: SlotsOptions) {
    this.options = options;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a slot when one is free and nobody waits for it.
   * Returns false when the caller must wait: then call {@link wait}.
   */
  tryEnter(): boolean {
    const { concurrency, queue, mode } = this.options;
    if (mode === "measure" ? this.#running >= concurrency + queue : this.#running >= concurrency || this.#waiting.size > 0) return false;
    this.#running++;
    return true;
  }

  /** Takes a place in the queue, or says why there is none. In measure mode the caller has a slot over the limit with the refusal. */
  wait(waiter: Waiter): Refusal | undefined {
    const { name, concurrency, queue, mode } = this.options;
    if (mode === "enforce" && this.#waiting.size < queue) {
      this.#waiting.add(waiter);
      return undefined;
    }
    const waiting = mode === "enforce" ? this.#waiting.size : this.#running - concurrency;
    // Where nobody may wait, the slots are what is full.
    const refusal: Refusal =
      queue === 0
        ? { limit: `${name} concurrency`, value: concurrency, load: this.#running, mode }
        : { limit: `${name} queue`, value: queue, load: waiting, mode };
    if (mode === "measure") this.#running++;
    return refusal;
  }

  /** Gives up a place in the queue. Returns false when it was granted already: then the caller must leave instead. */
  forget(waiter: Waiter): boolean {
    return this.#waiting.delete(waiter);
  }

  leave(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      next.granted();
      return;
    }
    this.#running--;
  }
}

/** The fault of a refusal for want of capacity: ours, not the caller's. */
export function refused(refusal: Refusal): Fault {
  return new Fault({
    code: "unavailable",
    type: "overloaded",
    message: `The limit "${refusal.limit}" of ${refusal.value} is reached (load ${refusal.load}). Try again in a moment.`,
    details: { limit: refusal.limit, value: refusal.value, load: refusal.load },
    retryAfterMs,
  });
}

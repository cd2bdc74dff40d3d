import type { LimitMode } from "../core/load-line/load-line.ts";
import { LimitedQueue, type LimitedWaiter } from "../core/queue/limited-queue.ts";
import { CallersInTurn } from "../core/queue/turns.ts";
import type { Actor } from "../operation/actor.ts";
import type { Refusal } from "../operation/execution.ts";

/** Who waits for a slot. Callers take turns by `caller`, and those without one share a turn; it is the same as long as it waits. */
export interface Waiter extends LimitedWaiter {
  /** Its place is another's now, for this reason; called once and never after `granted`, inside the other's call of {@link Slots.wait}. */
  displaced(refusal: Refusal): void;
}

/** The size of a semaphore and of its queue, and the mode at the start. */
export interface SlotsOptions {
  /** What the names of its limits begin with: `orders.place` for `orders.place concurrency` and `orders.place queue`. */
  readonly name: string;
  readonly concurrency: number;
  readonly queue: number;
  readonly mode: LimitMode;
}

/**
 * What runs at once of an operation or of the process, with a bounded queue in front in which callers take turns.
 * *Guarantees*: with the mode `enforce`, never more than `concurrency` begin while as many hold a slot, never more than `queue` wait; a caller that was granted
 * one must leave once. With `measure` and `off` no caller waits and none is refused.
 */
export class Slots extends LimitedQueue<Waiter> {
  readonly options: SlotsOptions;

  constructor(options: SlotsOptions) {
    super({ ...options, turns: () => new CallersInTurn() });
    this.options = options;
  }

  /** Takes a place in the queue, or says why there is none. */
  wait(waiter: Waiter): Refusal | undefined {
    if (this.add(waiter)) return undefined;
    const displaced = this.displace(waiter);
    if (displaced !== undefined) {
      displaced.displaced(this.#refusal());
      return undefined;
    }
    this.refuse();
    return this.#refusal();
  }

  #refusal(): Refusal {
    const { name, concurrency, queue } = this.options;
    // With a queue of 0, the limit that is reached is that of the slots.
    if (queue === 0) return { limit: `${name} concurrency`, value: concurrency, load: this.running, mode: "enforce" };
    return { limit: `${name} queue`, value: queue, load: this.waiting, mode: "enforce" };
  }
}

// One actor object stands for one token: what is written once for it is found again without being hashed again.
const callers = new WeakMap<Actor, string>();

/** What stands for a caller: the actor within its tenant, or the address of one who has not signed in. No address has a line break in it. */
export function callerOf(actor: Actor, tenant: string | undefined, address: string | undefined): string | undefined {
  if (actor.kind === "anonymous") return address;
  let caller = callers.get(actor);
  if (caller === undefined) {
    caller = `${tenant ?? ""}\n${actor.id}`;
    callers.set(actor, caller);
  }
  return caller;
}

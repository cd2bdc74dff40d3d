import { Fault } from "../core/fault.ts";
import type { LimitMode } from "../core/load-line/load-line.ts";
import { BoundedQueue, type QueuedWaiter } from "../core/queue/bounded-queue.ts";
import { FixedLimit } from "../core/queue/limit.ts";
import { CallersInTurn } from "../core/queue/turns.ts";
import type { Actor } from "../operation/actor.ts";
import type { Refusal } from "../operation/execution.ts";

/** Who waits for a slot. */
export interface Waiter extends QueuedWaiter {
  /** Callers take turns by it, and those without one share a turn; the same as long as it waits. */
  readonly caller?: string | undefined;
  /** Its place is another's now, for this reason; called once and never after `granted`, inside the other's call of {@link Slots.wait}. */
  displaced(refusal: Refusal): void;
}

/** The size of a semaphore and of its queue, and whether it enforces or only measures. */
export interface SlotsOptions {
  /** As refusals name it, for example `orders.place concurrency`. */
  readonly name: string;
  readonly concurrency: number;
  readonly queue: number;
  readonly mode: LimitMode;
}

const retryAfterMs = 1_000;

/**
 * What runs at once of an operation or of the process, with a bounded queue in front in which callers take turns.
 * *Guarantees*: never more than `concurrency` hold a slot, never more than `queue` wait; a caller that was granted one must leave once.
 * In measure mode no caller waits and none is refused: one that would have been gets a slot, with a report.
 */
export class Slots extends BoundedQueue<Waiter> {
  readonly options: SlotsOptions;

  constructor(options: SlotsOptions) {
    const { concurrency, queue, mode } = options;
    // What is measured has a slot while it would wait.
    const measured = mode === "measure" ? queue : 0;
    super({
      limit: new FixedLimit(mode === "off" ? Number.POSITIVE_INFINITY : concurrency + measured),
      queue: queue - measured,
      turns: new CallersInTurn(),
    });
    this.options = options;
  }

  /** Takes a place in the queue, or says why there is none. In measure mode the caller has a slot over the limit with the refusal. */
  wait(waiter: Waiter): Refusal | undefined {
    if (this.add(waiter)) return undefined;
    const { name, concurrency, queue } = this.options;
    // One that is off always has a place free.
    const mode = this.options.mode === "measure" ? "measure" : "enforce";
    const waiting = mode === "enforce" ? this.waiting : this.running - concurrency;
    // With a queue of 0, the limit that is reached is that of the slots.
    const refusal: Refusal =
      queue === 0
        ? { limit: `${name} concurrency`, value: concurrency, load: this.running, mode }
        : { limit: `${name} queue`, value: queue, load: waiting, mode };
    if (mode === "measure") {
      this.enterOver();
      return refusal;
    }
    const displaced = this.displace(waiter);
    if (displaced === undefined) return refusal;
    displaced.displaced(refusal);
    return undefined;
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

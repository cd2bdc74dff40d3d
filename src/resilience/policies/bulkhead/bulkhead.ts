import assert from "node:assert";
import { type Clock, systemClock } from "../../../core/clock.ts";
import { type DeadlineWheel, type Expiring, sharedWheel } from "../../../core/deadline.ts";
import { type Duration, formatMs, toMs } from "../../../core/duration.ts";
import { Fault } from "../../../core/fault.ts";
import { limits } from "../../../core/limits.ts";
import { LoadLine, type RefusalCount } from "../../../core/load-line/load-line.ts";
import { loadLines } from "../../../core/load-line/load-lines.ts";
import { BoundedQueue, type QueuedWaiter } from "../../../core/queue/bounded-queue.ts";
import { FixedLimit } from "../../../core/queue/limit.ts";
import { InOrder } from "../../../core/queue/turns.ts";
import { Signal } from "../../../core/signals.ts";
import type { Call } from "../call/call.ts";
import { Rest } from "../call/rest.ts";
import { Policy, type Work } from "../policy.ts";

/** How many at once, and how many wait how long. */
export interface BulkheadOptions {
  /** Calls that run at once. *Bounds*: a whole number from 1 to 10,000. It has no default: only you know what the callee bears. */
  readonly concurrency: number;
  /** Calls that wait for a place. *Bounds*: a whole number from 0 to 10,000. *Default*: `concurrency`. */
  readonly queue?: number;
  /** How long a call waits at the most, less where its deadline is nearer. *Bounds*: above 0 to 10 min. *Default*: 1 s. */
  readonly wait?: Duration;
  readonly clock?: Clock;
}

/** A call that got no place. */
export interface BulkheadRefused {
  readonly reason: "full" | "waited";
  readonly running: number;
  readonly waiting: number;
}

/**
 * Lets a bounded number of calls run at once, and a bounded number wait for a bounded time.
 * *Guarantees*: in the order in which they came. Work that was cancelled and still runs keeps its place until it settles.
 * *Faults thrown*: `unavailable` of type `bulkhead_full`, which says why; the caller's reason if it cancels while it waits.
 * *Source*: Nygard, "Release It!"; Hystrix.
 * @example bulkhead({ concurrency: 50, queue: 100, wait: "200ms" }).run(({ signal }) => fetch(url, { signal }))
 */
export function bulkhead(options: BulkheadOptions): Bulkhead {
  const { concurrency, queue = concurrency } = options;
  const waitMs = toMs(options.wait ?? "1s");
  const most = limits.bulkheadQueue;
  assert(
    Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= most,
    `bulkhead: concurrency is ${concurrency}. Write a whole number from 1 to ${most}.`,
  );
  assert(Number.isInteger(queue) && queue >= 0 && queue <= most, `bulkhead: queue is ${queue}. Write a whole number from 0 to ${most}.`);
  assert(
    waitMs > 0 && waitMs <= limits.deadlineMs,
    `bulkhead: a wait of ${formatMs(waitMs)} is out of bounds. Write queue: 0 to wait not at all.`,
  );
  return new Bulkhead({ concurrency, queue, waitMs, clock: options.clock ?? systemClock });
}

interface Bounds {
  readonly concurrency: number;
  readonly queue: number;
  readonly waitMs: number;
  readonly clock: Clock;
}

/** The policy that {@link bulkhead} makes. */
export class Bulkhead extends Policy<"once", never> {
  readonly refused = new Signal<BulkheadRefused>("bulkhead.refused");
  readonly #places: BoundedQueue<Waiting>;
  readonly #bounds: Bounds;
  readonly #wheel: DeadlineWheel;

  readonly #waitingLine: LoadLine;
  readonly #full: RefusalCount;
  readonly #waited: RefusalCount;

  constructor(bounds: Bounds) {
    super();
    const { concurrency, queue } = bounds;
    const line = new LoadLine({
      ...{ name: "bulkhead concurrency", unit: "calls", declared: concurrency, now: () => this.running },
      switched: (mode) => {
        this.#places.isOpen = mode !== "enforce";
      },
    });
    this.#places = new BoundedQueue({ limit: new FixedLimit(concurrency), queue, turns: new InOrder(), line });
    this.#waitingLine = new LoadLine({
      ...{ name: "bulkhead queue", unit: "calls", declared: queue, now: () => this.waiting, follows: line },
    });
    this.#full = this.#waitingLine.reason("full");
    this.#waited = this.#waitingLine.reason("waited");
    this.#bounds = bounds;
    this.#wheel = sharedWheel(bounds.clock);
  }

  /** Calls that run now, cancelled ones that have not settled included. */
  get running(): number {
    return this.#places.running;
  }

  /** Calls that wait now. */
  get waiting(): number {
    return this.#places.waiting;
  }

  override get [loadLines](): readonly LoadLine[] {
    return [this.#places.line, this.#waitingLine];
  }

  async around<T>(work: Work<T>, call: Call): Promise<T> {
    const { concurrency, queue } = this.#bounds;
    // Only measured: no call waits, so that those that would wait run beside those that would run.
    if (this.#places.isOpen && this.running >= concurrency + queue) this.#waitingLine.refuses(this.#full);
    if (!this.#places.tryEnter()) await this.#enter(call);
    const rest = new Rest(call.rest);
    try {
      return await work(call.child({ rest }));
    } finally {
      rest.whenAtRest(this.#leave);
    }
  }

  readonly #leave = (): void => this.#places.leave();

  #enter(call: Call): Promise<void> {
    if (call.scope.aborted) return Promise.reject(call.scope.reason);
    return new Promise((resolve, reject) => {
      const waiting = new Waiting(this.#wheel, call, {
        forget: (waiter) => this.#places.forget(waiter),
        deadlineAt: Math.min(this.#bounds.clock.monotonic() + this.#bounds.waitMs, call.deadlineAt),
        onEnter: resolve,
        onCancel: () => reject(call.scope.reason),
        onExpire: () => reject(this.#refusal("waited")),
      });
      if (this.#places.add(waiting)) {
        this.#waitingLine.admits(this.waiting);
        waiting.begin();
      } else reject(this.#refusal("full"));
    });
  }

  #refusal(reason: BulkheadRefused["reason"]): Fault {
    const { running, waiting } = this;
    this.#waitingLine.refuses(reason === "full" ? this.#full : this.#waited);
    if (this.refused.hasListeners) this.refused.publish({ reason, running, waiting });
    const why = reason === "full" ? `${waiting} more wait, which is all that may` : "none became free in time";
    return new Fault({
      code: "unavailable",
      type: "bulkhead_full",
      message: `All ${this.#bounds.concurrency} places are taken, and ${why}. Call less often, or raise the concurrency if the callee bears it.`,
      details: { reason, running, waiting, concurrency: this.#bounds.concurrency },
    });
  }
}

interface Outcomes {
  readonly deadlineAt: number;
  forget(waiting: Waiting): void;
  onEnter(): void;
  onCancel(): void;
  onExpire(): void;
}

/** One that waits, until the first of three things happens. */
class Waiting implements Expiring, QueuedWaiter {
  readonly deadlineAt: number;
  wheelNext: Expiring | undefined;
  wheelPrevious: Expiring | undefined;
  wheelSlot = -1;
  readonly #wheel: DeadlineWheel;
  readonly #call: Call;
  readonly #outcomes: Outcomes;

  constructor(wheel: DeadlineWheel, call: Call, outcomes: Outcomes) {
    this.#wheel = wheel;
    this.#call = call;
    this.#outcomes = outcomes;
    this.deadlineAt = outcomes.deadlineAt;
  }

  begin(): void {
    this.#wheel.add(this);
    this.#call.scope.listen(this.#cancel);
  }

  granted(): void {
    this.#end();
    this.#outcomes.onEnter();
  }

  expire(): void {
    this.#end();
    this.#outcomes.onExpire();
  }

  readonly #cancel = (): void => {
    this.#end();
    this.#outcomes.onCancel();
  };

  #end(): void {
    // Does nothing for one that was granted.
    this.#outcomes.forget(this);
    this.#wheel.remove(this);
    this.#call.scope.unlisten(this.#cancel);
  }
}

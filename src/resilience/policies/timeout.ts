import assert from "node:assert";
import { type Clock, systemClock } from "../../core/clock.ts";
import { type DeadlineWheel, type Expiring, sharedWheel } from "../../core/deadline.ts";
import { type Duration, formatMs, toMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { Signal } from "../../core/signals.ts";
import type { Call } from "./call/call.ts";
import { Policy, type Work } from "./policy.ts";

/** A call that was cancelled because its time was over. */
export interface TimedOut {
  /** *Units*: milliseconds. */
  readonly afterMs: number;
}

/** Where the time comes from. */
export interface TimeoutOptions {
  readonly clock?: Clock;
}

/**
 * Gives work a time: after it, the work's `signal` aborts and the call rejects.
 * *Units*: a duration. *Bounds*: above 0 to 10 min; less where the call around it has less left. *Default*: none, it must be written.
 * *Guarantees*: never early, at most 16 ms late on an idle loop; work whose time is over before it starts is not started.
 * *Faults thrown*: `deadline_exceeded` of type `call_timeout`. *Source*: the deadline of Finagle and gRPC; the wheel of `src/core/deadline.ts`.
 * @example timeout("300ms").run(({ signal }) => fetch(url, { signal }))
 */
export function timeout(after: Duration, options: TimeoutOptions = {}): Timeout {
  const afterMs = toMs(after);
  assert(
    afterMs > 0 && afterMs <= limits.deadlineMs,
    `timeout: ${formatMs(afterMs)} is out of bounds. Write a time above 0, at most ${formatMs(limits.deadlineMs)}.`,
  );
  return new Timeout(afterMs, options.clock ?? systemClock);
}

/** The policy that {@link timeout} makes. */
export class Timeout extends Policy<"once", never> {
  readonly timedOut = new Signal<TimedOut>("timeout.timedOut");
  readonly #afterMs: number;
  readonly #clock: Clock;
  readonly #wheel: DeadlineWheel;

  constructor(afterMs: number, clock: Clock) {
    super();
    this.#afterMs = afterMs;
    this.#clock = clock;
    this.#wheel = sharedWheel(clock);
  }

  around<T>(work: Work<T>, call: Call): Promise<T> {
    const now = this.#clock.monotonic();
    const deadlineAt = Math.min(now + this.#afterMs, call.deadlineAt);
    if (deadlineAt <= now) return Promise.reject(this.#over(0));
    return new Promise((resolve, reject) => {
      const timed = new Timed(this.#wheel, call.fork({ deadlineAt }), () => {
        const fault = this.#over(deadlineAt - now);
        reject(fault);
        return fault;
      });
      timed.start(work, resolve, reject);
    });
  }

  #over(afterMs: number): Fault {
    if (this.timedOut.hasListeners) this.timedOut.publish({ afterMs });
    return new Fault({
      code: "deadline_exceeded",
      type: "call_timeout",
      message: `The call was cancelled after ${formatMs(afterMs)}, when its time was over. Give it more time, or find out what it waits for.`,
    });
  }
}

/** One run, and its place on the wheel. */
class Timed implements Expiring {
  readonly deadlineAt: number;
  wheelNext: Expiring | undefined;
  wheelPrevious: Expiring | undefined;
  wheelSlot = -1;
  readonly #wheel: DeadlineWheel;
  readonly #call: Call;
  readonly #onExpire: () => Fault;
  #isLeft = false;

  constructor(wheel: DeadlineWheel, call: Call, onExpire: () => Fault) {
    this.#wheel = wheel;
    this.#call = call;
    this.deadlineAt = call.deadlineAt;
    this.#onExpire = onExpire;
  }

  start<T>(work: Work<T>, resolve: (value: T) => void, reject: (thrown: unknown) => void): void {
    this.#wheel.add(this);
    const fail = (thrown: unknown) => {
      this.#end();
      reject(thrown);
    };
    try {
      const running = work(this.#call);
      if (isPromiseLike(running))
        running.then((value) => {
          this.#end();
          resolve(value);
        }, fail);
      else {
        this.#end();
        resolve(running);
      }
    } catch (thrown) {
      fail(thrown);
    }
  }

  expire(): void {
    // The work may take a while to notice, or never do: what counts it must know that it still runs.
    this.#isLeft = true;
    this.#call.rest?.begin();
    this.#call.scope.cancel(this.#onExpire());
  }

  #end(): void {
    this.#wheel.remove(this);
    this.#call.scope.end();
    if (this.#isLeft) this.#call.rest?.settle();
  }
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

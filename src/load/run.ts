import assert from "node:assert";
import { type Clock, keepProcess, systemClock, type Timer } from "../core/clock.ts";
import { describeFailure } from "./failure.ts";
import type { Answer, LoadResult, Target } from "./outcome.ts";
import type { Schedule } from "./schedule.ts";
import { Tally } from "./tally.ts";

/** Options of {@link runLoad}. *Units*: milliseconds. */
export interface LoadOptions {
  readonly schedule: Schedule;
  readonly target: Target;
  /** An answer counts as `ok` up to so long after its scheduled time. */
  readonly deadlineMs: number;
  /** Calls in flight at once; an arrival beyond them is missed. *Bounds*: from 1. *Default*: 1,000. */
  readonly inFlight?: number;
  /** The start of the schedule that is sent and not counted. Less than the schedule. *Default*: 0. */
  readonly warmUpMs?: number;
  /** A call that is sent so long after its time lagged: it is sent, but the generator did not keep its schedule. *Default*: 20. */
  readonly lagMs?: number;
  /** Length of the parts by which `windows` counts. *Default*: 1,000. */
  readonly windowMs?: number;
  /** Ends the schedule early: nothing more is sent, and the run rejects with its reason once what was sent has settled. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/**
 * Sends the calls of a schedule at their times, even if earlier ones have no response yet (an open loop), and counts the outcomes.
 * *Guarantees*: no call waits for another. Latencies are measured from the scheduled time, so a callee that stalls, or a generator that is late,
 * cannot hide the wait. It settles when every call has settled, and rejects only with the reason of `signal`. Then no timer and no listener is left.
 * @example
 * const result = await runLoad({ schedule: schedule([hold(200, 10)]), target: callTarget(() => quote()), deadlineMs: 250 });
 */
export function runLoad(options: LoadOptions): Promise<LoadResult> {
  return new Run(options).start();
}

class Run {
  readonly #target: Target;
  readonly #times: Iterator<number>;
  readonly #tally: Tally;
  readonly #inFlightLimit: number;
  readonly #lagMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #finished = Promise.withResolvers<LoadResult>();
  #startedAt = 0;
  #next: number | undefined;
  #timer: Timer | undefined;
  #index = 0;
  #inFlight = 0;

  constructor({ schedule, target, deadlineMs, inFlight = 1_000, warmUpMs = 0, lagMs = 20, windowMs = 1_000, signal, clock }: LoadOptions) {
    const lengthMs = schedule.seconds * 1_000;
    assert(deadlineMs > 0, `a deadline is a number of milliseconds above 0, not ${deadlineMs}`);
    assert(Number.isInteger(inFlight) && inFlight > 0, `inFlight is a whole number above 0, not ${inFlight}`);
    assert(warmUpMs >= 0 && warmUpMs < lengthMs, `a warm-up of ${warmUpMs} ms leaves nothing of a schedule of ${lengthMs} ms: shorten it`);
    assert(windowMs > 0, `windowMs is a number of milliseconds above 0, not ${windowMs}`);
    this.#target = target;
    this.#times = schedule.times();
    this.#tally = new Tally({ deadlineMs, warmUpMs, windowMs, lengthMs });
    this.#inFlightLimit = inFlight;
    this.#lagMs = lagMs;
    this.#signal = signal;
    this.#clock = clock ?? systemClock;
  }

  async start(): Promise<LoadResult> {
    const kept = keepProcess();
    const stop = () => this.#stop();
    this.#signal?.addEventListener("abort", stop, { once: true });
    this.#startedAt = this.#clock.monotonic();
    this.#next = this.#signal?.aborted ? undefined : this.#read();
    this.#send();
    try {
      const result = await this.#finished.promise;
      this.#signal?.throwIfAborted();
      return result;
    } finally {
      this.#signal?.removeEventListener("abort", stop);
      kept.cancel();
    }
  }

  /** Sends all that is due, and wakes for the next. */
  #send(): void {
    let now = this.#elapsedMs();
    while (this.#next !== undefined && this.#next <= now) {
      this.#sendOne(this.#next, now);
      this.#next = this.#read();
      now = this.#elapsedMs();
    }
    if (this.#next === undefined) this.#finishIfDone();
    else this.#timer = this.#clock.schedule(this.#next - now, () => this.#send());
  }

  #sendOne(scheduledMs: number, now: number): void {
    const index = this.#index++;
    if (this.#inFlight >= this.#inFlightLimit) return this.#tally.miss(scheduledMs);
    if (now - scheduledMs > this.#lagMs) this.#tally.lag(scheduledMs);
    this.#inFlight++;
    const settle = (answer: Answer) => {
      this.#inFlight--;
      this.#tally.answer(scheduledMs, this.#elapsedMs() - scheduledMs, answer);
      this.#finishIfDone();
    };
    const fail = (thrown: unknown) => settle({ kind: "failed", reason: describeFailure(thrown) });
    try {
      this.#target({ index, scheduledMs }).then(settle, fail);
    } catch (thrown) {
      fail(thrown);
    }
  }

  #stop(): void {
    this.#next = undefined;
    this.#timer?.cancel();
    this.#finishIfDone();
  }

  #finishIfDone(): void {
    if (this.#next === undefined && this.#inFlight === 0) this.#finished.resolve(this.#tally.result());
  }

  #read(): number | undefined {
    const { value, done } = this.#times.next();
    return done ? undefined : value;
  }

  #elapsedMs(): number {
    return this.#clock.monotonic() - this.#startedAt;
  }
}

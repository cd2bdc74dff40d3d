import { type Clock, systemClock } from "../../../core/clock.ts";
import type { Duration } from "../../../core/duration.ts";
import { Fault } from "../../../core/fault.ts";
import { LoadLine } from "../../../core/load-line/load-line.ts";
import { loadLines } from "../../../core/load-line/load-lines.ts";
import { Signal } from "../../../core/signals.ts";
import type { Call } from "../call/call.ts";
import { type Judge, judge } from "../call/verdict.ts";
import { Policy, type Work } from "../policy.ts";
import { readBounds } from "./bounds.ts";
import { type BreakerBounds, type BreakerOutcome, type BreakerPhase, type BreakerReason, BreakerState } from "./state.ts";

/** When it opens, for how long, and how it finds out that the callee is back. */
export interface BreakerOptions {
  /** Share of failed calls at which it opens. *Bounds*: above 0 to 1. *Default*: 0.5, as in resilience4j. `false`: not by the ratio. */
  readonly ratio?: number | false;
  /** Calls in the window below which no ratio counts. *Bounds*: 1 to 100,000. *Default*: 20, as in Hystrix. */
  readonly minimumCalls?: number;
  /** How far back the ratios look. *Bounds*: 100 ms to 10 min. *Default*: 10 s, as in Hystrix and go-zero. */
  readonly window?: Duration;
  /** Failures in a row at which it opens, however few calls there are. *Bounds*: 1 to 100,000. *Default*: 10. `false`: not by failures in a row. */
  readonly consecutive?: number | false;
  /** A call that takes `after` or longer is slow; it opens at `ratio` (0.5) of slow calls. *Default*: off, since what is slow depends on the callee. */
  readonly slow?: { readonly after: Duration; readonly ratio?: number };
  /** How long it stays open the first time; twice as long after each probe that fails, the upper half at random. *Bounds*: 1 ms to 10 min. *Default*: 500 ms. */
  readonly openFor?: Duration;
  /** The longest that it stays open. *Bounds*: `openFor` to 10 min. *Default*: 1 s, so that a callee that is back has all its calls within 2 s, where a failed call ends in time. */
  readonly longestOpenFor?: Duration;
  /** Calls that find out whether the callee is back; all must succeed. *Bounds*: 1 to 100. *Default*: 3. */
  readonly probes?: number;
  /** Which failures count. *Default*: by the code of the fault. */
  readonly judge?: Judge;
  readonly clock?: Clock;
}

/** A change of a breaker. */
export interface BreakerChanged {
  readonly from: BreakerPhase;
  readonly to: BreakerPhase;
  readonly reason: BreakerReason;
}

const smoothing = 0.1;
/** A call that had less time than so many times what calls take on average says nothing of the callee where that time ran out. */
const enoughTime = 2;

/**
 * Stops calling a callee that fails, and finds out in time that it is back.
 * *Guarantees*: those of {@link BreakerState}; a call that its caller cancelled counts neither way; one that ran out of time counts as failed, unless it had less
 * than twice the time that calls take on average: after an outage the first to come are those that have waited, and they have little time left.
 * *Faults thrown*: `unavailable` of type `breaker_open`, with the time to come back. *Source*: Nygard, "Release It!"; Finagle's failure accrual.
 * @example breaker({ slow: { after: "1s" } }).run(({ signal }) => fetch(url, { signal }))
 */
export function breaker(options: BreakerOptions = {}): Breaker {
  return new Breaker(readBounds(options), { judge: options.judge ?? judge, clock: options.clock ?? systemClock });
}

/** The policy that {@link breaker} makes. */
export class Breaker extends Policy<"once", never> {
  readonly changed = new Signal<BreakerChanged>("breaker.changed");
  readonly #state: BreakerState;
  readonly #line = new LoadLine({ name: "breaker", unit: "calls", phase: () => this.phase });
  readonly #open = this.#line.reason("open");
  readonly #judge: Judge;
  readonly #clock: Clock;
  /** How long calls that succeed take on average; 0 until one has. */
  #usualMs = 0;

  constructor(bounds: BreakerBounds, { judge, clock }: { readonly judge: Judge; readonly clock: Clock }) {
    super();
    this.#judge = judge;
    this.#clock = clock;
    this.#state = new BreakerState(bounds, {
      random: () => clock.random(),
      onChange: (from, to, reason) => this.changed.publish({ from, to, reason }),
    });
  }

  /** The phase that it is in; it leaves `open` with the first call after its time. */
  get phase(): BreakerPhase {
    return this.#state.phase;
  }

  override get [loadLines](): readonly LoadLine[] {
    return [this.#line];
  }

  async around<T>(work: Work<T>, call: Call): Promise<T> {
    if (this.#line.mode === "off") return await work(call);
    const startedAt = this.#clock.monotonic();
    const generation = this.#state.admit(startedAt);
    // What is only measured is called, and its outcome changes nothing: enforced, it would have had none.
    if (generation >= 0) this.#line.admits(0);
    else if (this.#line.refuses(this.#open)) throw this.#refusal(startedAt);
    try {
      const value = await work(call);
      const tookMs = this.#clock.monotonic() - startedAt;
      this.#usualMs += (tookMs - this.#usualMs) * (this.#usualMs === 0 ? 1 : smoothing);
      this.#settle(generation, "success", startedAt);
      return value;
    } catch (thrown) {
      this.#settle(generation, this.#outcomeOf(call, thrown, startedAt), startedAt);
      throw thrown;
    }
  }

  #settle(generation: number, outcome: BreakerOutcome, startedAt: number): void {
    const now = this.#clock.monotonic();
    this.#state.settle(generation, outcome, { now, tookMs: now - startedAt });
  }

  #outcomeOf(call: Call, thrown: unknown, startedAt: number): BreakerOutcome {
    // A deadline further out is no less the callee's fault than one further in.
    const reason = call.scope.aborted ? call.scope.reason : thrown;
    const ranOut = reason instanceof Fault && reason.code === "deadline_exceeded";
    if (call.scope.aborted && !ranOut) return "ignored";
    if (ranOut && this.#clock.monotonic() - startedAt < this.#usualMs * enoughTime) return "ignored";
    return this.#judge(reason).isFailure ? "failure" : "ignored";
  }

  #refusal(now: number): Fault {
    const retryAfterMs = Math.ceil(this.#state.waitMs(now));
    return new Fault({
      code: "unavailable",
      type: "breaker_open",
      message: `The callee has failed, and is not called for another ${retryAfterMs} ms. Come back then.`,
      details: { phase: this.phase, retryAfterMs },
      retryAfterMs,
    });
  }
}

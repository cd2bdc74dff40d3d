import { RollingWindow } from "./window.ts";

/** `closed`: every call passes. `open`: none does. `half-open`: a few do, to find out. */
export type BreakerPhase = "closed" | "open" | "half-open";

/** Why it changed. */
export type BreakerReason = "failures" | "consecutive" | "slow" | "time" | "probe-failed" | "probe-hung" | "probes-passed";

/** Numbers that a breaker decides by; each is explained at its option. */
export interface BreakerBounds {
  readonly ratio: number;
  readonly minimumCalls: number;
  readonly windowMs: number;
  /** Infinity where it is off. */
  readonly consecutive: number;
  /** Infinity where it is off. */
  readonly slowMs: number;
  readonly slowRatio: number;
  readonly openMs: number;
  readonly longestOpenMs: number;
  readonly probes: number;
}

/** What it is given of the outside. */
export interface BreakerOutside {
  random(): number;
  onChange(from: BreakerPhase, to: BreakerPhase, reason: BreakerReason): void;
}

/** How a call ended: `ignored` says nothing of the callee. */
export type BreakerOutcome = "success" | "failure" | "ignored";

/**
 * The state of a breaker, without promises: time and randomness are given.
 * *Units*: monotonic milliseconds. *Guarantees*: never open for longer than `longestOpenMs`; half-open lets at most `probes` in, for at most `longestOpenMs`
 * before those that hang count as failed; a call that was admitted in an earlier phase changes nothing in a later one.
 */
export class BreakerState {
  readonly #bounds: BreakerBounds;
  readonly #outside: BreakerOutside;
  readonly #window: RollingWindow;
  #phase: BreakerPhase = "closed";
  #generation = 0;
  #consecutive = 0;
  #openings = 0;
  #until = 0;
  #admitted = 0;
  #passed = 0;

  constructor(bounds: BreakerBounds, outside: BreakerOutside) {
    this.#bounds = bounds;
    this.#outside = outside;
    this.#window = new RollingWindow(bounds.windowMs);
  }

  get phase(): BreakerPhase {
    return this.#phase;
  }

  /** How long until it lets a call through that it refuses now. */
  waitMs(now: number): number {
    return this.#phase === "closed" ? 0 : Math.max(0, this.#until - now);
  }

  /** Lets a call in and returns its generation, to be settled once; or returns -1. */
  admit(now: number): number {
    if (this.#phase === "closed") return this.#generation;
    if (now >= this.#until) {
      if (this.#phase === "open") this.#probe(now);
      else this.#open(now, "probe-hung");
    }
    if (this.#phase === "open" || this.#admitted >= this.#bounds.probes) return -1;
    this.#admitted++;
    return this.#generation;
  }

  /** Counts how an admitted call ended, and how long it took. */
  settle(generation: number, outcome: BreakerOutcome, { now, tookMs }: { readonly now: number; readonly tookMs: number }): void {
    if (generation !== this.#generation) return;
    const isSlow = outcome !== "ignored" && tookMs >= this.#bounds.slowMs;
    if (this.#phase === "half-open") this.#settleProbe(now, outcome, isSlow);
    else if (outcome !== "ignored") this.#count(now, outcome === "failure", isSlow);
  }

  #count(now: number, isFailure: boolean, isSlow: boolean): void {
    const window = this.#window;
    window.advance(now);
    window.add(1, isFailure ? 1 : 0, isSlow ? 1 : 0);
    this.#consecutive = isFailure ? this.#consecutive + 1 : 0;
    // What succeeds fast can neither be the last straw of failures nor of slow calls.
    if (!isFailure && !isSlow) return;
    const { ratio, minimumCalls, consecutive, slowRatio } = this.#bounds;
    if (this.#consecutive >= consecutive) this.#open(now, "consecutive");
    else if (window.total < minimumCalls) return;
    else if (window.first >= ratio * window.total) this.#open(now, "failures");
    else if (window.second > 0 && window.second >= slowRatio * window.total) this.#open(now, "slow");
  }

  #settleProbe(now: number, outcome: BreakerOutcome, isSlow: boolean): void {
    if (outcome === "ignored") this.#admitted--;
    else if (outcome === "failure" || isSlow) this.#open(now, "probe-failed");
    else if (++this.#passed >= this.#bounds.probes) this.#close();
  }

  #open(now: number, reason: BreakerReason): void {
    const { openMs, longestOpenMs } = this.#bounds;
    const longest = Math.min(longestOpenMs, openMs * 2 ** Math.min(this.#openings++, 30));
    // The upper half at random: breakers of many processes must not probe at one instant.
    this.#until = now + longest * (0.5 + 0.5 * this.#outside.random());
    this.#enter("open", reason);
  }

  #probe(now: number): void {
    this.#admitted = 0;
    this.#passed = 0;
    this.#until = now + this.#bounds.longestOpenMs;
    this.#enter("half-open", "time");
  }

  #close(): void {
    this.#openings = 0;
    this.#consecutive = 0;
    this.#window.clear();
    this.#enter("closed", "probes-passed");
  }

  #enter(phase: BreakerPhase, reason: BreakerReason): void {
    const from = this.#phase;
    this.#phase = phase;
    this.#generation++;
    this.#outside.onChange(from, phase, reason);
  }
}

import assert from "node:assert";
import { seededRandom } from "../core/clock.ts";

/** One phase of a {@link Schedule}: its length, and the rates at its start and end, between which the rate changes evenly. */
export interface Phase {
  readonly seconds: number;
  /** Arrivals per second at its start. */
  readonly from: number;
  /** Arrivals per second at its end. */
  readonly to: number;
}

/** Makes a phase with a constant rate. Two of them in a row are a step. *Units*: arrivals per second, seconds. */
export function hold(perSecond: number, seconds: number): Phase {
  return { seconds, from: perSecond, to: perSecond };
}

/** Makes a phase whose rate grows or falls evenly. *Units*: arrivals per second, seconds. */
export function ramp(from: number, to: number, seconds: number): Phase {
  return { seconds, from, to };
}

/** Options of {@link schedule}: how arrivals are spaced, and the seed of their randomness. */
export interface ScheduleOptions {
  /**
   * `even`: as far apart as the rate says. `poisson`: each arrives independently of the others, as calls of many independent users do; bursts and
   * pauses are part of it. *Default*: `even`.
   */
  readonly spacing?: "even" | "poisson";
  /** The same seed gives the same arrivals. A whole number. *Default*: 1. */
  readonly seed?: number;
}

/** The times at which calls arrive. They are fixed before the run and do not depend on the callee. */
export interface Schedule {
  readonly seconds: number;
  /** How many arrivals the rates amount to. With even spacing there are as many, to within one. */
  readonly expected: number;
  /** The times of the arrivals, from the earliest. *Units*: milliseconds since the start of the run. Each reading gives the same times. */
  times(): IterableIterator<number>;
}

/**
 * Plans the arrivals of a run from its phases.
 * *Bounds*: each phase takes more than 0 s; rates are from 0 up, finite.
 * @example
 * const surge = schedule([hold(200, 10), hold(1_000, 10), hold(200, 10)], { spacing: "poisson", seed: 7 });
 */
export function schedule(phases: readonly Phase[], { spacing = "even", seed = 1 }: ScheduleOptions = {}): Schedule {
  for (const { seconds, from, to } of phases) {
    assert(seconds > 0 && Number.isFinite(seconds), `a phase takes a number of seconds above 0, not ${seconds}`);
    for (const rate of [from, to])
      assert(rate >= 0 && Number.isFinite(rate), `a rate is a number of arrivals per second from 0 up, not ${rate}`);
  }
  return {
    seconds: phases.reduce((sum, { seconds }) => sum + seconds, 0),
    expected: phases.reduce((sum, phase) => sum + arrivalsOf(phase), 0),
    times: () => timesOf(phases, spacing === "poisson" ? exponentialGaps(seed) : evenGaps()),
  };
}

/**
 * The times at which the expected number of arrivals passes the sum of the gaps. With gaps of one the arrivals are even; with exponential gaps of
 * mean one they are a Poisson process of the changing rate. *Source*: time change of the unit-rate Poisson process, Çınlar, "Introduction to
 * Stochastic Processes" (1975), section 4.7.
 */
function* timesOf(phases: readonly Phase[], gaps: () => number): IterableIterator<number> {
  let next = gaps();
  let startsAt = 0;
  for (const phase of phases) {
    const arrivals = arrivalsOf(phase);
    // Rounding may put an arrival at the very end of a phase just behind it: it still belongs to the phase.
    for (; next < arrivals + 1e-9; next += gaps()) yield (startsAt + secondsUntil(phase, Math.min(next, arrivals))) * 1_000;
    next -= arrivals;
    startsAt += phase.seconds;
  }
}

/** The first arrival comes half a gap after the start, so that a phase has as many as it expects. */
function evenGaps(): () => number {
  let isFirst = true;
  return () => {
    const gap = isFirst ? 0.5 : 1;
    isFirst = false;
    return gap;
  };
}

function exponentialGaps(seed: number): () => number {
  const random = seededRandom(seed);
  return () => -Math.log(1 - random());
}

function arrivalsOf({ seconds, from, to }: Phase): number {
  return ((from + to) / 2) * seconds;
}

/** When a phase has had so many arrivals: from · t + slope · t² / 2 = arrivals, solved without a difference of nearly equal numbers. */
function secondsUntil({ seconds, from, to }: Phase, arrivals: number): number {
  if (arrivals <= 0) return 0;
  const slope = (to - from) / seconds;
  const reachedAt = (2 * arrivals) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * arrivals)));
  return Math.min(seconds, reachedAt);
}

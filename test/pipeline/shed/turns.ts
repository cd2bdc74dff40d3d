import type { Turn, TurnClock } from "../../../src/core/turn/turn-clock.ts";

/** Turns that the test makes: work takes the time that it says. *Units*: milliseconds. */
export class TestTurns implements TurnClock, Turn {
  readonly coldRequests: number;
  ordinal = 1;
  beganAt = 0;
  now = 0;
  restedMs = Number.POSITIVE_INFINITY;

  constructor(coldRequests = 0) {
    this.coldRequests = coldRequests;
  }

  look(): Turn {
    return this;
  }

  /** Something runs in this turn. */
  work(ms: number): void {
    this.now += ms;
  }

  /** The next turn begins, after the loop has waited so long. */
  next(restedMs = 0): void {
    this.now += restedMs;
    this.ordinal++;
    this.beganAt = this.now;
    this.restedMs = restedMs;
  }
}

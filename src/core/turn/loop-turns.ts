import { systemClock } from "../clock.ts";
import { limits } from "../limits.ts";
import type { Turn, TurnClock } from "./turn-clock.ts";

/**
 * The turns of this process's event loop.
 *
 * A turn ends after the sockets were polled, where immediates run; one is scheduled by the first look of a turn. So a process without traffic schedules
 * nothing. The time in which the loop waited for its sockets is subtracted: it is no part of the turn.
 * *Guarantees*: nothing is pending two turns after the last look. A look at a turn that was looked at before costs reading the clock.
 */
export class LoopTurns implements TurnClock, Turn {
  readonly coldRequests = limits.turnColdRequests;
  ordinal = 0;
  beganAt = 0;
  now = 0;
  restedMs = Number.POSITIVE_INFINITY;
  #isOpen = false;
  #endedAt = 0;
  #idleAtEnd = 0;
  #loopsAtEnd = Number.NEGATIVE_INFINITY;

  look(now = systemClock.monotonic()): Turn {
    this.now = now;
    if (!this.#isOpen) this.#begin();
    return this;
  }

  #begin(): void {
    this.#isOpen = true;
    this.ordinal++;
    setImmediate(this.#end);
    // If the loop has made more than one round since the last look, nothing is known of the turn before this one.
    if (loops() - this.#loopsAtEnd > 1) {
      this.restedMs = Number.POSITIVE_INFINITY;
      this.beganAt = this.now;
      return;
    }
    this.restedMs = idleMs() - this.#idleAtEnd;
    this.beganAt = Math.min(this.now, this.#endedAt + this.restedMs);
  }

  readonly #end = () => {
    this.#isOpen = false;
    this.#endedAt = systemClock.monotonic();
    this.#idleAtEnd = idleMs();
    this.#loopsAtEnd = loops();
  };
}

// The time in which the loop waited is the loop's own count, which no clock of ours has.
const idleMs = (): number => performance.nodeTiming.idleTime;
const loops = (): number => performance.nodeTiming.uvMetricsInfo.loopCount;

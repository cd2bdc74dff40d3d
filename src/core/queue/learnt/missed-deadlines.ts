import type { Held } from "../limit.ts";

const samples = 32;
/** A limit that was halved is doubled again after so many that were quick. */
const samplesInTime = 12;
const most = 0.5;
/** A half of a half of a half of a half: with less, calls do not miss their deadlines for their number. */
const mostHalvings = 4;
/** Calls that take less than this part of the time of a missed deadline do not wait for each other; with twice as many they would still be in time. */
const quick = 0.4;

/**
 * Judges whether a limit is so far above what its callee can do that most calls miss their deadline. How long they take then says nothing, so that no slope
 * is to be seen: the limit is halved at once, and doubled again once calls are quick.
 *
 * Where the calls that are in time are quick, the others miss their deadlines for another reason than their number, and the limit stays.
 */
export class MissedDeadlines {
  #calls = 0;
  #missed = 0;
  #full = 0;
  #inTimeMs = 0;
  /** How long a call took that missed its deadline. */
  #missedMs = 0;
  #halvings = 0;
  /** Whether most of the calls that were judged last missed their deadline. */
  isMost = false;

  /** Calls that began under another limit are not counted. */
  reset(): void {
    this.#calls = 0;
    this.#missed = 0;
    this.#full = 0;
    this.#inTimeMs = 0;
  }

  /** By what to multiply the limit, `current` now, after a call that was one of `held`; undefined where it stays. */
  after({ outcome, heldMs }: Held, current: number, held: number): 0.5 | 2 | undefined {
    this.#calls++;
    if (held >= current) this.#full++;
    if (outcome === "ok") this.#inTimeMs += heldMs;
    else {
      this.#missed++;
      this.#missedMs = heldMs;
    }
    const enough = this.#halvings > 0 && this.#missed === 0 ? samplesInTime : samples;
    return this.#calls < enough ? undefined : this.#judge();
  }

  #judge(): 0.5 | 2 | undefined {
    const inTime = this.#calls - this.#missed;
    const isQuick = inTime > 0 && this.#inTimeMs / inTime < this.#missedMs * quick;
    this.isMost = this.#missed > this.#calls * most;
    const isFull = this.#full > this.#calls * most;
    this.reset();
    if (isQuick && this.#halvings > 0) {
      this.#halvings--;
      return 2;
    }
    if (isQuick || !this.isMost || !isFull || this.#halvings === mostHalvings) return undefined;
    this.#halvings++;
    return 0.5;
  }
}

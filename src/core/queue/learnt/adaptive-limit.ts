import type { Held, Limit } from "../limit.ts";
import { MissedDeadlines } from "./missed-deadlines.ts";

/** What bounds an {@link AdaptiveLimit}. */
export interface AdaptiveLimitOptions {
  /** The limit at the start, and the highest that it may become. */
  readonly ceiling: number;
  /** The lowest that it may become. *Default*: 2. */
  readonly floor?: number;
}

/** Below and above the limit, one after the other: how much slower does it become with more? */
const dither = 0.12;
/** Grows in proportion: all that is added waits. Stays: all that is added works. Between them is the knee. */
const kneeAt = 0.5;
const [fastest, slowest] = [0.4, 0.06];
const leastSamples = 60;
const perPlace = 3;
/** A window counts only if so many of its calls were made with all places taken. */
const fullRatio = 0.8;
/** Once it is found, or where nothing is to be gained below the ceiling, it measures seldom: between two pairs are so many windows. */
const restWindows = 6;
const [settledRate, ceilingWindows] = [0.16, 16];
/** Between measurements it holds a little more than the knee: a place too few costs work, one too many a short wait. */
const above = 1.06;

/** What was seen with one of the two limits of a pair. */
interface Probe {
  readonly limit: number;
  meanMs: number;
}

/**
 * Learns how many may hold a place at once: the most with which calls do not become slower in proportion.
 *
 * While all places are taken it holds a little less and a little more than the limit in turn, and compares the times. If they grow as the limit does, what is
 * added only waits, and the limit falls; if they stay, it rises. It keeps no baseline that could become stale, and never goes low in order to measure. Where most
 * calls miss their deadline, it is halved at once.
 * *Guarantees*: from `floor` to `ceiling`; unchanged as long as places are free.
 */
export class AdaptiveLimit implements Limit {
  current: number;
  #ceiling: number;
  readonly #floor: number;
  /** The limit as it was learnt, with fractions. */
  #learnt: number;
  #rate = fastest;
  #direction = 0;
  #isHigh = false;
  #first: Probe | undefined = undefined;
  #isProbing = false;
  #resting = 0;
  readonly #missed = new MissedDeadlines();
  /** Calls that began under the limit before are not counted. */
  #skip = 0;
  #samples = 0;
  #full = 0;
  #sumMs = 0;

  constructor({ ceiling, floor = 2 }: AdaptiveLimitOptions) {
    this.#ceiling = ceiling;
    this.#floor = Math.min(floor, ceiling);
    this.#learnt = ceiling;
    this.current = ceiling;
  }

  acquired(): void {}

  /** Moves the ceiling: a limit that was at it stays at it, and one that was learnt below it stays where it is. */
  bound(most: number): void {
    const ceiling = Math.max(1, most);
    if (ceiling === this.#ceiling) return;
    const wasAtCeiling = this.#learnt >= this.#ceiling;
    this.#ceiling = ceiling;
    this.#learnt = wasAtCeiling ? ceiling : Math.min(this.#learnt, ceiling);
    this.#resting = 0;
    this.#isProbing = false;
    this.#hold();
  }

  released(held: number, how: Held | undefined): void {
    if (how === undefined || (how.outcome !== "ok" && how.outcome !== "deadline_exceeded")) return;
    if (this.#skip > 0) {
      this.#skip--;
      return;
    }
    const factor = this.#missed.after(how, this.current, held);
    if (factor !== undefined) return this.#jump(factor);
    this.#samples++;
    this.#sumMs += how.heldMs;
    if (held >= this.current) this.#full++;
    if (this.#samples >= Math.max(leastSamples, this.current * perPlace)) this.#windowEnds();
  }

  #jump(factor: number): void {
    this.#learnt = Math.min(this.#ceiling, Math.max(this.#floor, this.#learnt * factor));
    this.#resting = 0;
    this.#isProbing = false;
    this.#hold();
  }

  #windowEnds(): void {
    const wasFull = this.#full >= this.#samples * fullRatio;
    const probe = { limit: this.current, meanMs: this.#sumMs / this.#samples };
    const first = this.#first;
    if (!wasFull || this.#resting > 0 || this.#missed.isMost) {
      this.#resting--;
      this.#isProbing = false;
      this.#hold();
    } else if (!this.#isProbing) this.#next(undefined);
    else if (first === undefined || first.limit === probe.limit) this.#next(probe);
    else this.#learn(first, probe);
  }

  /** Measures with the other limit of the pair. */
  #next(first: Probe | undefined): void {
    this.#first = first;
    this.#isProbing = true;
    this.#isHigh = !this.#isHigh;
    const factor = this.#isHigh ? 1 + dither : 1 - dither;
    const apart = Math.max(1, this.#learnt * dither);
    this.#begin(Math.max(this.#floor, this.#learnt * factor, this.#isHigh ? this.#learnt + apart : 0));
  }

  #learn(a: Probe, b: Probe): void {
    const slope = Math.log(b.meanMs / a.meanMs) / Math.log(b.limit / a.limit);
    const push = kneeAt - Math.min(2, Math.max(-1, Number.isFinite(slope) ? slope : 0));
    const direction = Math.sign(push);
    this.#rate = direction === this.#direction ? Math.min(fastest, this.#rate * 1.2) : Math.max(slowest, this.#rate * 0.6);
    this.#direction = direction;
    this.#learnt = Math.min(this.#ceiling, Math.max(this.#floor, this.#learnt * Math.exp(this.#rate * push)));
    this.#first = undefined;
    this.#isProbing = false;
    if (this.#learnt === this.#ceiling && direction > 0) this.#rest(ceilingWindows);
    else if (this.#rate < settledRate) this.#rest(restWindows);
    else this.#next(undefined);
  }

  #rest(windows: number): void {
    this.#resting = windows;
    this.#hold();
  }

  #hold(): void {
    this.#first = undefined;
    this.#begin(this.#learnt * above);
  }

  #begin(limit: number): void {
    const next = Math.min(this.#ceiling, Math.max(this.#floor, Math.round(limit)));
    this.#skip = next === this.current ? 0 : Math.max(next, this.current);
    if (next !== this.current) this.#missed.reset();
    this.current = next;
    this.#samples = 0;
    this.#full = 0;
    this.#sumMs = 0;
  }
}

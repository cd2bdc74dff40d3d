/** A value of a query as it is kept: what its load made, and when. *Units*: milliseconds, of the clock's monotonic time. */
export interface CacheEntry {
  /** The shaped output. */
  readonly json: string;
  /** What a surface says beside it. */
  readonly head: unknown;
  readonly tags: readonly string[];
  /** When its load began: what was committed later may be missing in it. */
  readonly loadedAt: number;
  /** How long the load took. */
  readonly loadMs: number;
  readonly expiresAt: number;
  /** From when on it is not used at all. */
  readonly staleUntil: number;
  /** The moment of its load by the clock of a store that many processes share, where it was there. */
  readonly mark: string | undefined;
  /** Until when no further load is tried, because one has failed. */
  quietUntil: number;
}

/**
 * What a value may be used for. `fresh`: it is given. `early`: it is given, but one caller loads it again before it expires. `stale`: it is given while it is
 * loaded, or where that fails. `unconfirmed`: it may have been invalidated elsewhere, and is given only where the load fails. `gone`: it is not used.
 */
export type EntryState = "fresh" | "early" | "stale" | "unconfirmed" | "gone";

/** What decides on the state of a value beside the value. */
export interface EntryMoment {
  readonly now: number;
  /** In [0, 1). */
  random(): number;
  /** How long a value may be given after the last moment at which it was known not to be invalidated. */
  readonly blindMs: number;
  /** Up to when every invalidation of another process is known; infinite where there is no other. */
  readonly confirmedAt: number;
}

/** Above minus the logarithm of any random number. */
const mostSpread = 37;

/**
 * Decides what a value may be used for now.
 *
 * The nearer its end, and the longer its load takes, the more likely is an early load: so that one caller loads it before all need it. Never in the first half of
 * its time: with many readers and slow loads it would be loaded all the time.
 * *Source*: "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015, with β = 1.
 */
export function stateOf(entry: CacheEntry, { now, random, blindMs, confirmedAt }: EntryMoment): EntryState {
  if (now >= entry.staleUntil) return "gone";
  if (now - Math.max(entry.loadedAt, confirmedAt) > blindMs) return "unconfirmed";
  const left = entry.expiresAt - now;
  if (left <= 0) return "stale";
  if (left > Math.min(entry.loadMs * mostSpread, (entry.expiresAt - entry.loadedAt) / 2)) return "fresh";
  return now - entry.loadMs * Math.log(1 - random()) >= entry.expiresAt ? "early" : "fresh";
}

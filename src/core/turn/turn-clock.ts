/** The turn of the event loop in which the code runs that looks at it. *Units*: milliseconds. */
export interface Turn {
  /** Another number in each turn in which it was looked at. */
  readonly ordinal: number;
  /** When the turn began, on the time line of `now`. */
  readonly beganAt: number;
  /** The time of this look. */
  readonly now: number;
  /** How long the loop waited for something to do before this turn. Infinite where the turn before was not looked at. */
  readonly restedMs: number;
}

/**
 * Tells how long ago the event loop's turn began: the age of a request that is reached in it. Node.js reads a request only when its turn comes, so a
 * process that is behind has no request in flight that it could count; all of its queue is the work of the turn.
 */
export interface TurnClock {
  /** How many requests run code that is not compiled yet: the first ones of a process. *Default*: none. */
  readonly coldRequests?: number;
  /** Looks at the turn of now. The object may be the same at each look. `now`: the monotonic time of the app's clock, where the caller has just read it. */
  look(now?: number): Turn;
}

const still: Turn = { ordinal: 0, beganAt: 0, now: 0, restedMs: Number.POSITIVE_INFINITY };

/** A turn that does not grow older, for tests that own time: work of the machine beside them refuses nothing. */
export const stillTurn: TurnClock = { look: () => still };

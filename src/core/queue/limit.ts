import type { Code } from "../code.ts";

/** How it went for one that held a place, for limits that learn. *Units*: milliseconds. */
export interface Held {
  readonly outcome: Code | "ok";
  /** How long it held its place, what it waited for meanwhile included. */
  readonly heldMs: number;
}

/** How many may hold a place at once: a fixed number, or one that is learnt from how it went. */
export interface Limit {
  /** Asked at every decision. It may change at any time; one that fell takes no place from those that hold one. */
  readonly current: number;
  /** A place was taken, and with it so many are. */
  acquired(held: number): void;
  /** A place was returned, and so many were taken with it. `how`: undefined where it is not known. */
  released(held: number, how: Held | undefined): void;
  /** No more than so many may hold a place from now on, whatever was learnt. *Default*: what bounds it from outside is no matter of the limit. */
  bound?(most: number): void;
}

/** A limit that never changes. */
export class FixedLimit implements Limit {
  readonly current: number;

  constructor(current: number) {
    this.current = current;
  }

  acquired(): void {}

  released(): void {}
}

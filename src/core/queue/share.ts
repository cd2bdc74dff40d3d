/** What a {@link Share} is of: a limit that several processes have together. */
export interface SharedLimit {
  /** The same in every process. */
  readonly name: string;
  /** The limit of all of them. *Bounds*: from 1. */
  readonly declared: number;
  /** How many this process holds now, and cannot return at once. */
  held(): number;
  /** How many it has use for now. */
  wants(): number;
  /** The share has changed: it grants what became free, or gives up what it can. */
  changed(): void;
}

/**
 * What this process may hold of a limit that several processes have together. Its owner reads it at every decision; what lends it changes it.
 * *Guarantees*: a share that falls takes nothing from those who hold a place; no other begins before enough of them have left.
 */
export class Share {
  readonly limit: SharedLimit;
  /** How many this process may hold. */
  current = 0;
  /** The most that was held or wanted since it was last read. */
  peak = 0;
  readonly #due: () => void;

  /** `due`: called when the share should be looked at soon. */
  constructor(limit: SharedLimit, due: () => void) {
    this.limit = limit;
    this.#due = due;
  }

  /** So many are held or wanted now. */
  uses(count: number): void {
    if (count > this.peak) this.peak = count;
    if (count >= this.current && this.current < this.limit.declared) this.#due();
  }

  /** One of so many was returned. */
  returned(held: number): void {
    if (held > this.current) this.#due();
  }
}

/** Lends shares of limits that several processes have together. */
export interface Shares {
  /** Borrows a share from now on. Before the app starts. */
  borrow(limit: SharedLimit): Share;
}

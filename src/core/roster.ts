/** What a {@link Roster} holds; it keeps its own seat there. Minus one while it is on none. */
export interface Enrolled {
  seat: number;
}

/**
 * A set of what is under way. Adding and removing allocate nothing, where a `Set` that is added to and removed from makes a new table every few
 * times; each old table points at the next, so that one that has grown old keeps all that follow it, and what they held, from the young collector.
 * *Bounds*: the caller's. *Guarantees*: an entry is on one roster at a time; the order is not kept.
 */
export class Roster<E extends Enrolled> {
  readonly #entries: (E | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(entry: E): void {
    entry.seat = this.#size;
    this.#entries[this.#size++] = entry;
  }

  /** Returns false where the entry was not on it. */
  delete(entry: E): boolean {
    const { seat } = entry;
    if (seat < 0 || this.#entries[seat] !== entry) return false;
    entry.seat = -1;
    const last = this.#entries[--this.#size]!;
    // Cleared, not popped: the room is needed again in a moment.
    this.#entries[this.#size] = undefined;
    if (last !== entry) {
      this.#entries[seat] = last;
      last.seat = seat;
    }
    return true;
  }

  clear(): void {
    for (const entry of this.list()) this.delete(entry);
  }

  /** All entries of this moment: what is added or removed meanwhile changes nothing. */
  list(): readonly E[] {
    return this.#entries.slice(0, this.#size) as E[];
  }
}

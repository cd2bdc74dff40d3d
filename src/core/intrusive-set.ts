/** An entry of an {@link IntrusiveSet}: it stores its own index there, or -1 while it is in no set. */
export interface Indexed {
  index: number;
}

/**
 * A set of what is under way. Adding and removing allocate nothing, where a `Set` that is added to and removed from makes a new table every few
 * times; each old table points at the next, so that one that has grown old keeps all that follow it, and what they held, from the young collector.
 * *Bounds*: the caller's. *Guarantees*: an entry is in one set at a time; the order is not kept.
 */
export class IntrusiveSet<E extends Indexed> {
  readonly #entries: (E | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(entry: E): void {
    entry.index = this.#size;
    this.#entries[this.#size++] = entry;
  }

  /** Returns false if the entry was not in it. */
  delete(entry: E): boolean {
    const { index } = entry;
    if (index < 0 || this.#entries[index] !== entry) return false;
    entry.index = -1;
    const last = this.#entries[--this.#size]!;
    // Cleared instead of popped: the array keeps its length, because the next entry is added soon.
    this.#entries[this.#size] = undefined;
    if (last !== entry) {
      this.#entries[index] = last;
      last.index = index;
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

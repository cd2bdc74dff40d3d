/** Things that wait in keys, which are served in turn: a long key holds no other up. */
export class FairQueue<T> {
  readonly #keys = new Map<string, { readonly items: T[]; from: number }>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(key: string, item: T): void {
    this.#size++;
    const known = this.#keys.get(key);
    if (known === undefined) this.#keys.set(key, { items: [item], from: 0 });
    else known.items.push(item);
  }

  /** The first of the key whose turn it is. */
  shift(): T | undefined {
    for (const [key, waiting] of this.#keys) {
      const item = waiting.items[waiting.from++];
      this.#size--;
      const isLast = waiting.from === waiting.items.length;
      // One key alone keeps its place; of several, the one that was served goes to the end.
      if (isLast || this.#keys.size > 1) this.#keys.delete(key);
      if (!isLast && !this.#keys.has(key)) this.#keys.set(key, waiting);
      return item;
    }
    return undefined;
  }

  /** Takes everything out. */
  clear(): readonly T[] {
    const all = [...this.#keys.values()].flatMap(({ items, from }) => items.slice(from));
    this.#keys.clear();
    this.#size = 0;
    return all;
  }
}

/** The key that was served last, where keys are served in the order of their bytes from behind `after`, and then from the first one on. */
export function lastInTurn(keys: ReadonlySet<string>, after: string | undefined): string | undefined {
  const all = [...keys].map((key) => Buffer.from(key)).sort(Buffer.compare);
  const begin = after === undefined ? undefined : Buffer.from(after);
  const second = begin === undefined ? [] : all.filter((key) => Buffer.compare(key, begin) <= 0);
  return (second.at(-1) ?? all.at(-1))?.toString();
}

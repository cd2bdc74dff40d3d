/** Things that wait in lanes, which are served in turn: a long lane holds no other up. */
export class LaneQueue<T> {
  readonly #lanes = new Map<string, { readonly items: T[]; from: number }>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(lane: string, item: T): void {
    this.#size++;
    const known = this.#lanes.get(lane);
    if (known === undefined) this.#lanes.set(lane, { items: [item], from: 0 });
    else known.items.push(item);
  }

  /** The first of the lane whose turn it is. */
  shift(): T | undefined {
    for (const [lane, waiting] of this.#lanes) {
      const item = waiting.items[waiting.from++];
      this.#size--;
      const isLast = waiting.from === waiting.items.length;
      // One lane alone keeps its place; of several, the one that was served goes to the end.
      if (isLast || this.#lanes.size > 1) this.#lanes.delete(lane);
      if (!isLast && !this.#lanes.has(lane)) this.#lanes.set(lane, waiting);
      return item;
    }
    return undefined;
  }

  /** Takes everything out. */
  clear(): readonly T[] {
    const all = [...this.#lanes.values()].flatMap(({ items, from }) => items.slice(from));
    this.#lanes.clear();
    this.#size = 0;
    return all;
  }
}

/** The lane that was served last, where lanes are served in the order of their bytes from behind `after`, and then from the first one on. */
export function lastInTurn(lanes: ReadonlySet<string>, after: string | undefined): string | undefined {
  const all = [...lanes].map((lane) => Buffer.from(lane)).sort(Buffer.compare);
  const begin = after === undefined ? undefined : Buffer.from(after);
  const second = begin === undefined ? [] : all.filter((lane) => Buffer.compare(lane, begin) <= 0);
  return (second.at(-1) ?? all.at(-1))?.toString();
}

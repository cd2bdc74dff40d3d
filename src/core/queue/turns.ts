import assert from "node:assert";

/** Who waits, and whose turn is next: the fairness of a queue. */
export interface Turns<W> {
  readonly size: number;
  add(waiter: W): void;
  /** Takes out the one whose turn it is; undefined where none waits. */
  next(): W | undefined;
  /** Takes one out that waits no longer. Returns false where it is not there. */
  remove(waiter: W): boolean;
  /** Takes out one that has to make room for this one, where the queue is full; undefined where none has to. */
  displaceFor(waiter: W): W | undefined;
}

/** First come, first served; no waiter makes room. */
export class InOrder<W> implements Turns<W> {
  readonly #waiting = new Set<W>();

  get size(): number {
    return this.#waiting.size;
  }

  add(waiter: W): void {
    this.#waiting.add(waiter);
  }

  next(): W | undefined {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      return waiter;
    }
    return undefined;
  }

  remove(waiter: W): boolean {
    return this.#waiting.delete(waiter);
  }

  displaceFor(): undefined {
    return undefined;
  }
}

/**
 * Callers take turns: each has its own in order, and the next is that of the caller whose turn is longest ago. Where the queue is full, the last of the caller
 * with the most makes room for one who has fewer, so that a single caller may have all of it, but keeps no other caller out.
 * *Guarantees*: who has nothing waiting waits for one of each other caller at most.
 */
export class CallersInTurn<W extends { readonly caller?: string | undefined }> implements Turns<W> {
  #size = 0;
  /** Those who wait, by caller; whose turn is next stands first. None of them is empty. */
  readonly #callers = new Map<string, W[]>();

  get size(): number {
    return this.#size;
  }

  add(waiter: W): void {
    const caller = keyOf(waiter);
    const own = this.#callers.get(caller);
    if (own === undefined) this.#callers.set(caller, [waiter]);
    else own.push(waiter);
    this.#size++;
  }

  next(newest = false): W | undefined {
    for (const [caller, own] of this.#callers) {
      const next = newest ? own.pop() : own.shift();
      assert(next !== undefined, "a caller waits with nothing");
      // Its turn is over: it stands last again, where there is more of it.
      this.#callers.delete(caller);
      if (own.length > 0) this.#callers.set(caller, own);
      this.#size--;
      return next;
    }
    return undefined;
  }

  remove(waiter: W): boolean {
    const caller = keyOf(waiter);
    const own = this.#callers.get(caller);
    const at = own?.indexOf(waiter) ?? -1;
    if (own === undefined || at < 0) return false;
    own.splice(at, 1);
    if (own.length === 0) this.#callers.delete(caller);
    this.#size--;
    return true;
  }

  /** Takes a place from the caller that has the most, where the one who asks would still have no more than is left to them. */
  displaceFor(waiter: W): W | undefined {
    return this.#dropFrom((this.#callers.get(keyOf(waiter))?.length ?? 0) + 1);
  }

  /** Takes the last of the caller that has the most. */
  dropLast(): W | undefined {
    return this.#dropFrom(0);
  }

  #dropFrom(least: number): W | undefined {
    let most: readonly [string, W[]] | undefined;
    for (const entry of this.#callers) if (entry[1].length > (most?.[1].length ?? least)) most = entry;
    const last = most?.[1].pop();
    if (most === undefined || last === undefined) return undefined;
    if (most[1].length === 0) this.#callers.delete(most[0]);
    this.#size--;
    return last;
  }
}

function keyOf({ caller = "" }: { readonly caller?: string | undefined }): string {
  return caller;
}

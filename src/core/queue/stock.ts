import assert from "node:assert";
import type { Limit } from "./limit.ts";

/**
 * A limit of what lies in stock: a place is a thing that is handed over, and as many are free as there are things.
 * *Guarantees*: a place that was granted has a thing: the waiter that is granted one calls {@link take} before anything else, and puts back what it took before it leaves.
 */
export class Stock<T> implements Limit, Iterable<T> {
  readonly #things: T[] = [];
  #held = 0;

  get current(): number {
    return this.#held + this.#things.length;
  }

  acquired(held: number): void {
    this.#held = held;
  }

  released(held: number): void {
    this.#held = held - 1;
  }

  /** How many things lie here. */
  get size(): number {
    return this.#things.length;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#things.values();
  }

  /** Takes the thing that was put last. */
  take(): T {
    const thing = this.#things.pop();
    assert(thing !== undefined, "a place was granted, and nothing lies in stock");
    return thing;
  }

  /** Puts a thing in; those who wait get it with the next `leave` or `refill` of their queue. */
  put(thing: T): void {
    this.#things.push(thing);
  }

  /** Takes a thing out that no caller may get. Returns false where it is not here. */
  remove(thing: T): boolean {
    const at = this.#things.indexOf(thing);
    if (at >= 0) this.#things.splice(at, 1);
    return at >= 0;
  }

  /** Takes all out. */
  clear(): void {
    this.#things.length = 0;
  }
}

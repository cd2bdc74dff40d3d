import { LoadLine } from "../load-line/load-line.ts";
import type { Held, Limit } from "./limit.ts";
import type { Share } from "./share.ts";
import type { Turns } from "./turns.ts";

/** One that waits for a place. */
export interface QueuedWaiter {
  /** A place is yours now; called once, never inside the call that asked for it. */
  granted(): void;
}

/** What bounds a queue: the strategies and how many may wait. */
export interface BoundedQueueOptions<W> {
  readonly limit: Limit;
  /** How many may wait. *Bounds*: from 0. */
  readonly queue: number;
  readonly turns: Turns<W>;
  /** Where places that are taken are counted. *Default*: nowhere that is shown. */
  readonly line?: LoadLine | undefined;
}

/**
 * A bound on what holds a place at once, with a bounded queue in front. How many hold one is the strategy `limit`, whose turn is next is the strategy `turns`.
 * With {@link shareWith}, both bounds are those of several processes, and this one has a share of each.
 * *Guarantees*: none is granted a place while `limit.current` hold one; never more than `queue` wait; none waits while a place is free, once {@link leave} or
 * {@link refill} has returned. Each waiter is granted, displaced or removed, once. Taking a free place waits for nothing and allocates nothing.
 */
export class BoundedQueue<W extends QueuedWaiter> {
  readonly limit: Limit;
  readonly #queue: number;
  readonly #turns: Turns<W>;
  readonly line: LoadLine;
  #places: Share | undefined = undefined;
  #room: Share | undefined = undefined;
  #held = 0;
  #isOpen = false;

  constructor({ limit, queue, turns, line }: BoundedQueueOptions<W>) {
    this.limit = limit;
    this.line = line ?? new LoadLine({ name: "places", unit: "places" });
    this.#queue = queue;
    this.#turns = turns;
  }

  /** Has shares of limits of several processes from now on: of its places, and of the room for those who wait. */
  shareWith({ places, room }: { readonly places?: Share | undefined; readonly room?: Share | undefined }): void {
    this.#places = places;
    this.#room = room;
  }

  /** How many may hold a place now. */
  get most(): number {
    const { current } = this.limit;
    return this.#places === undefined ? current : Math.min(current, this.#places.current);
  }

  /** How many may wait now. */
  get room(): number {
    return this.#room === undefined ? this.#queue : this.#room.current;
  }

  /** How many hold a place. */
  get running(): number {
    return this.#held;
  }

  /** How many wait for one. */
  get waiting(): number {
    return this.#turns.size;
  }

  /**
   * Whether every caller gets a place at once, whatever the limit; those who wait get theirs when it becomes so. When it is over, those who hold one above the
   * limit keep it, and no other gets one before enough of them have left.
   */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  set isOpen(isOpen: boolean) {
    this.#isOpen = isOpen;
    this.refill();
  }

  /** Takes a place where one is free and no other waits for it. Returns false where it must wait: then call {@link add}. */
  tryEnter(): boolean {
    if ((this.#held >= this.most || this.#turns.size > 0) && !this.#isOpen) return false;
    this.enterOver();
    return true;
  }

  /** Takes a place whatever the limit. */
  enterOver(): void {
    const held = ++this.#held;
    this.line.admits(held);
    this.limit.acquired(held);
    this.#places?.uses(held);
  }

  /** Waits for a place. Returns false where no more may wait. */
  add(waiter: W): boolean {
    if (this.#turns.size >= this.room) {
      this.#room?.uses(this.#turns.size + 1);
      this.#places?.uses(this.#held + this.#turns.size + 1);
      return false;
    }
    this.addOver(waiter);
    return true;
  }

  /** Waits for a place however many wait: for a caller that asked the line of the queue itself, which may be only measured. */
  addOver(waiter: W): void {
    this.#turns.add(waiter);
    this.#room?.uses(this.#turns.size);
    this.#places?.uses(this.#held + this.#turns.size);
  }

  /** Waits in the place of another, where the turns say that it has to make room. Returns the other. */
  displace(waiter: W): W | undefined {
    const displaced = this.#turns.displaceFor(waiter);
    if (displaced !== undefined) this.#turns.add(waiter);
    return displaced;
  }

  /** Gives up a place in the queue. Returns false where there is none any more: what was granted is left instead. */
  forget(waiter: W): boolean {
    return this.#turns.remove(waiter);
  }

  /** Takes out all who wait, in their turns, for what can be granted no longer. Each is the caller's to answer. */
  takeOut(): readonly W[] {
    const waiters: W[] = [];
    for (let next = this.#turns.next(); next !== undefined; next = this.#turns.next()) waiters.push(next);
    return waiters;
  }

  /** Returns a place, once for each that was taken; those whose turn it is get what is free. */
  leave(how?: Held): void {
    this.#places?.returned(this.#held);
    this.limit.released(this.#held--, how);
    if (this.#turns.size > 0) this.refill();
  }

  /** Grants what is free: for a limit that has risen by itself. */
  refill(): void {
    while (this.#held < this.most || this.#isOpen) {
      const next = this.#turns.next();
      if (next === undefined) return;
      this.grant(next);
    }
  }

  /** Gives a place to one who waited. */
  protected grant(waiter: W): void {
    this.enterOver();
    waiter.granted();
  }
}

import assert from "node:assert";
import type { Clock, Timer } from "./clock.ts";

const tickMs = 8;
const slots = 1024;

/** What a {@link DeadlineWheel} holds: it calls `expire` once, at or up to two ticks after the deadline, unless it was removed before. */
export interface Expiring {
  /** When, in the clock's monotonic milliseconds. */
  readonly deadlineAt: number;
  expire(): void;
  /** Links of the wheel's own lists; no other code changes them. */
  wheelNext: Expiring | undefined;
  wheelPrevious: Expiring | undefined;
  wheelSlot: number;
}

/**
 * Holds every deadline of a process on one timer: adding and removing cost a few assignments, whatever the number held.
 * *Units*: milliseconds. *Guarantees*: never early; at most two ticks of 8 ms late on an idle loop.
 * *Source*: Varghese and Lauck, "Hashed and hierarchical timing wheels" (1987), scheme 6.
 */
export class DeadlineWheel {
  readonly #clock: Clock;
  readonly #heads: (Expiring | undefined)[] = new Array(slots).fill(undefined);
  #held = 0;
  #tick: number;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tick = Math.floor(clock.monotonic() / tickMs);
  }

  /** How many deadlines are held now. */
  get size(): number {
    return this.#held;
  }

  /** Holds a deadline. `now`: the monotonic time, where the caller has just read it. */
  add(entry: Expiring, now?: number): void {
    assert(entry.wheelSlot === -1, "a deadline is on the wheel already");
    if (this.#held === 0) this.#tick = Math.floor((now ?? this.#clock.monotonic()) / tickMs);
    const tick = Math.max(Math.ceil(entry.deadlineAt / tickMs), this.#tick + 1);
    const slot = tick % slots;
    const head = this.#heads[slot];
    entry.wheelSlot = slot;
    entry.wheelNext = head;
    entry.wheelPrevious = undefined;
    if (head) head.wheelPrevious = entry;
    this.#heads[slot] = entry;
    this.#held++;
    if (this.#timer === undefined) this.#arm();
  }

  remove(entry: Expiring): void {
    if (entry.wheelSlot === -1) return;
    if (entry.wheelPrevious) entry.wheelPrevious.wheelNext = entry.wheelNext;
    else this.#heads[entry.wheelSlot] = entry.wheelNext;
    if (entry.wheelNext) entry.wheelNext.wheelPrevious = entry.wheelPrevious;
    entry.wheelNext = undefined;
    entry.wheelPrevious = undefined;
    entry.wheelSlot = -1;
    this.#held--;
  }

  #arm(): void {
    this.#timer = this.#clock.schedule(tickMs, () => {
      this.#timer = undefined;
      this.#advance();
      // An idle wheel keeps its timer for one more tick only: a busy process must not make a timer for each request.
      if (this.#held > 0) this.#arm();
    });
  }

  #advance(): void {
    const now = this.#clock.monotonic();
    const target = Math.floor(now / tickMs);
    // After a long pause every slot is looked at once; walking the same slot twice would find nothing new.
    const from = Math.max(this.#tick + 1, target - slots + 1);
    for (let tick = from; tick <= target; tick++) {
      // Set before it expires anything: what is added meanwhile, due already, must land on a tick that is still to come.
      this.#tick = tick;
      this.#expireSlot(tick % slots, now);
    }
  }

  #expireSlot(slot: number, now: number): void {
    const due: Expiring[] = [];
    for (let entry = this.#heads[slot]; entry; entry = entry.wheelNext) if (entry.deadlineAt <= now) due.push(entry);
    for (const entry of due) {
      // An entry that expired before it in this loop may have removed it or put it back with a later deadline.
      if (entry.wheelSlot !== slot || entry.deadlineAt > now) continue;
      this.remove(entry);
      entry.expire();
    }
  }
}

const shared = new WeakMap<Clock, DeadlineWheel>();

/** The wheel that all who need one on the same clock share: one timer, however many they are. */
export function sharedWheel(clock: Clock): DeadlineWheel {
  const held = shared.get(clock);
  if (held !== undefined) return held;
  const wheel = new DeadlineWheel(clock);
  shared.set(clock, wheel);
  return wheel;
}

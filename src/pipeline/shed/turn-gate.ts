import type { TurnClock } from "../../core/turn/turn-clock.ts";

/** How important a request is to the gate: 0 is refused first. */
export type Rank = 0 | 1 | 2;

/** What a {@link TurnGate} decides by. *Units*: milliseconds. */
export interface TurnGateOptions {
  readonly turns: TurnClock;
  /** The oldest turn in which a request still begins. */
  readonly ageMs: number;
  /** How long the loop has work without a pause before that is a queue, and not a burst. */
  readonly standingMs: number;
}

/** The part of the age that each rank may use. */
const shares: readonly [number, number, number] = [0.25, 0.5, 1];
/** A shorter wait of the loop is the call itself, with events there already. */
const pauseMs = 0.1;
/** How long after its last refusal the gate stays strict. */
const calmMs = 1_000;
const halved = 0.5;
const leastRoom = 0.05;
const regained = 0.1;

/**
 * Refuses what the event loop reaches too late in its turn, the least important first.
 *
 * The longest single step of a turn (a collection of garbage, a handler that computes, a process that got no processor) does not count for its age, nor does
 * work of a lower rank. While a queue stands (the loop has had work for `standingMs` without a pause, the longest step again not counted) a request may begin
 * up to `ageMs` into the turn, and one of a lower rank up to a half or a quarter of that; without a queue up to twice as much. Where a rank is reached later
 * than the one below it may begin, the one below gets half the room, and regains it slowly. What has waited for half of its deadline never begins.
 * *Guarantees*: after a refusal nothing of the same rank or a lower one begins in the same turn.
 * *Source*: the interval of CoDel (RFC 8289 section 3) for what is a queue.
 */
export class TurnGate {
  readonly #turns: TurnClock;
  readonly #ageMs: number;
  readonly #standingMs: number;
  /** What the last decision saw, for the refusal. */
  age = 0;
  /** The age up to which the last one might have begun. */
  bound = 0;
  /** Whether a queue stands. */
  isStrict = false;
  #ordinal = -1;
  #lookedAt = 0;
  #busySince = 0;
  #longestStep = 0;
  #longestInTurn = 0;
  #lastRefusedAt = Number.NEGATIVE_INFINITY;
  /** The highest rank that was refused in this turn. */
  #refused = -1;
  /** What follows the last look until the next belongs to it. */
  #running: Rank | -1 = -1;
  readonly #worked: [number, number, number] = [0, 0, 0];
  readonly #oldest: [number, number, number] = [0, 0, 0];
  readonly #room: [number, number, number] = [1, 1, 1];

  constructor({ turns, ageMs, standingMs }: TurnGateOptions) {
    this.#turns = turns;
    this.#ageMs = ageMs;
    this.#standingMs = standingMs;
  }

  /** Whether a request of this rank may begin now. *Units* of `deadlineMs`: milliseconds. */
  admits(rank: Rank, deadlineMs: number): boolean {
    this.#look();
    const own = this.age - this.#workBelow(rank);
    if (this.age > this.#oldest[rank]) this.#oldest[rank] = this.age;
    this.bound = this.#boundOf(rank, deadlineMs);
    const seen = this.age > deadlineMs / 2 ? this.age : own - this.#longestInTurn;
    if (seen <= this.bound && this.bound > 0 && rank > this.#refused) {
      this.#running = rank;
      return true;
    }
    if (rank > this.#refused) this.#refused = rank;
    this.#lastRefusedAt = this.#lookedAt;
    this.#running = -1;
    return false;
  }

  /** What was admitted is refused by another gate: what follows is not its work. */
  release(): void {
    this.#running = -1;
  }

  #boundOf(rank: Rank, deadlineMs: number): number {
    const share = shares[rank];
    return this.isStrict
      ? Math.min(deadlineMs / 4, this.#ageMs) * share * this.#room[rank]
      : Math.min(deadlineMs / 2, this.#ageMs * 2) * share;
  }

  #look(): void {
    const turn = this.#turns.look();
    if (turn.ordinal !== this.#ordinal) {
      this.#turnEnds();
      this.#ordinal = turn.ordinal;
      if (turn.restedMs >= pauseMs) this.#pause(turn.beganAt);
    }
    const step = turn.now - this.#lookedAt;
    this.#lookedAt = turn.now;
    this.age = turn.now - turn.beganAt;
    if (step > this.#longestStep) this.#longestStep = step;
    const inTurn = Math.min(step, this.age);
    if (inTurn > this.#longestInTurn) this.#longestInTurn = inTurn;
    if (this.#running >= 0) this.#worked[this.#running as Rank] += inTurn;
    if (turn.now - this.#busySince - this.#longestStep >= this.#standingMs) this.isStrict = true;
  }

  /** The loop had nothing to do before this turn: no queue stands. */
  #pause(beganAt: number): void {
    this.#busySince = beganAt;
    this.#lookedAt = beganAt;
    this.#longestStep = 0;
    if (beganAt - this.#lastRefusedAt >= calmMs) this.isStrict = false;
  }

  #turnEnds(): void {
    this.#shareRoom();
    this.#refused = -1;
    this.#running = -1;
    this.#longestInTurn = 0;
    this.#worked.fill(0);
    this.#oldest.fill(0);
  }

  /** A rank that is reached later than the one below may begin is crowded by it. */
  #shareRoom(): void {
    if (!this.isStrict) return;
    const [, normal, critical] = this.#oldest;
    const room = this.#room;
    if (critical > shares[1] * this.#ageMs) this.#squeeze(room[0] > 0 ? 0 : 1);
    else if (normal > shares[0] * this.#ageMs) this.#squeeze(0);
    else if (room[1] < 1) room[1] = Math.min(1, room[1] + regained);
    else if (room[0] < 1) room[0] = Math.min(1, room[0] + regained);
  }

  #squeeze(rank: 0 | 1): void {
    const left = this.#room[rank] * halved;
    this.#room[rank] = left < leastRoom ? 0 : left;
  }

  #workBelow(rank: Rank): number {
    const [sheddable, normal] = this.#worked;
    return rank === 0 ? 0 : rank === 1 ? sheddable : sheddable + normal;
  }
}

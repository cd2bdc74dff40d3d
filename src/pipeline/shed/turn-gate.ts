import type { TurnClock } from "../../core/turn/turn-clock.ts";
import { CriticalLoad, leastOfDeadline } from "./critical-load.ts";

/** How important a request is to the gate: 0 is refused first. */
export type Rank = 0 | 1 | 2;

/** What a {@link TurnGate} decides by. *Units*: milliseconds. */
export interface TurnGateOptions {
  readonly turns: TurnClock;
  /** The oldest turn in which a request of each rank still begins while a queue stands. */
  readonly agesMs: readonly [number, number, number];
  /** Called with how long the loop worked after what was admitted last, or refused after that, when that is known. */
  readonly worked?: (ms: number, now: number) => void;
  /** How long the loop has work without a pause before that is a queue, and not a burst. */
  readonly standingMs: number;
}

/** A shorter wait of the loop is the call itself, with events there already. */
const pauseMs = 0.1;
/** How long the gate looks whether there was time for what it refused. */
const lookBackMs = 500;
const smoothing = 0.05;
/** The part of its deadline up to which a request of each rank begins: what follows in the same turn takes as long again. */
const deadlineParts: readonly [number, number, number] = [0.25, 0.25, leastOfDeadline];
/** What a long step has kept for more than this part never begins. */
const inVain = 0.5;
/** So many times as old may a turn be where no queue stands. */
const withoutQueue: readonly [number, number, number] = [1, 2, 2];
const halved = 0.5;
const leastRoom = 0.05;
/** Of the age up to which the rank below begins: a critical request that is reached later is crowded. */
const crowded = 0.3;
const regained = 0.05;

/**
 * Refuses what the event loop reaches too late in its turn, the least important first.
 *
 * The longest single step of a turn (a collection of garbage, a handler that computes, a process that got no processor) does not count for its age, nor does
 * work of a lower rank, nor the refusals of tenants that have had too much. While a queue stands (the loop has had work for `standingMs` without a pause, the longest step again not counted) a request may begin
 * up to the age of its rank; without a queue up to twice as much, unless it is of the lowest. Where requests are crowded (reached later than the rank below
 * may begin, critical ones earlier), the rank below gets half the room, and regains it slowly. What has waited for half of its deadline never begins. While critical
 * requests alone need less than the loop has, these wait for up to 0.7 of theirs: a burst, which is worked off. A queue stands until the loop had pauses in
 * which all that was refused would have had its time.
 *
 * The first requests of a process take many times as long as those that follow, and a queue of them goes away by itself: until the cold ones have begun, only the
 * part of their deadline counts, except for those of the lowest rank.
 * *Guarantees*: after a refusal nothing of the same rank or a lower one begins in the same turn.
 * *Source*: the interval of CoDel (RFC 8289 section 3) for what is a queue.
 */
export class TurnGate {
  readonly #turns: TurnClock;
  readonly #agesMs: readonly [number, number, number];
  readonly #standingMs: number;
  readonly #onWork: ((ms: number, now: number) => void) | undefined;
  /** What the last decision saw, for the refusal. */
  age = 0;
  /** The age up to which the last one might have begun. */
  bound = 0;
  /** Whether a queue stands. */
  isStrict = false;
  /** The number of the turn in which it decided last. */
  ordinal = -1;
  /** When it decided last. */
  lookedAt = 0;
  readonly #critical = new CriticalLoad();
  /** How many requests are still to come of a process that is cold. */
  #cold: number;
  #beganAt = 0;
  #busySince = 0;
  #longestStep = 0;
  #longestInTurn = 0;
  /** Since the gate last looked whether to stay strict. */
  #since = 0;
  #restedMs = 0;
  #refusals = 0;
  /** How long the loop worked after what it admitted, on average. */
  #workMs = 0;
  /** The highest rank that was refused in this turn. */
  #refused = -1;
  /** What follows the last look until the next belongs to it. */
  #running: Rank | -1 = -1;
  /** It was refused after it was admitted, as others of this turn were, for so long. */
  #refusing = false;
  #refusingMs = 0;
  readonly #worked: [number, number, number] = [0, 0, 0];
  readonly #oldest: [number, number, number] = [0, 0, 0];
  readonly #room: [number, number, number] = [1, 1, 1];

  constructor({ turns, agesMs, standingMs, worked }: TurnGateOptions) {
    this.#cold = turns.coldRequests ?? 0;
    this.#onWork = worked;
    this.#turns = turns;
    this.#agesMs = agesMs;
    this.#standingMs = standingMs;
  }

  /** Whether a request of this rank may begin now, which is the time `now` where the caller has just read it. *Units* of `deadlineMs`: milliseconds. */
  admits(rank: Rank, deadlineMs: number, now?: number): boolean {
    this.#look(now);
    const own = this.age - this.#workBelow(rank) - this.#refusingMs;
    if (this.age > this.#oldest[rank]) this.#oldest[rank] = this.age;
    this.bound = this.#boundOf(rank, deadlineMs);
    const seen = this.age > deadlineMs * this.#vainFrom(rank) ? this.age : own - this.#longestInTurn;
    if (seen <= this.bound && this.bound > 0 && rank > this.#refused) {
      if (this.#cold > 0) this.#cold--;
      this.#running = rank;
      return true;
    }
    if (rank > this.#refused) this.#refused = rank;
    if (rank === 2) this.#critical.refused();
    this.#refusals++;
    this.#running = -1;
    return false;
  }

  /** What was admitted is refused for another reason of the same overload: what follows is no work, but the cost of a refusal. */
  refused(): void {
    this.#refusing = true;
    this.#refusals++;
  }

  #boundOf(rank: Rank, deadlineMs: number): number {
    if (this.#cold > 0 && rank > 0) return deadlineMs * deadlineParts[rank];
    const ageMs = Math.min(deadlineMs * deadlineParts[rank], this.#agesMs[rank]);
    if (!this.isStrict) return ageMs * withoutQueue[rank];
    if (rank < 2) return ageMs * this.#room[rank];
    return this.#critical.boundOf(deadlineMs, this.#agesMs[2]);
  }

  /** The part of its deadline after which a request is in vain. */
  #vainFrom(rank: Rank): number {
    return rank === 2 && this.isStrict ? Math.max(inVain, this.#critical.deadlinePart) : inVain;
  }

  #look(now: number | undefined): void {
    const turn = this.#turns.look(now);
    if (turn.ordinal !== this.ordinal) {
      this.#turnEnds(turn.beganAt - turn.restedMs);
      this.#critical.turnEnds(turn.beganAt - this.#beganAt);
      this.#beganAt = turn.beganAt;
      this.ordinal = turn.ordinal;
      if (turn.restedMs >= pauseMs) this.#pause(turn.beganAt, turn.restedMs);
    }
    const step = turn.now - this.lookedAt;
    this.lookedAt = turn.now;
    this.age = turn.now - turn.beganAt;
    if (step > this.#longestStep) this.#longestStep = step;
    const inTurn = Math.min(step, this.age);
    if (inTurn > this.#longestInTurn) this.#longestInTurn = inTurn;
    if (this.#running >= 0) {
      if (this.#refusing) this.#refusingMs += inTurn;
      else this.#worked[this.#running as Rank] += inTurn;
      this.#learn(inTurn);
      this.#refusing = false;
    }
    if (this.#cold > 0) this.#busySince = turn.now;
    else if (turn.now - this.#busySince - this.#longestStep >= this.#standingMs) this.isStrict = true;
  }

  #learn(workMs: number): void {
    this.#onWork?.(workMs, this.lookedAt);
    if (this.#refusing) return;
    if (this.#running === 2) this.#critical.worked(workMs);
    this.#workMs = this.#workMs === 0 ? workMs : this.#workMs + (workMs - this.#workMs) * smoothing;
  }

  /** The loop had nothing to do before this turn: no queue stands. */
  #pause(beganAt: number, restedMs: number): void {
    this.#busySince = beganAt;
    this.lookedAt = beganAt;
    this.#longestStep = 0;
    if (Number.isFinite(restedMs)) this.#restedMs += restedMs;
    if (beganAt - this.#since < lookBackMs) return;
    // There was time for all that was refused: the overload is over.
    if (this.#restedMs >= this.#refusals * this.#workMs) this.isStrict = false;
    this.#since = beganAt;
    this.#restedMs = 0;
    this.#refusals = 0;
  }

  /** *Units* of `endedAt`: milliseconds; below zero where it is not known. */
  #turnEnds(endedAt: number): void {
    if (this.#running >= 0 && endedAt >= this.lookedAt) this.#learn(endedAt - this.lookedAt);
    this.#shareRoom();
    this.#refused = -1;
    this.#running = -1;
    this.#refusing = false;
    this.#refusingMs = 0;
    this.#longestInTurn = 0;
    this.#worked.fill(0);
    this.#oldest.fill(0);
  }

  /** A rank that is reached later than the one below may begin is crowded by it. */
  #shareRoom(): void {
    if (!this.isStrict) return;
    const [, normal, critical] = this.#oldest;
    const room = this.#room;
    if (critical > this.#agesMs[1] * crowded) this.#squeeze(room[0] > 0 ? 0 : 1);
    else if (normal > this.#agesMs[0]) this.#squeeze(0);
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

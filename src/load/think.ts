import assert from "node:assert";
import { seededRandom } from "../core/clock.ts";
import type { Schedule } from "./schedule.ts";

/** How long users pause between two calls: log-normal, as people do. */
export interface ThinkTime {
  /** From one call of a user to the next. *Units*: milliseconds. *Bounds*: above 0. */
  readonly meanMs: number;
  /** The standard deviation, as a part of the mean. 0: each pause is as long as the mean. *Bounds*: from 0. *Default*: 0.5. */
  readonly variation?: number;
}

/** Refuses pauses that cannot be. */
export function checkThinkTime({ meanMs, variation = 0.5 }: ThinkTime): void {
  assert(meanMs > 0 && Number.isFinite(meanMs), `think.meanMs is a number of milliseconds above 0, not ${meanMs}`);
  assert(variation >= 0 && Number.isFinite(variation), `think.variation is a number from 0 up, not ${variation}`);
}

/** How many users, each with its pauses, call at a rate. *Units*: calls per second. */
export function usersAt({ meanMs }: ThinkTime, rate: number): number {
  return Math.max(1, Math.round((rate * meanMs) / 1_000));
}

/**
 * Plans the calls of users who pause between them. A user's next call is due at the time of its last one and a pause, whether or not that one was answered: no
 * user waits for the app, so a slow app gets no fewer calls. Users are under way when the run starts, each somewhere in a pause.
 * *Guarantees*: the same seed gives the same calls. The pauses are scaled by less than a user's share, so that the rate is met.
 */
export function thinkingUsers(
  think: ThinkTime,
  { rate, seconds, seed }: { readonly rate: number; readonly seconds: number; readonly seed: number },
): Schedule {
  const users = usersAt(think, rate);
  return {
    seconds,
    expected: rate * seconds,
    times: () => timesOf({ ...think, meanMs: (users * 1_000) / rate }, { users, seconds, seed }),
  };
}

function* timesOf(
  { meanMs, variation = 0.5 }: ThinkTime,
  { users, seconds, seed }: { readonly users: number; readonly seconds: number; readonly seed: number },
): IterableIterator<number> {
  const random = seededRandom(seed);
  const square = Math.log1p(variation ** 2);
  const location = Math.log(meanMs) - square / 2;
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const pause = (longer: number) => Math.exp(location + longer + Math.sqrt(square) * normal());
  // A moment falls into a long pause more often than into a short one: pauses in proportion to their length are log-normal too, with this location.
  const due = Float64Array.from({ length: users }, () => random() * pause(square)).sort();
  for (; due[0]! < seconds * 1_000; sink(due)) {
    yield due[0]!;
    due[0]! += pause(0);
  }
}

/** Lets the first of a heap down to its place. */
function sink(heap: Float64Array): void {
  const value = heap[0]!;
  let at = 0;
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= value) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = value;
}

import { seededRandom } from "../../../src/core/clock.ts";
import type { Limit } from "../../../src/core/queue/limit.ts";

/** A callee with places, whose calls end at their deadline at the latest. *Units*: milliseconds. */
export interface TimedCallee {
  readonly places: number;
  readonly deadlineMs: number;
  readonly serviceMs: (atMs: number, random: () => number) => number;
  /** How many calls there are at once, of which the limit lets some begin. */
  readonly demand: (atMs: number) => number;
}

interface Call {
  readonly startedAt: number;
  servedAt: number | undefined;
  endsAt: number;
}

/** Sends a callee what a limit allows of what there is, in virtual time. Returns the calls in time of each second, and the limit after it. */
export function driveTimed(
  limit: Limit,
  { places, deadlineMs, serviceMs, demand }: TimedCallee,
  { seconds, seed = 1 }: { readonly seconds: number; readonly seed?: number },
) {
  const random = seededRandom(seed);
  const calls = new Set<Call>();
  const inTime: number[] = [];
  const limits: number[] = [];
  let [now, done, busy] = [0, 0, 0];
  const serve = () => {
    for (const call of calls) {
      if (busy >= places) return;
      if (call.servedAt !== undefined) continue;
      call.servedAt = now;
      call.endsAt = Math.min(call.endsAt, now + serviceMs(now, random));
      busy++;
    }
  };
  const fill = () => {
    while (calls.size < Math.min(limit.current, demand(now))) {
      limit.acquired(calls.size + 1);
      calls.add({ startedAt: now, servedAt: undefined, endsAt: now + deadlineMs });
    }
    serve();
  };
  fill();
  while (limits.length < seconds) {
    let next: Call | undefined;
    for (const call of calls) if (next === undefined || call.endsAt < next.endsAt) next = call;
    // The demand may rise while nothing runs.
    now = next === undefined ? now + 1 : next.endsAt;
    while (limits.length < Math.floor(now / 1_000)) {
      limits.push(limit.current);
      inTime.push(done);
      done = 0;
    }
    if (next !== undefined) {
      const held = calls.size;
      calls.delete(next);
      if (next.servedAt !== undefined) busy--;
      const heldMs = now - next.startedAt;
      const isInTime = heldMs < deadlineMs;
      if (isInTime) done++;
      limit.released(held, { outcome: isInTime ? "ok" : "deadline_exceeded", heldMs });
    }
    fill();
  }
  return { inTime, limits };
}

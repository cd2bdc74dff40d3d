import { seededRandom } from "../../../src/core/clock.ts";
import type { Limit } from "../../../src/core/queue/limit.ts";

/** A callee with a fixed number of places, before which calls wait in order. *Units*: milliseconds. */
export interface Callee {
  readonly places: number;
  readonly serviceMs: (atMs: number, random: () => number) => number;
}

/**
 * Sends a callee as many calls as a limit allows, all the time, in virtual time. Returns the limit after each second.
 * *Default* of `demand`, the calls that are there at once: more than any limit.
 */
export function drive(
  limit: Limit,
  { places, serviceMs }: Callee,
  { seconds, seed = 1, demand = Number.POSITIVE_INFINITY }: { readonly seconds: number; readonly seed?: number; readonly demand?: number },
): number[] {
  const random = seededRandom(seed);
  const busy: { startedAt: number; endsAt: number }[] = [];
  const waiting: number[] = [];
  const limits: number[] = [];
  let now = 0;
  let held = 0;
  const serve = (startedAt: number) => {
    const call = { startedAt, endsAt: now + serviceMs(now, random) };
    const at = busy.findIndex(({ endsAt }) => endsAt > call.endsAt);
    busy.splice(at < 0 ? busy.length : at, 0, call);
  };
  const fill = () => {
    while (held < Math.min(limit.current, demand)) {
      limit.acquired(++held);
      if (busy.length < places) serve(now);
      else waiting.push(now);
    }
  };
  fill();
  while (now < seconds * 1_000) {
    const done = busy.shift()!;
    now = done.endsAt;
    limit.released(held--, { outcome: "ok", heldMs: now - done.startedAt });
    const next = waiting.shift();
    if (next !== undefined) serve(next);
    fill();
    while (limits.length < Math.floor(now / 1_000)) limits.push(limit.current);
  }
  return limits;
}

import { limits } from "../../core/limits.ts";
import type { MissedTicks } from "../../operation/durable/schedule.ts";
import type { Cron } from "./cron.ts";

/** What is to be done about the ticks that are due. */
export interface DueTicks {
  /** Each starts a task; the oldest first. May be empty. */
  readonly ticks: readonly number[];
  /** Up to here nothing is due any more. */
  readonly to: number;
  /** Whether there were ticks that start nothing. */
  readonly passedOver: boolean;
}

/**
 * Works out which ticks after the last one start tasks; undefined where none is due. Pure.
 * *Units*: milliseconds since the epoch, durable time. *Bounds*: `limits.scheduleBatch` ticks; what is left is due the next time.
 */
export function dueTicks(
  cron: Cron,
  { last, now, missed }: { readonly last: number; readonly now: number; readonly missed: MissedTicks },
): DueTicks | undefined {
  const first = cron.next(last);
  if (first > now) return undefined;
  const back = missed === "all" ? limits.scheduleCatchUpMs : limits.scheduleGraceMs;
  const ticks = ticksBetween(cron, Math.max(last, now - back - 1), now);
  const [earliest] = ticks;
  if (earliest !== undefined) return { ticks, to: ticks.at(-1)!, passedOver: first < earliest };
  // At least the first one is there.
  const latest = cron.last(last, now)!;
  return missed === "once" ? { ticks: [latest], to: latest, passedOver: first < latest } : { ticks, to: latest, passedOver: true };
}

function ticksBetween(cron: Cron, after: number, until: number): readonly number[] {
  const ticks: number[] = [];
  for (let tick = cron.next(after); tick <= until && ticks.length < limits.scheduleBatch; tick = cron.next(tick)) ticks.push(tick);
  return ticks;
}

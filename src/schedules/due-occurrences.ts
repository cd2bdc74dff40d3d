import { limits } from "../core/limits.ts";
import type { MissedOccurrences } from "../operation/durable/schedule.ts";
import type { Cron } from "./cron.ts";

/** What is to be done about the occurrences that are due. */
export interface DueOccurrences {
  /** Each starts a task; the oldest first. May be empty. */
  readonly occurrences: readonly number[];
  /** Up to here nothing is due any more. */
  readonly to: number;
  /** Whether there were occurrences that start nothing. */
  readonly passedOver: boolean;
}

/**
 * Works out which occurrences after the last one start tasks; undefined where none is due. Pure.
 * *Units*: milliseconds since the epoch, durable time. *Bounds*: `limits.scheduleBatch` occurrences; what is left is due the next time.
 */
export function dueOccurrences(
  cron: Cron,
  { last, now, missed }: { readonly last: number; readonly now: number; readonly missed: MissedOccurrences },
): DueOccurrences | undefined {
  const first = cron.next(last);
  if (first > now) return undefined;
  const back = missed === "all" ? limits.scheduleCatchUpMs : limits.scheduleGraceMs;
  const occurrences = occurrencesBetween(cron, Math.max(last, now - back - 1), now);
  const [earliest] = occurrences;
  if (earliest !== undefined) return { occurrences, to: occurrences.at(-1)!, passedOver: first < earliest };
  // Defined, because `first` is due.
  const latest = cron.last(last, now)!;
  return missed === "once"
    ? { occurrences: [latest], to: latest, passedOver: first < latest }
    : { occurrences, to: latest, passedOver: true };
}

function occurrencesBetween(cron: Cron, after: number, until: number): readonly number[] {
  const occurrences: number[] = [];
  for (
    let occurrence = cron.next(after);
    occurrence <= until && occurrences.length < limits.scheduleBatch;
    occurrence = cron.next(occurrence)
  )
    occurrences.push(occurrence);
  return occurrences;
}

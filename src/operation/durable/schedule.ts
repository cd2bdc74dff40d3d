import type { AnySchema, Input } from "../../core/schema/standard.ts";
import type { Durable } from "./start.ts";

/**
 * What happens after missed occurrences, which no worker noticed. `skip` starts no task, `once` starts one for the last of them, and `all` starts one for
 * each of the last week, the oldest first. An occurrence that a worker notices within a minute is on time.
 */
export type MissedOccurrences = "skip" | "once" | "all";

/** What `schedule` takes: when it occurs, and which task it starts with which input. */
export interface ScheduleSpec<I extends AnySchema> {
  /** One line for documents. */
  readonly summary?: string;
  /** The cron expression: minute, hour, day of the month, month, day of the week; with six fields, the first is the second. Or `@hourly`, `@daily`, `@weekly` … */
  readonly cron: string;
  /** A name of the IANA database. *Default*: `UTC`. */
  readonly timeZone?: string;
  readonly task: Durable<I>;
  /** The input of the task: a value for all occurrences, or a function of the occurrence's time. */
  readonly input: NoInfer<Input<I>> | ((occurrence: Date) => NoInfer<Input<I>>);
  /** *Default*: `once`. */
  readonly missed?: MissedOccurrences;
  /** The tenant of its tasks. *Default*: none. */
  readonly tenant?: string;
  /** *Default*: the task's. *Bounds*: 0 to 9. */
  readonly priority?: number;
}

/** The declaration of a schedule: when it starts which task. */
export interface Schedule {
  readonly kind: "schedule";
  readonly name: string;
  readonly spec: ScheduleSpec<AnySchema>;
}

/**
 * Declares a schedule. A module lists it in `schedules`.
 * *Guarantees*: every occurrence starts one task in all processes together, whichever of them crash, and never before its time by the database's clock.
 * @example
 * export const nightly = schedule("orders.nightly-report", {
 *   cron: "0 2 * * *", timeZone: "Europe/Berlin", task: report, input: (occurrence) => ({ until: occurrence.toISOString() }),
 * });
 */
export function schedule<I extends AnySchema>(name: string, spec: ScheduleSpec<I>): Schedule {
  // Its input was checked against its own task; from here on the schema of the task decides.
  return { kind: "schedule", name, spec: spec as unknown as ScheduleSpec<AnySchema> };
}

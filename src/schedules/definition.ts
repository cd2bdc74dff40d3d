import { Fault } from "../core/fault.ts";
import type { MissedOccurrences, Schedule } from "../operation/durable/schedule.ts";
import type { Durable } from "../operation/durable/start.ts";
import { isDurable } from "../operation/kind.ts";
import { isPriority } from "../tasks/definition.ts";
import { type Cron, cron } from "./cron.ts";

/** A schedule with everything filled in that its spec leaves out. */
export interface ScheduleDefinition {
  readonly name: string;
  readonly cron: Cron;
  /** Expression and time zone: schedules with the same rule have the same occurrences. */
  readonly rule: string;
  readonly task: Durable;
  readonly missed: MissedOccurrences;
  readonly tenant: string | undefined;
  readonly priority: number | undefined;
  inputAt(occurrence: number): unknown;
}

const missedOccurrences: ReadonlySet<string> = new Set<MissedOccurrences>(["skip", "once", "all"]);

/**
 * Reads what a schedule declares.
 * *Faults thrown*: `invalid_argument` of type `schedule_invalid`, with the schedule, the field and the fix.
 */
export function defineSchedule({ name, spec }: Schedule): ScheduleDefinition {
  const { timeZone = "UTC", task, input, missed = "once", tenant, priority } = spec;
  if (!/^[a-z][a-z0-9.-]{2,80}$/.test(name))
    throw refusedSchedule(name, { field: "name", fix: 'It must be lower case and begin with its module, as in "orders.nightly-report".' });
  if (!missedOccurrences.has(missed))
    throw refusedSchedule(name, { field: "missed", fix: `There is no "${missed}". Write "skip", "once" or "all".` });
  if (!isDurable(task))
    throw refusedSchedule(name, { field: "task", fix: "It is missing or is not a task. Give it what task(…) returned." });
  if (priority !== undefined && !isPriority(priority))
    throw refusedSchedule(name, { field: "priority", fix: "Write a whole number from 0 to 9." });
  return {
    ...{ name, task, missed, tenant, priority },
    cron: readCron(name, spec.cron, timeZone),
    rule: `${spec.cron} ${timeZone}`,
    inputAt: (occurrence) => (typeof input === "function" ? (input as (occurrence: Date) => unknown)(new Date(occurrence)) : input),
  };
}

function readCron(name: string, expression: string, timeZone: string): Cron {
  try {
    return cron(expression, timeZone);
  } catch (cause) {
    if (cause instanceof Fault)
      throw refusedSchedule(name, { field: (cause.details as { readonly field: string }).field, fix: cause.message });
    throw cause;
  }
}

/** A schedule that cannot be followed. */
export function refusedSchedule(
  schedule: string,
  { field, fix, cause }: { readonly field: string; readonly fix: string; readonly cause?: unknown },
): Fault {
  return new Fault({
    code: "invalid_argument",
    type: "schedule_invalid",
    message: `The schedule ${schedule} is invalid: ${fix}`,
    details: { schedule, field },
    cause,
  });
}

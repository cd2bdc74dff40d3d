import { Fault } from "../../core/fault.ts";
import type { MissedTicks, Schedule } from "../../operation/durable/schedule.ts";
import type { Task } from "../../operation/durable/task.ts";
import { isPriority } from "../definition.ts";
import { type Cron, cron } from "./cron.ts";

/** A schedule with everything filled in that its spec leaves out. */
export interface ScheduleDefinition {
  readonly name: string;
  readonly cron: Cron;
  /** Expression and time zone: two that are the same tick at the same time. */
  readonly rule: string;
  readonly task: Task;
  readonly missed: MissedTicks;
  readonly tenant: string | undefined;
  readonly priority: number | undefined;
  inputAt(tick: number): unknown;
}

const missedTicks: ReadonlySet<string> = new Set<MissedTicks>(["skip", "once", "all"]);

/**
 * Reads what a schedule declares.
 * *Faults thrown*: `invalid_argument` of type `schedule_invalid`, with the schedule, the field and the mend.
 */
export function defineSchedule({ name, spec }: Schedule): ScheduleDefinition {
  const { timeZone = "UTC", task, input, missed = "once", tenant, priority } = spec;
  if (!/^[a-z][a-z0-9.-]{2,80}$/.test(name))
    throw refusedSchedule(name, { field: "name", mend: 'It must be lower case and begin with its module, as in "orders.nightly-report".' });
  if (!missedTicks.has(missed))
    throw refusedSchedule(name, { field: "missed", mend: `There is no "${missed}". Write "skip", "once" or "all".` });
  if (task?.kind !== "task") throw refusedSchedule(name, { field: "task", mend: "It is missing or no task. Give what task(…) returned." });
  if (priority !== undefined && !isPriority(priority))
    throw refusedSchedule(name, { field: "priority", mend: "Write a whole number from 0 to 9." });
  return {
    ...{ name, task, missed, tenant, priority },
    cron: readCron(name, spec.cron, timeZone),
    rule: `${spec.cron} ${timeZone}`,
    inputAt: (tick) => (typeof input === "function" ? (input as (tick: Date) => unknown)(new Date(tick)) : input),
  };
}

function readCron(name: string, expression: string, timeZone: string): Cron {
  try {
    return cron(expression, timeZone);
  } catch (cause) {
    if (cause instanceof Fault)
      throw refusedSchedule(name, { field: (cause.details as { readonly field: string }).field, mend: cause.message });
    throw cause;
  }
}

/** A schedule that cannot be followed. */
export function refusedSchedule(
  schedule: string,
  { field, mend, cause }: { readonly field: string; readonly mend: string; readonly cause?: unknown },
): Fault {
  return new Fault({
    code: "invalid_argument",
    type: "schedule_invalid",
    message: `The schedule ${schedule} cannot be followed: ${mend}`,
    details: { schedule, field },
    cause,
  });
}

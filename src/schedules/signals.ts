import { Signal } from "../core/signals.ts";

/** What happens to schedules in this process. Instants are milliseconds since the epoch, durable time. */
export interface ScheduleSignals {
  /** An occurrence started its task, durably; `lagMs` after it was due. */
  readonly fired: Signal<{
    readonly schedule: string;
    readonly task: string;
    readonly id: string;
    readonly occurrence: number;
    readonly lagMs: number;
  }>;
  /** Missed occurrences after one instant and before another started nothing, as the schedule asks for it. */
  readonly passedOver: Signal<{ readonly schedule: string; readonly after: number; readonly until: number }>;
  /** Occurrences could not start their tasks; they are tried again. */
  readonly failed: Signal<{ readonly schedule: string; readonly error: unknown }>;
}

/** Creates the signals of one app's schedules. */
export function scheduleSignals(): ScheduleSignals {
  return { fired: new Signal("scheduleFired"), passedOver: new Signal("schedulePassedOver"), failed: new Signal("scheduleFailed") };
}

import type { Metrics } from "../core/metrics.ts";
import type { ScheduleSignals } from "./signals.ts";

/** Counts what the schedules of this process do. */
export function countSchedules(metrics: Metrics, signals: ScheduleSignals): void {
  const occurrences = metrics.counter({
    name: "plimsoll_schedule_occurrences_total",
    help: "Occurrences of schedules: fired; passed_over, once for all that were missed in a row; or failed, to be tried again.",
    labels: ["schedule", "outcome"],
  });
  signals.fired.on(({ schedule }) => occurrences.series(schedule, "fired").add());
  signals.passedOver.on(({ schedule }) => occurrences.series(schedule, "passed_over").add());
  signals.failed.on(({ schedule }) => occurrences.series(schedule, "failed").add());
}

import type { Metrics } from "../../core/metrics.ts";
import type { ScheduleSignals } from "./signals.ts";

/** Counts what the schedules of this process do. */
export function countSchedules(metrics: Metrics, signals: ScheduleSignals): void {
  const ticks = metrics.counter({
    name: "plimsoll_schedule_ticks_total",
    help: "Ticks of schedules: fired; passed_over, once for all that were missed in a row; or failed, to be tried again.",
    labels: ["schedule", "outcome"],
  });
  signals.fired.on(({ schedule }) => ticks.series(schedule, "fired").add());
  signals.passedOver.on(({ schedule }) => ticks.series(schedule, "passed_over").add());
  signals.failed.on(({ schedule }) => ticks.series(schedule, "failed").add());
}

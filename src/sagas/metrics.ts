import type { Metrics } from "../core/metrics.ts";
import type { SagaSignals } from "./signals.ts";
import type { SagaUpkeep } from "./upkeep.ts";

const lagBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600] as const;

/** Counts what happens to sagas in this process, and shows how many are under way, as it saw them within the last 10 s. */
export function countSagas(
  metrics: Metrics,
  {
    signals,
    upkeep,
    running,
  }: { readonly signals: SagaSignals; readonly upkeep: Pick<SagaUpkeep, "counts">; readonly running: () => number },
): void {
  const runs = metrics.counter({
    name: "plimsoll_saga_runs_total",
    help: "Runs of sagas by their end: completed, undone, failed, suspended, or until they are due again.",
    labels: ["saga", "end"],
  });
  const lag = metrics.histogram({
    name: "plimsoll_saga_lag_seconds",
    help: "Time from when a saga became due to the beginning of its run.",
    labels: ["saga"],
    buckets: lagBuckets,
  });
  const rescued = metrics.counter({
    name: "plimsoll_saga_rescued_total",
    help: "Sagas that were taken over from workers that were lost.",
    labels: [],
  });
  signals.began.on(({ saga, lagMs }) => lag.series(saga).observe(Math.max(0, lagMs) / 1_000));
  signals.ended.on(({ saga, state }) => runs.series(saga, state).add());
  signals.rescued.on(({ sagas }) => rescued.series().add(sagas));
  metrics.gauge({ name: "plimsoll_sagas_running", help: "Sagas that run in this process.", read: running });
  metrics.gauge({
    name: "plimsoll_sagas",
    help: "Sagas that are under way, of the first 10,000.",
    labels: ["saga", "version", "state"],
    read: () => upkeep.counts.map(({ name, version, state, count }) => ({ labels: [name, String(version), state], value: count })),
  });
}

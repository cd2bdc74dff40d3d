import type { Metrics } from "../core/metrics.ts";
import type { TaskSignals } from "./signals.ts";
import type { Upkeep } from "./upkeep/upkeep.ts";

const lagBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600] as const;

/** Counts what happens to tasks in this process. */
export function countTasks(
  metrics: Metrics,
  {
    signals,
    running,
    upkeep,
  }: { readonly signals: TaskSignals; readonly running: () => number; readonly upkeep: Pick<Upkeep, "unserved" | "partitionsHeld"> },
): void {
  const lag = metrics.histogram({
    name: "plimsoll_task_lag_seconds",
    help: "Time from when a task became due to its first attempt.",
    labels: ["task"],
    buckets: lagBuckets,
  });
  const attempts = metrics.counter({
    name: "plimsoll_task_attempts_total",
    help: "Attempts of tasks by their outcome: completed, retried, dead_lettered, or lost to another worker.",
    labels: ["task", "outcome"],
  });
  const rescued = metrics.counter({
    name: "plimsoll_task_rescued_total",
    help: "Tasks that were taken over from workers that were lost.",
    labels: [],
  });
  metrics.gauge({ name: "plimsoll_tasks_running", help: "Tasks that run in this process.", read: running });
  metrics.gauge({
    name: "plimsoll_tasks_unserved",
    help: "Tasks that wait and that no worker of the fleet takes, as this process saw it within the last minute. At most 1,000 of a queue are looked at.",
    labels: ["queue", "task"],
    read: () => upkeep.unserved.map(({ queue, task, waiting }) => ({ labels: [queue, task], value: waiting })),
  });
  metrics.gauge({
    name: "plimsoll_task_partitions_held_seconds",
    help: "For how long sessions that read the task table have kept its emptied partitions from being truncated; 0 where none does for long.",
    read: () => (upkeep.partitionsHeld?.heldMs ?? 0) / 1_000,
  });
  const lagOf = remembered((task) => lag.series(task));
  const attemptsOf = remembered((task) => remembered((outcome) => attempts.series(task, outcome)));
  signals.began.on(({ task, lagMs }) => lagOf(task).observe(lagMs / 1_000));
  signals.ended.on(({ task, outcome }) => attemptsOf(task)(outcome).add());
  signals.rescued.on(({ tasks }) => rescued.series().add(tasks));
}

/** Looks a series up once: its key would be put together each time. Names are those of the app's tasks, so there are few. */
function remembered<S>(make: (name: string) => S): (name: string) => S {
  const known = new Map<string, S>();
  return (name) => {
    let found = known.get(name);
    if (found === undefined) {
      found = make(name);
      known.set(name, found);
    }
    return found;
  };
}

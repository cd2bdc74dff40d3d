import type { Metrics } from "../core/metrics.ts";
import type { TaskSignals } from "./signals.ts";

const lagBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600] as const;

/** Counts what happens to tasks in this process. */
export function countTasks(
  metrics: Metrics,
  { signals, running }: { readonly signals: TaskSignals; readonly running: () => number },
): void {
  const lag = metrics.histogram({
    name: "plimsoll_task_lag_seconds",
    help: "Time from when a task became due to its first attempt.",
    labels: ["task"],
    buckets: lagBuckets,
  });
  const attempts = metrics.counter({
    name: "plimsoll_task_attempts_total",
    help: "Attempts of tasks by what became of the task: completed, retried, buried, or lost to another worker.",
    labels: ["task", "outcome"],
  });
  const rescued = metrics.counter({
    name: "plimsoll_task_rescued_total",
    help: "Tasks that were taken over from workers that died.",
    labels: [],
  });
  metrics.gauge({ name: "plimsoll_tasks_running", help: "Tasks that run in this process.", read: running });
  const lagOf = remembered((task) => lag.series(task));
  const attemptsOf = remembered((task) => remembered((outcome) => attempts.series(task, outcome)));
  signals.began.on(({ task, lagMs }) => lagOf(task).observe(lagMs / 1_000));
  signals.ended.on(({ task, outcome }) => attemptsOf(task)(outcome).add());
  signals.rescued.on(({ tasks }) => rescued.series().add(tasks));
}

/** Looks a series up once: its key is put together anew each time. Names are those of the app's tasks, so there are few. */
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

import type { Metrics, Reading } from "../core/metrics.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { Runtime } from "../pipeline/runtime.ts";

/** Shows the load lines: what runs and waits now, beside the limits. */
export function registerGauges(metrics: Metrics, runtime: Runtime): void {
  const each = (read: (operation: CompiledOperation) => number) => (): Iterable<Reading> =>
    [...runtime.registry.operations.values()].map((operation) => ({ labels: [operation.name], value: read(operation) }));
  const labels = ["operation"];
  metrics.gauge({ name: "plimsoll_in_flight", help: "Executions that hold a slot.", labels, read: each(({ slots }) => slots.running) });
  metrics.gauge({
    name: "plimsoll_queue_depth",
    help: "Executions that wait for a slot.",
    labels,
    read: each(({ slots }) => slots.waiting),
  });
  metrics.gauge({
    name: "plimsoll_concurrency_limit",
    help: "Executions of the operation that may run at once.",
    labels,
    read: each(({ limits }) => limits.concurrency),
  });
  const blocked = metrics.counter({
    name: "plimsoll_loop_blocked_total",
    help: "Times that a handler blocked the event loop for long.",
    labels: [],
  });
  const seconds = metrics.counter({
    ...{ name: "plimsoll_loop_blocked_seconds_total", help: "For how long handlers blocked the event loop.", labels: [] },
  });
  blocked.series();
  seconds.series();
  runtime.signals.loopBlocked.on(({ blockedMs }) => {
    blocked.series().add();
    seconds.series().add(blockedMs / 1_000);
  });
  const { rates } = runtime;
  if (rates.guarded)
    metrics.total({
      name: "plimsoll_rate_store_failures_total",
      help: "Times that the store that counts rates failed or was too slow.",
      read: () => rates.failures,
    });
}

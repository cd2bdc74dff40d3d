import type { Metrics } from "../../core/metrics.ts";
import type { Execution } from "../../operation/execution.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { failureReasons, type Objective } from "./objective.ts";

/** Shows the objective of every operation, and its counts, from the start on: a counter that appears with its first failure hides that failure. */
export function registerObjectives(metrics: Metrics, operations: readonly CompiledOperation[]): void {
  const labels = ["operation"];
  const each = (read: (objective: Objective) => number) => () =>
    operations.map(({ name, objective }) => ({ labels: [name], value: read(objective) }));
  metrics.total({
    ...{ name: "plimsoll_slo_good_total", help: "Executions that met the objective of their operation.", labels },
    read: each(({ good }) => good),
  });
  metrics.total({
    ...{ name: "plimsoll_slo_total", help: "Executions that the objective of their operation is measured by.", labels },
    read: each(({ total }) => total),
  });
  // Counted and not subtracted: where a process restarts between two readings, a difference of two counters may show failures that never were.
  metrics.total({
    ...{
      name: "plimsoll_slo_failed_total",
      help: "Executions that missed the objective of their operation, by why.",
      labels: ["operation", "reason"],
    },
    read: () =>
      operations.flatMap(({ name, objective, traits }) =>
        failureReasons
          .filter((reason) => traits.durable === (reason === "given_up"))
          .map((reason) => ({ labels: [name, reason], value: objective.failed[reason] })),
      ),
  });
  metrics.gauge({
    ...{ name: "plimsoll_slo_success_ratio", help: "The share of executions that is to be good.", labels },
    read: each(({ success }) => success),
  });
  metrics.gauge({
    ...{ name: "plimsoll_slo_within_seconds", help: "How long a good execution takes at most; none for durable work.", labels },
    read: () =>
      operations
        .filter(({ objective }) => Number.isFinite(objective.withinMs))
        .map(({ name, objective }) => ({ labels: [name], value: objective.withinMs / 1_000 })),
  });
}

/** Counts the end of an execution. Durable work is left to its engine, which knows whether it is run again. */
export function countObjective(
  execution: Pick<Execution, "outcome" | "durationMs" | "deadlineMs" | "stream">,
  compiled: CompiledOperation,
): void {
  const { outcome, durationMs, deadlineMs, stream } = execution;
  if (!compiled.traits.durable) compiled.objective.count(outcome, stream?.openedMs ?? durationMs, deadlineMs);
}

import { codes } from "../../core/code.ts";
import type { CounterSeries, Metrics } from "../../core/metrics.ts";
import type { Execution } from "../../operation/execution.ts";

/** Where most of the time of an execution went that missed its deadline. */
const deadlineCauses = ["deadline_queued", "deadline_running", "deadline_database", "deadline_upstream"] as const;
/** The types of faults by which a shared part of the platform refuses; each is a cause by its own name. */
const typedCauses = [
  "overloaded",
  "shutting_down",
  "database_unavailable",
  "database_full",
  "database_failing",
  "database_read_only",
  "database_connections_busy",
] as const;
const causes = [...deadlineCauses, ...typedCauses, "internal", "other"] as const;

/** Why an execution failed, as far as it is the service that failed. */
export type FailureCause = (typeof causes)[number];

const known: ReadonlySet<string> = new Set(typedCauses);

/** Counts the failures of the service by their cause; every cause has its series from the start. */
export class Failures {
  readonly #series: Readonly<Record<FailureCause, CounterSeries>>;

  constructor(metrics: Metrics) {
    const counter = metrics.counter({
      name: "plimsoll_failures_total",
      help: "Executions that the service failed, by the cause; of those beyond their deadline, by where most of the time went.",
      labels: ["cause"],
    });
    this.#series = Object.fromEntries(causes.map((cause) => [cause, counter.series(cause)])) as Record<FailureCause, CounterSeries>;
  }

  count(execution: Execution): void {
    if (execution.outcome !== "ok" && codes[execution.outcome].objective === "missed") this.#series[causeOf(execution)].add();
  }
}

/** The cause of a failure. Pure. */
export function causeOf(
  execution: Pick<Execution, "outcome" | "fault" | "queuedMs" | "databaseMs" | "runningMs" | "upstreamMs">,
): FailureCause {
  const { outcome, fault, queuedMs, databaseMs, runningMs, upstreamMs = {} } = execution;
  if (fault !== undefined && known.has(fault.type)) return fault.type as FailureCause;
  if (outcome !== "deadline_exceeded") return outcome === "internal" || outcome === "unimplemented" ? "internal" : "other";
  const upstream = Object.values(upstreamMs).reduce((sum, ms) => sum + ms, 0);
  const times = [queuedMs, runningMs, databaseMs, upstream];
  return deadlineCauses[times.indexOf(Math.max(...times))] ?? "other";
}

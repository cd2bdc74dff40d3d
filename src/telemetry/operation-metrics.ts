import type { Counter, CounterSeries, Histogram, HistogramSeries, Metrics } from "../core/metrics.ts";
import type { Execution } from "../operation/execution.ts";

/** Where the time of executions with one outcome went, as numbers only. */
interface OutcomeSeries {
  readonly total: HistogramSeries;
  readonly queued: HistogramSeries;
  readonly running: HistogramSeries;
  readonly database: HistogramSeries;
  readonly statements: CounterSeries;
  readonly upstreams: Map<string, HistogramSeries>;
}

/**
 * Counts executions: how long they took, and where the time went.
 * *Shapes*: `where` is `total`, or one of its parts: `queued`, `running`, `database`, `upstream:<name>`. Every execution is observed in the
 * total and the first three parts, so that their counts agree; an upstream only where it was called.
 */
export class OperationMetrics {
  readonly #seconds: Histogram;
  readonly #refusals: Counter;
  readonly #statements: Counter;
  readonly #faults: Counter;
  readonly #operations = new Map<string, Map<string, OutcomeSeries>>();

  constructor(metrics: Metrics, buckets: readonly number[]) {
    this.#seconds = metrics.histogram({
      name: "plimsoll_operation_seconds",
      help: "Time of executions by where it went: total, and its parts queued, running, database and upstream:<name>.",
      labels: ["operation", "code", "where"],
      buckets,
    });
    this.#refusals = metrics.counter({
      name: "plimsoll_refusals_total",
      help: "Executions that a limit refused, or would have refused in the mode measure.",
      labels: ["operation", "limit", "mode"],
    });
    this.#statements = metrics.counter({
      name: "plimsoll_statements_total",
      help: "Statements sent to the database.",
      labels: ["operation"],
    });
    this.#faults = metrics.counter({
      name: "plimsoll_faults_total",
      help: "Executions that ended with a fault, by its type.",
      labels: ["operation", "type"],
    });
  }

  count(execution: Execution): void {
    const series = this.#operations.get(execution.operation)?.get(execution.outcome) ?? this.#add(execution);
    series.total.observe(execution.durationMs / 1_000);
    series.queued.observe(execution.queuedMs / 1_000);
    series.running.observe(execution.runningMs / 1_000);
    series.database.observe(execution.databaseMs / 1_000);
    if (execution.upstreamMs !== undefined) this.#countUpstreams(series.upstreams, execution, execution.upstreamMs);
    const { refusal, fault } = execution;
    if (fault !== undefined) this.#faults.series(execution.operation, fault.type).add();
    if (refusal !== undefined) this.#refusals.series(execution.operation, refusal.limit, refusal.mode).add();
    series.statements.value += execution.statements;
  }

  #countUpstreams(known: OutcomeSeries["upstreams"], { operation, outcome }: Execution, times: Readonly<Record<string, number>>): void {
    for (const name of Object.keys(times)) {
      let series = known.get(name);
      if (series === undefined) {
        series = this.#seconds.series(operation, outcome, `upstream:${name}`);
        known.set(name, series);
      }
      series.observe(times[name]! / 1_000);
    }
  }

  #add({ operation, outcome }: Execution): OutcomeSeries {
    let outcomes = this.#operations.get(operation);
    if (outcomes === undefined) {
      outcomes = new Map();
      this.#operations.set(operation, outcomes);
    }
    const where = (part: string) => this.#seconds.series(operation, outcome, part);
    const series = {
      total: where("total"),
      queued: where("queued"),
      running: where("running"),
      database: where("database"),
      statements: this.#statements.series(operation),
      upstreams: new Map<string, HistogramSeries>(),
    };
    outcomes.set(outcome, series);
    return series;
  }
}

import assert from "node:assert";
import type { Metrics } from "../core/metrics.ts";
import type { TelemetrySink, TelemetrySources } from "../operation/telemetry.ts";
import { exposition, expositionType } from "./exposition.ts";
import { OperationMetrics } from "./operation-metrics.ts";
import { registerAllocation, registerProcessMetrics } from "./process/process-metrics.ts";

/** Options of {@link prometheus}. */
export interface PrometheusOptions {
  /** Upper bounds of the histogram's buckets, ascending. *Units*: seconds. *Default*: 0.5 ms to 10 s in 14 steps. */
  readonly buckets?: readonly number[];
  /** Also counts what is allocated in the heap of V8, for the counts of `plimsoll load`. *Default*: no: each collection of garbage then costs a little more. */
  readonly allocation?: boolean;
}

const defaultBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Counts every execution, and serves the metrics of the app at `GET /metrics` on the ops port.
 * *Bounds*: `limits.metricSeries` combinations of labels for each metric; further ones are counted as `other`.
 * @example createApp({ ops: { port: 9464 }, telemetry: [prometheus()] })
 */
export function prometheus(options: PrometheusOptions = {}): TelemetrySink {
  const { buckets = defaultBuckets, allocation = false } = options;
  let metrics: Metrics | undefined;
  const stops: (() => void)[] = [];
  return {
    name: "prometheus",
    attach(sources: TelemetrySources): void {
      assert(metrics === undefined, "prometheus() already belongs to another app. Create one for each app.");
      metrics = sources.metrics;
      const operations = new OperationMetrics(metrics, buckets);
      stops.push(
        sources.executed.on((execution) => operations.count(execution)),
        registerProcessMetrics(metrics),
      );
      if (allocation) stops.push(registerAllocation(metrics, sources.clock));
    },
    async stop(): Promise<void> {
      for (const stop of stops.splice(0)) stop();
    },
    expose: () => ({ contentType: expositionType, body: metrics === undefined ? "" : exposition(metrics) }),
  };
}

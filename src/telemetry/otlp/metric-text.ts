import type { Metric, Metrics } from "../../core/metrics.ts";
import { numberText, quote } from "../json-text.ts";
import { nanosText } from "../otlp-span.ts";

/** When the counts began, and when they are read. Wall time, since the Unix epoch. *Units*: milliseconds. */
export interface ReadingTime {
  readonly since: number;
  readonly now: number;
}

/** One metric as OTLP, and how many data points it has. */
export interface MetricText {
  readonly text: string;
  readonly points: number;
}

/** *Source*: AggregationTemporality of OTLP. */
const cumulative = 2;

/**
 * Writes every metric that has a value as OTLP: counters as monotonic cumulative sums, gauges, and histograms with their bounds.
 * *Guarantees*: a metric whose reading throws is left out, and so is a value that is not finite.
 * *Source*: OTLP 1.x, JSON encoding.
 */
export function* metricTexts(metrics: Metrics, time: ReadingTime): Iterable<MetricText> {
  for (const metric of metrics.all()) {
    const points = pointsOf(metric, time);
    if (points.length === 0) continue;
    yield { text: `{"name":${quote(metric.name)},"description":${quote(metric.help)},${dataText(metric, points)}}`, points: points.length };
  }
}

function dataText({ type }: Metric, points: readonly string[]): string {
  const list = `"dataPoints":[${points.join(",")}]`;
  if (type === "gauge") return `"gauge":{${list}}`;
  if (type === "histogram") return `"histogram":{"aggregationTemporality":${cumulative},${list}}`;
  return `"sum":{"aggregationTemporality":${cumulative},"isMonotonic":true,${list}}`;
}

function pointsOf(metric: Metric, time: ReadingTime): readonly string[] {
  try {
    if (metric.type === "histogram") {
      const bounds = Array.from(metric.bounds, numberText).join(",");
      return Array.from(metric.all(), ({ labels, counts, sum }) => {
        const count = counts.reduce((all, one) => all + one, 0);
        const buckets = Array.from(counts, (one) => `"${one}"`).join(",");
        return `{${headText(metric, labels, time)},"count":"${count}","sum":${numberText(sum)},"bucketCounts":[${buckets}],"explicitBounds":[${bounds}]}`;
      });
    }
    const points: string[] = [];
    for (const { labels, value } of metric.all())
      if (Number.isFinite(value)) points.push(`{${headText(metric, labels, time)},"asDouble":${numberText(value)}}`);
    return points;
  } catch {
    return [];
  }
}

function headText({ labels: names }: Metric, labels: readonly string[], { since, now }: ReadingTime): string {
  const attributes = names.map((name, at) => `{"key":${quote(name)},"value":{"stringValue":${quote(labels[at] ?? "")}}}`);
  return `"startTimeUnixNano":"${nanosText(since)}","timeUnixNano":"${nanosText(now)}","attributes":[${attributes.join(",")}]`;
}

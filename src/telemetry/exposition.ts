import type { Histogram, Metric, Metrics } from "../core/metrics.ts";

/** The media type of {@link exposition}. */
export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Writes every metric as Prometheus reads them.
 * *Guarantees*: a metric whose reading throws is left out and the others are still written.
 * *Source*: Prometheus text exposition format 0.0.4.
 */
export function exposition(metrics: Metrics): string {
  let text = "";
  for (const metric of metrics.all()) {
    const samples = samplesText(metric);
    if (samples !== "") text += `# HELP ${metric.name} ${helpText(metric.help)}\n# TYPE ${metric.name} ${metric.type}\n${samples}`;
  }
  return text;
}

function samplesText(metric: Metric): string {
  try {
    if (metric.type === "histogram") return histogramText(metric);
    let text = "";
    for (const { labels, value } of metric.all()) text += `${metric.name}${labelsText(metric.labels, labels)} ${valueText(value)}\n`;
    return text;
  } catch {
    return "";
  }
}

function histogramText(histogram: Histogram): string {
  const bounds = Array.from(histogram.bounds, (bound) => `le="${valueText(bound)}"} `);
  let text = "";
  for (const { labels, counts, sum } of histogram.all()) {
    const own = labelsText(histogram.labels, labels);
    const open = `${histogram.name}_bucket${own === "" ? "{" : `${own.slice(0, -1)},`}`;
    let cumulated = 0;
    for (let i = 0; i < bounds.length; i++) {
      cumulated += counts[i]!;
      text += `${open}${bounds[i]!}${cumulated}\n`;
    }
    cumulated += counts[bounds.length]!;
    text += `${open}le="+Inf"} ${cumulated}\n${histogram.name}_sum${own} ${valueText(sum)}\n${histogram.name}_count${own} ${cumulated}\n`;
  }
  return text;
}

function labelsText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  return `{${names.map((name, i) => `${name}="${labelText(values[i] ?? "")}"`).join(",")}}`;
}

function labelText(value: string): string {
  return value.toWellFormed().replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function helpText(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

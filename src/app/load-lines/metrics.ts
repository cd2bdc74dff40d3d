import { limits } from "../../core/limits.ts";
import type { LoadLineReading, LoadLines } from "../../core/load-line/load-lines.ts";
import type { MetricSpec, Metrics, Reading } from "../../core/metrics.ts";

/**
 * Shows every limit as metrics: the same numbers as `/loadlines`.
 * *Bounds*: `limits.metricSeries` of each metric; totals beyond it are added up as `other`, and gauges beyond it are left out.
 */
export function registerLoadLines(metrics: Metrics, lines: LoadLines): void {
  const gauge = (spec: Pick<MetricSpec, "name" | "help">, read: (reading: LoadLineReading) => number | undefined) =>
    metrics.gauge({
      ...{ ...spec, labels: ["limit"] },
      read: () => lines.list().flatMap(one(read)).slice(0, limits.metricSeries),
    });
  gauge({ name: "plimsoll_loadline_limit", help: "The limit as it was declared." }, ({ declared }) => declared);
  gauge({ name: "plimsoll_loadline_share", help: "What this process has of a limit of several." }, ({ shares }) => shares?.[0]);
  gauge({ name: "plimsoll_loadline_learnt", help: "The limit that was learnt." }, ({ learnt }) => learnt);
  gauge({ name: "plimsoll_loadline_now", help: "How much is in use." }, ({ now }) => now);
  gauge({ name: "plimsoll_loadline_high_water", help: "The most that was in use at once." }, ({ highWater }) => highWater);
  metrics.gauge({
    ...{ name: "plimsoll_loadline_mode", help: "1 for the mode that the limit has.", labels: ["limit", "mode"] },
    read: () =>
      lines
        .list()
        .map(({ name, mode }) => ({ labels: [name, mode], value: 1 }))
        .slice(0, limits.metricSeries),
  });
  metrics.gauge({
    ...{ name: "plimsoll_loadline_phase", help: "1 for the phase that the limit is in.", labels: ["limit", "phase"] },
    read: () =>
      lines
        .list()
        .flatMap(({ name, phase }) => (phase === undefined ? [] : [{ labels: [name, phase], value: 1 }]))
        .slice(0, limits.metricSeries),
  });
  metrics.total({
    ...{ name: "plimsoll_loadline_admitted_total", help: "What the limit let in.", labels: ["limit"] },
    read: () => bounded(lines.list().flatMap(one(({ admitted }) => admitted))),
  });
  const labels = ["limit", "reason"];
  metrics.total({
    ...{ name: "plimsoll_loadline_refused_total", help: "What the limit refused.", labels },
    read: () => bounded(lines.list().flatMap(({ name, refused }) => byReason(name, refused))),
  });
  metrics.total({
    ...{ name: "plimsoll_loadline_would_refuse_total", help: "What the limit would have refused while its mode was measure.", labels },
    read: () => bounded(lines.list().flatMap(({ name, wouldRefuse }) => byReason(name, wouldRefuse))),
  });
}

function one(read: (reading: LoadLineReading) => number | undefined): (reading: LoadLineReading) => Reading[] {
  return (reading) => {
    const value = read(reading);
    return value === undefined ? [] : [{ labels: [reading.name], value }];
  };
}

function byReason(name: string, counts: Readonly<Record<string, number>>): Reading[] {
  return Object.entries(counts).map(([reason, value]) => ({ labels: [name, reason], value }));
}

function bounded(readings: readonly Reading[]): readonly Reading[] {
  const most = limits.metricSeries - 1;
  const rest = readings.slice(most);
  if (rest.length === 0) return readings;
  const labels = rest[0]!.labels.map(() => "other");
  return [...readings.slice(0, most), { labels, value: rest.reduce((sum, { value }) => sum + value, 0) }];
}

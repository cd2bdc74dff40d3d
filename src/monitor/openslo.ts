import type { Monitored, MonitoredOperation } from "./monitored.ts";
import { periodDays } from "./rules/windows.ts";

/**
 * Writes the objectives as documents of OpenSLO: the service, and an SLO for each operation, measured by its own counters.
 * *Source*: OpenSLO v1.
 */
export function openSlo({ service, job, operations }: Monitored): readonly object[] {
  const name = label(service);
  const head = { apiVersion: "openslo/v1", kind: "Service", metadata: { name, displayName: service } };
  return [{ ...head, spec: { description: `The operations of ${service}.` } }, ...operations.map((each) => slo(each, { name, job }))];
}

function slo(operation: MonitoredOperation, { name, job }: { readonly name: string; readonly job: string }): object {
  const { name: own, summary, success, withinMs, module, criticality, isDurable } = operation;
  const query = (metric: string) => ({
    metricSource: {
      type: "Prometheus",
      spec: { query: `sum(increase(${metric}{job="${job}",operation="${own}"}[${periodDays}d]))` },
    },
  });
  const within = isDurable ? "" : ` within ${withinMs} ms`;
  return {
    apiVersion: "openslo/v1",
    kind: "SLO",
    metadata: { name: label(own), displayName: own, labels: { module: [module], criticality: [criticality] } },
    spec: {
      description: `${summary}: ${percent(success)} of what counts succeeds${within}.`,
      service: name,
      indicator: {
        metadata: { name: `${label(own)}-good` },
        spec: { ratioMetric: { counter: true, good: query("plimsoll_slo_good_total"), total: query("plimsoll_slo_total") } },
      },
      timeWindow: [{ duration: `${periodDays}d`, isRolling: true }],
      budgetingMethod: "Occurrences",
      objectives: [{ displayName: `${percent(success)}${within}`, target: success }],
    },
  };
}

/** A name as Kubernetes has it: lower case, digits and hyphens, at most 63 characters. */
function label(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .slice(0, 63)
    .replace(/-+$/, "");
}

/** A share as people read it, as in `99.9%`. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

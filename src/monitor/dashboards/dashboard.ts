import type { Language } from "../../cli/language.ts";
import type { Monitored } from "../monitored.ts";
import { selecting } from "../rules/alerts.ts";
import { type DashboardSpec, datasource, layOut } from "./panels.ts";

/** Writes a dashboard in the classic schema of Grafana. The reader chooses the data source, and of the operations one. */
export function dashboard(spec: DashboardSpec, monitored: Monitored, language: Language): object {
  const { uid, title, choosesOperation, panels } = spec;
  const source = { name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus", hide: 0, refresh: 1, regex: "" };
  const names = `label_values(plimsoll_slo_total{job="${monitored.job}"}, operation)`;
  const operation = {
    ...{ name: "operation", type: "query", label: { en: "Operation", zh: "操作" }[language], datasource, refresh: 2, sort: 1, hide: 0 },
    ...{ query: { query: names, refId: "operations" }, definition: names, includeAll: false, multi: false, regex: "" },
  };
  const selected = panels.map((panel) => ({
    ...panel,
    queries: panel.queries.map(({ expr, legend }) => ({ legend, expr: selecting(expr, monitored) })),
  }));
  return {
    ...{ uid, title: `${monitored.service}: ${title[language]}`, tags: ["plimsoll", monitored.service], schemaVersion: 39, version: 1 },
    ...{
      editable: true,
      graphTooltip: 1,
      refresh: "30s",
      time: { from: "now-3h", to: "now" },
      timezone: "browser",
      fiscalYearStartMonth: 0,
    },
    annotations: { list: [] },
    links: [{ title: monitored.service, type: "dashboards", tags: ["plimsoll", monitored.service], asDropdown: true, includeVars: false }],
    templating: { list: choosesOperation ? [source, operation] : [source] },
    panels: layOut(selected, language),
  };
}

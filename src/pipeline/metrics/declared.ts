import type { Module } from "../../operation/module.ts";
import { exposedName } from "./counts.ts";

const nameForm = /^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)+$/;
const labelForm = /^[a-z][a-z0-9_]{0,40}$/;
/** What Plimsoll and the process show begins so. */
const ours = /^(?:plimsoll|process|nodejs)[.-]/;

/** Checks names, labels and buckets of the metrics of all modules. */
export function checkMetrics(modules: readonly Module[], report: (where: string, field: string, message: string) => void): void {
  const shown = new Map<string, string>();
  for (const { name: module, metrics = [] } of modules)
    for (const metric of metrics) {
      const { name, kind } = metric;
      if (!name.startsWith(`${module}.`) || !nameForm.test(name) || name.length > 80 || ours.test(name))
        report(name, "metrics", `A metric is lower case and begins with its module, as in "${module}.things-made".`);
      if (kind === "counter" && name.endsWith("total"))
        report(name, "metrics", "Plimsoll appends _total to the name of a counter. Leave _total out.");
      // Several names are shown for one histogram, and none of them may be another metric's.
      const exposed = exposedName(metric);
      for (const text of kind === "histogram" ? ["", "_bucket", "_sum", "_count"].map((end) => exposed + end) : [exposed]) {
        const other = shown.get(text);
        if (other !== undefined)
          report(name, "metrics", `${other} has the name ${text} in Prometheus already. Rename one, or list it once.`);
        shown.set(text, name);
      }
      if (metric.spec.help.trim() === "") report(name, "metrics", "Its help is empty. Say in one sentence what it measures.");
      const labels = kind === "gauge" ? [] : (metric.spec.labels ?? []);
      for (const label of labels)
        if (!labelForm.test(label) || label === "le") report(name, "metrics", `"${label}" is not a label. Use snake_case, and not "le".`);
      if (new Set(labels).size < labels.length) report(name, "metrics", "It has a label twice. Remove one.");
      if (kind !== "histogram") continue;
      const { buckets } = metric.spec;
      if (buckets.length === 0 || !buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > buckets[i - 1]!)))
        report(name, "metrics", "Its buckets are empty or not in order. Give at least one finite number, in ascending order.");
    }
}

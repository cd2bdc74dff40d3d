import assert from "node:assert";
import type { Counter, Histogram, Metrics } from "../../core/metrics.ts";
import type { ModuleMetric } from "../../operation/metrics/metric.ts";
import type { Module } from "../../operation/module.ts";
import type { Transaction } from "../../operation/transaction.ts";

/** The values of the labels of one count, by label. */
export type LabelValues = Readonly<Record<string, string | number | boolean>>;

/** What a handler counts. */
export interface Counted {
  readonly amount: number;
  readonly labels: LabelValues | undefined;
}

/** The name under which a metric is shown. */
export function exposedName({ kind, name }: ModuleMetric): string {
  return `${name.replaceAll(/[.-]/g, "_")}${kind === "counter" ? "_total" : ""}`;
}

/** The metrics of the modules, and what transactions have counted that are not committed. */
export class Counts {
  readonly #counters = new Map<ModuleMetric, Counter>();
  readonly #histograms = new Map<ModuleMetric, Histogram>();
  readonly #deferred = new WeakMap<Transaction, (() => void)[]>();

  constructor(metrics: Metrics, modules: readonly Module[]) {
    for (const metric of modules.flatMap((module) => module.metrics ?? [])) {
      const name = exposedName(metric);
      if (metric.kind === "counter") this.#counters.set(metric, metrics.counter({ ...metric.spec, name }));
      else if (metric.kind === "histogram") this.#histograms.set(metric, metrics.histogram({ ...metric.spec, name }));
      else metrics.gauge({ ...metric.spec, name });
    }
  }

  /** *Guarantees*: what is wrong is thrown here, and nothing when it is counted. */
  prepare(metric: ModuleMetric, { amount, labels = {} }: Counted): () => void {
    const { name, kind } = metric;
    assert(kind !== "gauge", `${name} is a gauge: it is read, and never counted.`);
    const values = (metric.spec.labels ?? []).map((label) => {
      const value = labels[label];
      assert(value !== undefined, `${name} has the label "${label}": give it a value.`);
      return String(value);
    });
    assert(Object.keys(labels).length === values.length, `${name} is given a label that it does not declare.`);
    assert(Number.isFinite(amount), `${name} takes finite numbers.`);
    const counter = this.#counters.get(metric);
    if (counter !== undefined) return () => counter.series(...values).add(amount);
    const histogram = this.#histograms.get(metric);
    assert(histogram !== undefined, `No module lists the metric ${name}. Add it to module({ metrics }).`);
    return () => histogram.series(...values).observe(amount);
  }

  /** Counts once the transaction is committed; an attempt that is undone takes it back. */
  defer(transaction: Transaction, count: () => void): void {
    let counts = this.#deferred.get(transaction);
    if (counts === undefined) {
      counts = [];
      this.#deferred.set(transaction, counts);
    }
    const kept = counts;
    kept.push(count);
    transaction.onUndo(() => void kept.splice(kept.indexOf(count), 1));
  }

  committed(transaction: Transaction): void {
    for (const count of this.#deferred.get(transaction) ?? []) count();
  }
}

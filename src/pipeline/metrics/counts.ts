import { limits } from "../../core/limits.ts";
import type { Metrics } from "../../core/metrics.ts";
import { attempt, messageOf } from "../../core/value/thrown.ts";
import type { ModuleMetric } from "../../operation/metrics/metric.ts";
import type { Module } from "../../operation/module.ts";
import type { Transaction } from "../../operation/transaction.ts";
import { Miscount, Miscounts } from "./miscount.ts";

/** The values of the labels of one count, by label. */
export type LabelValues = Readonly<Record<string, string | number | boolean>>;

/** What a handler counts, and by which member of its scope. */
export interface Counted {
  readonly by: "count" | "observe";
  readonly amount: number;
  readonly labels: LabelValues | undefined;
}

/** The name under which a metric is shown. */
export function exposedName({ kind, name }: ModuleMetric): string {
  return `${name.replaceAll(/[.-]/g, "_")}${kind === "counter" ? "_total" : ""}`;
}

/** A metric that a module lists. What a handler gives is only looked up by it, and never read: a handler may give anything. */
interface Listed {
  readonly name: string;
  readonly kind: ModuleMetric["kind"];
  readonly labels: readonly string[];
  take(values: readonly string[], amount: number): void;
}

/** The metrics of the modules, and what transactions have counted that are not committed. */
export class Counts {
  readonly miscounts: Miscounts;
  readonly #listed = new Map<unknown, Listed>();
  readonly #deferred = new WeakMap<Transaction, (() => void)[]>();

  constructor(metrics: Metrics, modules: readonly Module[]) {
    this.miscounts = new Miscounts(metrics);
    for (const metric of modules.flatMap((module) => module.metrics ?? [])) this.#listed.set(metric, listed(metrics, metric));
  }

  /**
   * Returns what takes the count.
   * *Guarantees*: throws nothing, whatever it is given, and neither does what it returns; a count that is wrong is a {@link Miscount}.
   */
  prepare(metric: unknown, { by, amount, labels }: Counted): (() => void) | Miscount {
    const known = this.#listed.get(metric);
    if (known === undefined) return unlisted(metric);
    const { name, kind } = known;
    const takenBy = { counter: "count", histogram: "observe", gauge: undefined }[kind];
    if (takenBy === undefined) return new Miscount("kind", name, "A gauge is read when it is shown: give it a value by its read.");
    if (takenBy !== by) return new Miscount("kind", name, `It is a ${kind}: use ${takenBy}.`);
    if (!Number.isFinite(amount))
      return new Miscount("amount", name, `Its value is ${messageOf(amount)}: give a finite number, or do not call observe.`);
    const values = valuesOf(known.labels, labels);
    if (typeof values === "string") return new Miscount("labels", name, values);
    return () => known.take(values, amount);
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

function listed(metrics: Metrics, metric: ModuleMetric): Listed {
  const { name, kind } = metric;
  const shown = exposedName(metric);
  if (metric.kind === "gauge") {
    metrics.gauge({ ...metric.spec, name: shown });
    return { name, kind, labels: [], take: () => undefined };
  }
  const labels = metric.spec.labels ?? [];
  if (metric.kind === "counter") {
    const counter = metrics.counter({ ...metric.spec, name: shown });
    return { name, kind, labels, take: (values, amount) => counter.series(...values).add(amount) };
  }
  const histogram = metrics.histogram({ ...metric.spec, name: shown });
  return { name, kind, labels, take: (values, amount) => histogram.series(...values).observe(amount) };
}

function unlisted(metric: unknown): Miscount {
  const name = attempt(() => (metric as Partial<ModuleMetric>).name);
  if (typeof name !== "string") return new Miscount("unlisted", "something that is no metric", "Give a metric that a module lists.");
  return new Miscount("unlisted", name.slice(0, limits.noteChars), "No module lists it: add it to module({ metrics }).");
}

/** The values of the declared labels, in their order; a text says what is wrong with them. */
function valuesOf(names: readonly string[], labels: unknown): readonly string[] | string {
  return attempt(() => readValues(names, labels)) ?? "Its labels throw when they are read: give a plain object.";
}

function readValues(names: readonly string[], labels: unknown): readonly string[] | string {
  if (labels === undefined && names.length === 0) return names;
  if (typeof labels !== "object" || labels === null) return `Its labels are no object: give ${namesText(names)}.`;
  const values: string[] = [];
  for (const name of names) {
    const value: unknown = (labels as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) return `It has the label "${name}": give it a value.`;
    if (typeof value === "string") values.push(value.slice(0, limits.noteChars));
    else if (typeof value === "number" || typeof value === "boolean") values.push(String(value));
    else
      return `Its label "${name}" is given ${value === null ? "null" : `a value of type ${typeof value}`}: give a text, a number or a boolean.`;
  }
  const given = Object.keys(labels);
  if (given.length === names.length) return values;
  const undeclared = given.find((name) => !names.includes(name)) ?? "";
  return `It does not declare the label "${undeclared.slice(0, limits.noteChars)}": give ${namesText(names)}.`;
}

function namesText(names: readonly string[]): string {
  return names.length === 0 ? "none" : `a value for ${names.join(", ")}`;
}

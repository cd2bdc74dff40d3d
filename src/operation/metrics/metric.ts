/** The names of the labels of a metric. */
type Names = readonly string[];
type None = readonly [];

interface Spec<L extends Names> {
  /** One sentence for the readers of dashboards. */
  readonly help: string;
  /** The names of its labels. *Bounds*: `limits.metricSeries` combinations; further ones are counted as `other`. *Default*: none. */
  readonly labels?: L;
}

/** A metric that only grows, for each combination of its labels. */
export interface CounterMetric<L extends Names = Names> {
  readonly kind: "counter";
  readonly name: string;
  readonly spec: Spec<L>;
}

/** A metric that shows how values are distributed. */
export interface HistogramMetric<L extends Names = Names> {
  readonly kind: "histogram";
  readonly name: string;
  readonly spec: Spec<L> & { readonly buckets: readonly number[] };
}

/** A metric that is a value of this process, read at each scrape. */
export interface GaugeMetric {
  readonly kind: "gauge";
  readonly name: string;
  readonly spec: { readonly help: string; readonly read: () => number };
}

/** A metric that a module lists. */
export type ModuleMetric = CounterMetric | HistogramMetric | GaugeMetric;

/** One value for each label, and nothing else. */
export type LabelsOf<L extends Names> = { readonly [N in L[number]]: string | number | boolean };

/** What a count is given beside its metric: labels where it has some. */
export type Labelled<L extends Names> = [L[number]] extends [never] ? [labels?: Readonly<Record<string, never>>] : [labels: LabelsOf<L>];

/**
 * Declares a counter; list it in `module({ metrics })`. Its name in Prometheus is `<module>_<rest>_total`, with `_` for dots and hyphens.
 * @example export const placed = counter("orders.placed", { help: "Orders placed.", labels: ["channel"] });
 */
export function counter<const L extends Names = None>(name: string, spec: Spec<L>): CounterMetric<L> {
  return { kind: "counter", name, spec };
}

/**
 * Declares a histogram; its name ends in its unit. *Shapes*: `buckets` are upper bounds in that unit, ascending.
 * @example export const size = histogram("orders.size.lines", { help: "Lines of an order.", buckets: [1, 2, 5, 10] });
 */
export function histogram<const L extends Names = None>(
  name: string,
  spec: Spec<L> & { readonly buckets: readonly number[] },
): HistogramMetric<L> {
  return { kind: "histogram", name, spec };
}

/** Declares a gauge. `read` must be cheap and synchronous; each scrape calls it, and leaves the gauge out if it throws. */
export function gauge(name: string, spec: GaugeMetric["spec"]): GaugeMetric {
  return { kind: "gauge", name, spec };
}

import assert from "node:assert";
import { limits } from "./limits.ts";

/** What a metric is called and what it tells. */
export interface MetricSpec {
  /** `snake_case` with its unit last; counters end in `_total`. */
  readonly name: string;
  /** One sentence for the readers of dashboards. */
  readonly help: string;
  /** *Default*: none. */
  readonly labels?: readonly string[];
}

/** One value of a metric; `labels` are the values in the order in which the spec names them. */
export interface Reading {
  readonly labels: readonly string[];
  readonly value: number;
}

/** A metric whose value is read when the metrics are shown. */
export interface ReadSpec extends MetricSpec {
  /** *Guarantees asked*: cheap, synchronous, never throws. */
  readonly read: () => number | Iterable<Reading>;
}

/** Something that is counted, once for each combination of labels. */
export class CounterSeries {
  readonly labels: readonly string[];
  value = 0;
  constructor(labels: readonly string[]) {
    this.labels = labels;
  }
  add(amount = 1): void {
    this.value += amount;
  }
}

/** How values of one combination of labels are distributed. */
export class HistogramSeries {
  readonly labels: readonly string[];
  /** How many values fell into each bucket, not cumulated; the last is the one without a bound. */
  readonly counts: Float64Array;
  readonly #bounds: Float64Array;
  sum = 0;

  constructor(labels: readonly string[], bounds: Float64Array) {
    this.labels = labels;
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
  }
}

abstract class Labelled<S> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly #series = new Map<string, S>();

  constructor(spec: MetricSpec) {
    this.name = spec.name;
    this.help = spec.help;
    this.labels = spec.labels ?? [];
  }

  protected abstract make(labels: readonly string[]): S;

  /**
   * The series of one combination of label values; keep it where speed matters.
   * *Bounds*: `limits.metricSeries` for each metric; what comes after them is counted in one series whose labels are all `other`.
   */
  series(...values: readonly string[]): S {
    if (values.length !== this.labels.length)
      assert.fail(`${this.name} has the labels ${this.labels.join(", ")}; give one value for each.`);
    const key = keyOf(values);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= limits.metricSeries - 1) return this.#keep(this.labels.map(() => "other"));
    return this.#keep(values);
  }

  all(): Iterable<S> {
    return this.#series.values();
  }

  #keep(values: readonly string[]): S {
    const key = keyOf(values);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = this.make(values);
      this.#series.set(key, series);
    }
    return series;
  }
}

/** Tells every combination of values from every other, whatever characters they have: a length says where each ends but the last. */
function keyOf(values: readonly string[]): string {
  let key = "";
  for (let i = 0; i < values.length - 1; i++) key += `${values[i]!.length},${values[i]}`;
  return key + (values.at(-1) ?? "");
}

/** A metric whose series only grow, until the process ends. */
export class Counter extends Labelled<CounterSeries> {
  readonly type = "counter";
  protected override make(labels: readonly string[]): CounterSeries {
    return new CounterSeries(labels);
  }
}

/** A metric that counts observations in buckets and adds them up. */
export class Histogram extends Labelled<HistogramSeries> {
  readonly type = "histogram";
  /** Upper bounds of the buckets, ascending; the one without a bound is not among them. */
  readonly bounds: Float64Array;

  constructor(spec: MetricSpec & { readonly buckets: readonly number[] }) {
    super(spec);
    this.bounds = Float64Array.from(spec.buckets);
    const ascending = spec.buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > spec.buckets[i - 1]!));
    assert(ascending && spec.buckets.length > 0, `The buckets of ${spec.name} must be finite numbers in ascending order.`);
  }

  protected override make(labels: readonly string[]): HistogramSeries {
    return new HistogramSeries(labels, this.bounds);
  }
}

/** A metric that is read when the metrics are shown; several owners may add their part to one name. */
export class ReadMetric {
  readonly type: "counter" | "gauge";
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly #reads = new Set<ReadSpec["read"]>();

  constructor(type: "counter" | "gauge", spec: MetricSpec) {
    this.type = type;
    this.name = spec.name;
    this.help = spec.help;
    this.labels = spec.labels ?? [];
  }

  add(read: ReadSpec["read"]): () => void {
    this.#reads.add(read);
    return () => this.#reads.delete(read);
  }

  *all(): Iterable<Reading> {
    for (const read of this.#reads) {
      const value = read();
      if (typeof value === "number") yield { labels: [], value };
      else yield* value;
    }
  }
}

/** Any metric that a registry can show. */
export type Metric = Counter | Histogram | ReadMetric;

const nameForm = /^[a-z][a-z0-9_]*$/;

/**
 * Every metric of one app: each part of the app registers what it counts here, without knowing who reads it.
 * Registering a name again gives the same metric, and asserts that it is described alike.
 */
export class Metrics {
  readonly #metrics = new Map<string, Metric>();

  counter(spec: MetricSpec): Counter {
    return this.#register(spec, Counter, () => new Counter(spec));
  }

  /** *Shapes*: `buckets` are upper bounds in the unit of the name, ascending. */
  histogram(spec: MetricSpec & { readonly buckets: readonly number[] }): Histogram {
    return this.#register(spec, Histogram, () => new Histogram(spec));
  }

  /**
   * Shows what `read` returns, each time the metrics are shown. Returns a function that stops it.
   * @example metrics.gauge({ name: "plimsoll_queue_depth", help: "Executions that wait for a slot.", labels: ["operation"], read: () => depths() });
   */
  gauge(spec: ReadSpec): () => void {
    return this.#register(spec, ReadMetric, () => new ReadMetric("gauge", spec)).add(spec.read);
  }

  /** The same for a total that is kept elsewhere; it must never fall. */
  total(spec: ReadSpec): () => void {
    return this.#register(spec, ReadMetric, () => new ReadMetric("counter", spec)).add(spec.read);
  }

  all(): Iterable<Metric> {
    return this.#metrics.values();
  }

  #register<M extends Metric>(spec: MetricSpec, type: new (...args: never[]) => M, make: () => M): M {
    const known = this.#metrics.get(spec.name);
    if (known !== undefined) {
      const alike = known instanceof type && known.help === spec.help && known.labels.join() === (spec.labels ?? []).join();
      assert(alike, `The metric ${spec.name} is registered already, with another type, help or labels. Use one description or two names.`);
      return known;
    }
    for (const name of [spec.name, ...(spec.labels ?? [])])
      assert(nameForm.test(name), `"${name}" is not a metric or label name: use snake_case.`);
    const metric = make();
    this.#metrics.set(spec.name, metric);
    return metric;
  }
}

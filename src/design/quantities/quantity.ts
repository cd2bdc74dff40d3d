/** What a quantity measures. `duration`, `ratio` and `count` are those whose text says nothing more. */
export type Measure =
  | "rate"
  | "latency"
  | "availability"
  | "success"
  | "errors"
  | "users"
  | "concurrency"
  | "nodes"
  | "records"
  | "size"
  | "bandwidth"
  | "retention"
  | "rpo"
  | "rto"
  | "duration"
  | "ratio"
  | "count";

/** The unit of {@link Quantity.value}: all times are milliseconds, all sizes bytes. */
export type QuantityUnit = "count" | "ms" | "percent" | "bytes" | "bits";

/** Which side of the value is allowed, as the text says it; strict and loose comparisons are one. */
export type Bound = "exactly" | "at-least" | "at-most" | "about";

/** How many of the calls a latency is for. */
export type Statistic = `p${number}` | "mean" | "max";

/** Which load a figure is for. */
export type Load = "peak" | "sustained" | "average";

/** What a figure is for each of; `global` is said where the text says so. */
export type Per = "user" | "tenant" | "address" | "key" | "instance" | "endpoint" | "global";

/** Is one quantity that a text states, with the place that states it. */
export interface Quantity {
  readonly measure: Measure;
  /** The value in `unit`; of a range the lower end. */
  readonly value: number;
  /** The upper end of a range. */
  readonly upper?: number;
  readonly unit: QuantityUnit;
  readonly bound: Bound;
  /** The time that a rate counts in. *Units*: milliseconds. */
  readonly windowMs?: number;
  /** What is counted, as one English word in the singular, such as `request`. */
  readonly subject?: string;
  readonly statistic?: Statistic;
  readonly load?: Load;
  readonly per?: Per;
  /** Of users: in which time they count as active. */
  readonly active?: "daily" | "weekly" | "monthly" | "concurrent" | "registered";
  /** Where the text of the quantity begins in the original text. *Units*: UTF-16 code units. */
  readonly start: number;
  /** Where it ends, exclusive. */
  readonly end: number;
  /** The text between `start` and `end`, unchanged. */
  readonly quote: string;
}

/** Is a second, a minute and so on. *Units*: milliseconds. A month has 30 days, a year 365. */
export const timeMs = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_592_000_000,
  year: 31_536_000_000,
} as const;

/** Returns how many of the subject there are in a second, or the value itself for what is not a rate. Of a range it takes the upper end. */
export function perSecond({ value, upper, windowMs }: Pick<Quantity, "value" | "upper" | "windowMs">): number {
  return ((upper ?? value) * timeMs.second) / (windowMs ?? timeMs.second);
}

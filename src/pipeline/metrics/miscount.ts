import type { Counter, Metrics } from "../../core/metrics.ts";

/** What is wrong with a count: the kind of mistake, by which its reports are bounded. */
export type Mistake = "unlisted" | "kind" | "amount" | "labels";

/** A count that cannot be taken. */
export class Miscount {
  readonly mistake: Mistake;
  readonly metric: string;
  /** What is wrong, and what to do. */
  readonly why: string;

  constructor(mistake: Mistake, metric: string, why: string) {
    this.mistake = mistake;
    this.metric = metric;
    this.why = why;
  }
}

/** Different mistakes whose times are known; those after them share one. */
const mostKnown = 1_000;

/**
 * Counts what is left out, and says when that is worth a line of the log.
 * *Bounds*: for each operation, metric and kind of mistake the first time, the tenth, the hundredth and so on; 1,000 of them are distinguished.
 */
export class Miscounts {
  readonly #leftOut: Counter;
  readonly #times = new Map<string, number>();

  constructor(metrics: Metrics) {
    this.#leftOut = metrics.counter({
      name: "plimsoll_counts_left_out_total",
      help: "Counts of handlers that were wrong and were left out.",
      labels: ["operation", "metric"],
    });
  }

  /** Returns what to log, or undefined where it was logged often enough. */
  take(operation: string, { mistake, metric, why }: Miscount): string | undefined {
    this.#leftOut.series(operation, metric).add();
    const own = `${mistake} ${operation} ${metric}`;
    const key = this.#times.has(own) || this.#times.size < mostKnown ? own : "";
    const times = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, times);
    if (!Number.isInteger(Math.log10(times))) return undefined;
    const again = times === 1 ? "" : ` (${times} times so far)`;
    return `${operation} counts ${metric} wrongly. The count is left out, and the execution continues. ${why}${again}`;
  }
}

import type { Counter, Histogram, Metrics } from "../core/metrics.ts";
import { Breaker } from "../resilience/policies/breaker/breaker.ts";
import { Fallback } from "../resilience/policies/fallback.ts";
import type { AnyPolicy } from "../resilience/policies/policy.ts";

const phases = ["closed", "open", "half-open"] as const;
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What of an upstream is read when the metrics are shown. */
export interface UpstreamGauges {
  readonly name: string;
  readonly running: number;
  readonly waiting: number;
  readonly policy: AnyPolicy | undefined;
}

/** What is counted of one upstream. An outcome is `ok`, `degraded`, or the type of the fault. */
export class UpstreamMeasures {
  readonly #upstream: string;
  readonly #requests: Counter;
  readonly #attempts: Counter;
  readonly #retries: Counter;
  readonly #degraded: Counter;
  readonly #seconds: Histogram;
  readonly #offs: readonly (() => void)[];

  constructor(metrics: Metrics, gauges: UpstreamGauges) {
    const labels = ["upstream", "outcome"];
    this.#upstream = gauges.name;
    this.#requests = metrics.counter({
      name: "plimsoll_upstream_requests_total",
      help: "Requests of operations to upstreams, with all their attempts, by outcome.",
      labels,
    });
    this.#attempts = metrics.counter({
      name: "plimsoll_upstream_attempts_total",
      help: "Requests that were sent to upstreams, retries and hedges included, by outcome.",
      labels,
    });
    this.#retries = metrics.counter({
      ...{ name: "plimsoll_upstream_retries_total", labels: ["upstream", "decision"] },
      help: "Failed attempts that might be repeated: whether they were, or why not.",
    });
    this.#degraded = metrics.counter({
      ...{ name: "plimsoll_upstream_degraded_total", labels: ["upstream", "source"] },
      help: "Replies that stand in for those of an upstream that failed.",
    });
    this.#seconds = metrics.histogram({
      ...{ name: "plimsoll_upstream_attempt_seconds", labels: ["upstream"], buckets },
      help: "How long one attempt took, the wait for a connection included.",
    });
    this.#offs = showGauges(metrics, gauges);
  }

  request(outcome: string): void {
    this.#requests.series(this.#upstream, outcome).add();
  }

  attempt(outcome: string, ms: number): void {
    this.#attempts.series(this.#upstream, outcome).add();
    this.#seconds.series(this.#upstream).observe(ms / 1_000);
  }

  retry(decision: string): void {
    this.#retries.series(this.#upstream, decision).add();
  }

  degraded(source: string): void {
    this.#degraded.series(this.#upstream, source).add();
  }

  /** Shows no gauges any more. */
  close(): void {
    for (const off of this.#offs) off();
  }
}

function showGauges(metrics: Metrics, gauges: UpstreamGauges): (() => void)[] {
  const { name } = gauges;
  const labels = ["upstream"];
  const offs = [
    metrics.gauge({
      name: "plimsoll_upstream_in_flight",
      help: "Requests that hold a connection to an upstream.",
      labels,
      read: () => [{ labels: [name], value: gauges.running }],
    }),
    metrics.gauge({
      name: "plimsoll_upstream_queue_depth",
      help: "Requests that wait for a connection to an upstream.",
      labels,
      read: () => [{ labels: [name], value: gauges.waiting }],
    }),
  ];
  const parts = gauges.policy?.parts ?? [];
  const breaker = parts.find((part) => part instanceof Breaker);
  if (breaker !== undefined)
    offs.push(
      metrics.gauge({
        ...{
          name: "plimsoll_upstream_breaker",
          help: "The phase of the breaker of an upstream: 1 for the one that it is in.",
          labels: ["upstream", "phase"],
        },
        read: () => phases.map((phase) => ({ labels: [name, phase], value: phase === breaker.phase ? 1 : 0 })),
      }),
    );
  const fallback = parts.find((part) => part instanceof Fallback);
  if (fallback !== undefined)
    offs.push(
      metrics.gauge({
        ...{ name: "plimsoll_upstream_degraded", help: "Whether the latest reply stands in for that of an upstream that failed.", labels },
        read: () => [{ labels: [name], value: fallback.isDegraded ? 1 : 0 }],
      }),
    );
  return offs;
}

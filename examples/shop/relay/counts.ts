import type { UpstreamCounts } from "./contract.ts";

const kinds: Readonly<Record<string, "success" | "4xx" | "429" | "5xx" | "timeouts">> = {
  ok: "success",
  upstream_refused: "4xx",
  upstream_rate_limited: "429",
  upstream_failed: "5xx",
  upstream_timeout: "timeouts",
};

type Counts = { -readonly [K in keyof UpstreamCounts]: UpstreamCounts[K] };

/** The outcomes of requests to upstreams in this process, attempt by attempt. *Bounds*: one entry for each upstream that there is. */
class FetchCounts {
  readonly #counts = new Map<string, Counts>();

  /** Counts the attempts of one fetch, in their order, and how long it took. */
  add(upstream: string, outcomes: readonly string[], tookMs: number): void {
    const counts = this.#of(upstream);
    counts.total += outcomes.length;
    counts.retries += Math.max(0, outcomes.length - 1);
    counts.fetches++;
    counts.meanMs += (tookMs - counts.meanMs) / counts.fetches;
    for (const outcome of outcomes) counts[kinds[outcome] ?? "otherFailures"]++;
  }

  /** In the order of their names. */
  list(): readonly UpstreamCounts[] {
    return [...this.#counts.values()].toSorted((one, other) => (one.upstream < other.upstream ? -1 : 1));
  }

  #of(upstream: string): Counts {
    let counts = this.#counts.get(upstream);
    if (counts === undefined) {
      counts = {
        upstream,
        total: 0,
        success: 0,
        "4xx": 0,
        "429": 0,
        "5xx": 0,
        timeouts: 0,
        otherFailures: 0,
        retries: 0,
        fetches: 0,
        meanMs: 0,
      };
      this.#counts.set(upstream, counts);
    }
    return counts;
  }
}

/** Those of this process: a query, which reads them, has no resources. */
export const counts = new FetchCounts();

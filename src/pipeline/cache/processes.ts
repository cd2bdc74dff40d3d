import type { CacheHost } from "../../operation/cache/port.ts";

/** What is known of the invalidations of other processes, over each way on which they come. */
export class Processes {
  readonly #confirmed: number[] = [];

  /** Up to when every invalidation of another process has arrived; infinite where there is no way on which one could. */
  get confirmedAt(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const at of this.#confirmed) if (at < least) least = at;
    return least;
  }

  /** Adds a way on which invalidations come, of which nothing is known yet. */
  join(host: Omit<CacheHost, "confirmed">): CacheHost {
    const index = this.#confirmed.push(Number.NEGATIVE_INFINITY) - 1;
    return {
      ...host,
      confirmed: (at) => {
        this.#confirmed[index] = Math.max(at, this.#confirmed[index] ?? at);
      },
    };
  }
}

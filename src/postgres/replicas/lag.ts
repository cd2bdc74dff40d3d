/** How far the log of the primary was at a time. */
interface Sample {
  readonly position: bigint;
  /** Before it was asked. *Units*: milliseconds of the clock's monotonic time. */
  readonly at: number;
}

const mostSamples = 64;

/**
 * How far a replica can be behind at the most, by times of this process alone: what the primary had written at a time, the replica has replayed. *Guarantees*: it is
 * never less than the replica is behind; where nothing is known, or the replica does not move, it grows.
 */
export class ReplicaLag {
  #samples: Sample[] = [];
  #reachedAt: number | undefined;

  /** The primary had written its log up to there, at a time or later. */
  sampled(position: bigint, at: number): void {
    // Where they are many, the replica is far behind, and each second one does as well.
    if (this.#samples.length >= mostSamples) this.#samples = this.#samples.filter((_, n) => n % 2 === 1);
    this.#samples.push({ position, at });
  }

  /** The replica has replayed the log up to there. */
  replayed(position: bigint): void {
    for (const sample of this.#samples) if (sample.position <= position) this.#reachedAt = Math.max(this.#reachedAt ?? 0, sample.at);
    this.#samples = this.#samples.filter((sample) => sample.position > position);
  }

  /** It is no replica any more, or cannot be asked. */
  lose(): void {
    this.#samples = [];
    this.#reachedAt = undefined;
  }

  /** *Units*: milliseconds. */
  atMost(now: number): number {
    return this.#reachedAt === undefined ? Number.POSITIVE_INFINITY : now - this.#reachedAt;
  }
}

import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { SubscriptionStats } from "../ports/admin-store.ts";
import { comparePositions, type Position } from "../position.ts";
import type { EventSignals, ProjectionStall } from "../signals.ts";
import type { EventUpkeep } from "../upkeep.ts";
import { whyReadersHeld } from "../warnings.ts";
import type { Projector } from "./projector.ts";

/** What watching projections needs. */
export interface ProjectionWatchOptions {
  readonly clock: Clock;
  readonly signals: EventSignals;
  readonly upkeep: Pick<EventUpkeep, "stats" | "readersHeld">;
  readonly projectors: readonly Pick<Projector, "definition" | "failure">[];
}

/** Notices projections that have events to apply and stand still, and says why. */
export class ProjectionWatch {
  readonly #options: ProjectionWatchOptions;
  readonly #seen = new Map<string, { readonly position: Position; readonly since: number }>();
  #looked: readonly SubscriptionStats[] | undefined;
  #stalls: readonly ProjectionStall[] = [];

  constructor(options: ProjectionWatchOptions) {
    this.#options = options;
  }

  get stalls(): readonly ProjectionStall[] {
    return this.#stalls;
  }

  /** Compares what the upkeep found last with what it found before. */
  look(): void {
    const { upkeep, projectors, clock, signals } = this.#options;
    if (upkeep.stats === this.#looked || projectors.length === 0) return;
    this.#looked = upkeep.stats;
    const now = clock.monotonic();
    this.#stalls = projectors.flatMap((projector) => {
      const { name } = projector.definition;
      const stats = upkeep.stats.find((one) => one.name === name);
      if (stats === undefined) return [];
      const { epoch, xid, seq } = stats;
      const seen = this.#seen.get(name);
      const moved = seen === undefined || comparePositions(seen.position, stats) !== 0 || stats.lag === 0;
      if (moved) this.#seen.set(name, { position: { epoch, xid, seq }, since: now });
      const stillMs = moved ? 0 : now - seen.since;
      if (stillMs < limits.projectionStallMs) return [];
      return [{ projection: name, stillMs, lag: stats.lag, why: this.#why(stats, projector.failure) }];
    });
    for (const stall of this.#stalls) signals.stalled.publish(stall);
  }

  #why({ paused, owned }: SubscriptionStats, failure: string | undefined): string {
    const { readersHeld } = this.#options.upkeep;
    if (paused) return "It is paused. Resume it at POST /projections/{name}/resume.";
    if (readersHeld !== undefined) return whyReadersHeld(readersHeld);
    if (failure !== undefined) return `It tries again: ${failure}`;
    if (owned === 0) return "No process has it. Run one with the role worker whose code declares it.";
    return "Another process has it, which does not move it. Look at the log of that process.";
  }
}

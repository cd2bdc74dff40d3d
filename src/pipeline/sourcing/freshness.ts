import type { Clock } from "../../core/clock.ts";
import type { ProjectionFreshness } from "../../operation/events/freshness.ts";
import type { EventLog } from "../../operation/events/log.ts";

/** How far a projection was, and when this process asked. */
interface Seen {
  readonly found: ProjectionFreshness;
  /** *Units*: milliseconds of the clock's monotonic time. */
  readonly askedAt: number;
}

/**
 * How far one projection is, as the queries of a process ask: those who come while one asks share the next question. *Guarantees*: what {@link ask} returns was
 * found after it was called.
 */
export class FreshnessOf {
  readonly #name: string;
  readonly #clock: Clock;
  #asking: Promise<ProjectionFreshness> | undefined;
  #next: Promise<ProjectionFreshness> | undefined;
  #seen: Seen | undefined;

  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
  }

  /** The most that the projection can lag now, by what was found before; undefined where nothing was. *Units*: milliseconds. */
  get lagAtMost(): number | undefined {
    return this.#seen && this.#clock.monotonic() - this.#seen.askedAt + this.#seen.found.lagMs;
  }

  ask(log: EventLog): Promise<ProjectionFreshness> {
    if (this.#next !== undefined) return this.#next;
    if (this.#asking === undefined) return this.#begin(log);
    // What is under way may have looked already.
    const over = this.#asking.then(
      () => undefined,
      () => undefined,
    );
    this.#next = over.then(() => {
      this.#next = undefined;
      return this.#begin(log);
    });
    return this.#next;
  }

  #begin(log: EventLog): Promise<ProjectionFreshness> {
    const askedAt = this.#clock.monotonic();
    const asking = log.freshness(this.#name).then((found) => {
      if (found.started) this.#seen = { found, askedAt };
      return found;
    });
    this.#asking = asking;
    const ended = () => {
      if (this.#asking === asking) this.#asking = undefined;
    };
    asking.then(ended, ended);
    return asking;
  }
}

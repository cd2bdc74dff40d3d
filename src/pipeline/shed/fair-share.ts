import { UsageSketch } from "./usage-sketch.ts";

/** A turn of the event loop: its number, its age, and the time. *Units*: milliseconds. */
export interface Turn {
  readonly ordinal: number;
  readonly age: number;
  readonly now: number;
}

const lowered = 0.9;
const raised = 1.01;
/** Who has less than this part of what the largest has is not the cause of a queue. */
const small = 0.5;
/** The level is never a smaller part of it: above what is small, so that a small one may grow meanwhile. */
const lowest = 0.6;

/**
 * What one tenant may have of the event loop while a queue stands, so that one that sends much does not keep out the others.
 *
 * There is one level for all. Where a request of a tenant with little is reached late in its turn, the level falls below what the largest tenant had in the
 * last second, with or without a queue; else it rises. Who had more than the level is refused. If all have the same, none is refused here, and the age of the turn decides.
 * *Guarantees*: the level never falls below 0.6 of what the largest tenant had, so a small one is not refused for what others do.
 * *Bounds*: memory is fixed, whatever the number of tenants. *Units*: milliseconds of the event loop in a second.
 * *Source*: the level is that of max-min fairness, found without counting tenants.
 */
export class FairShare {
  /** Above it a tenant is refused. */
  level = Number.POSITIVE_INFINITY;
  /** What the tenant of the last decision has had. */
  usage = 0;
  readonly #usages = new UsageSketch();
  readonly #lateMs: number;
  #ordinal = -1;
  #largest = 0;
  #crowded = 0;
  #last: string | undefined;

  /** A request of a small tenant that is reached later than `lateMs` is crowded. */
  constructor(lateMs: number) {
    this.#lateMs = lateMs;
  }

  /** Whether a request of this tenant may go on; asked while a queue stands. */
  admits(tenant: string, turn: Turn): boolean {
    this.usage = this.sees(tenant, turn);
    this.#last = tenant;
    return this.usage <= this.level;
  }

  /** The same for a request that came too late to go on, whatever its tenant has had. Returns what that is. */
  sees(tenant: string, { ordinal, age, now }: Turn): number {
    if (ordinal !== this.#ordinal) this.#turnEnds(ordinal);
    const usage = this.#usages.read(tenant, now);
    if (usage > this.#largest) this.#largest = usage;
    if (age > this.#lateMs && usage < this.#largest * small) this.#crowded++;
    return usage;
  }

  /** The event loop worked so long for the last one, be it for its refusal: one who sends thousands takes a good part of the loop with these alone. */
  worked(ms: number, now: number): void {
    if (this.#last !== undefined) this.#usages.add(this.#last, ms, now);
    this.#last = undefined;
  }

  /**
   * No queue stands: a request of this tenant goes on, and what it takes counts. Without it the first turn of a queue would set the level
   * by the little that its own requests have had.
   */
  passes(tenant: string): void {
    this.level = Number.POSITIVE_INFINITY;
    this.#last = tenant;
  }

  #turnEnds(ordinal: number): void {
    if (this.#crowded > 0) this.level = Math.max(Math.min(this.level, this.#largest) * lowered, this.#largest * lowest);
    else this.level *= raised;
    this.#ordinal = ordinal;
    this.#crowded = 0;
    this.#largest = 0;
  }
}

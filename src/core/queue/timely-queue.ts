import { limits as bounds } from "../limits.ts";
import type { LoadLine } from "../load-line/load-line.ts";
import { BoundedQueue, type QueuedWaiter } from "./bounded-queue.ts";
import { FairTurns, type FairWaiter } from "./fair-turns.ts";
import { UsualTime } from "./learnt/usual-time.ts";
import type { Held, Limit } from "./limit.ts";
import { StandingQueue } from "./standing-queue.ts";

/** Who waits in a {@link TimelyQueue}; its caller and its rank are the same as long as it waits. */
export interface TimelyWaiter extends QueuedWaiter, FairWaiter {
  /** When it began to wait; set by the queue. *Units*: monotonic milliseconds. */
  queuedAt: number;
  /** After it a place is of no use. *Units*: monotonic milliseconds. *Default*: never. */
  readonly deadlineAt?: number | undefined;
}

/** Why one does not wait: no room, its room was given to another, it has waited in vain in a queue that stands, or it could not finish any more. */
export type Untimely = "full" | "displaced" | "waited_long" | "hopeless";

/** What makes a {@link TimelyQueue}. */
export interface TimelyQueueOptions<W> {
  readonly limit: Limit;
  /** How many may wait. */
  readonly queue: number;
  readonly line?: LoadLine | undefined;
  /** By it a wait is long or short. *Default*: no wait is too long. *Units*: milliseconds. */
  readonly deadlineMs?: number | undefined;
  /** What is known already of how long those who hold a place take. */
  readonly usual?: UsualTime;
  /** Monotonic time. *Units*: milliseconds. */
  now(): number;
  /** One that waited does not any more; called once, and never after `granted`, maybe inside another's call of `wait` or `leave`. */
  dropped(waiter: W, reason: Untimely): void;
}

const targetPart = 0.1;
const intervalPart = 0.25;
/** Who has waited so many times the target in a standing queue is refused. */
const tooLong = 2;

/**
 * A bounded queue in which the most important come first and tenants take turns, for those who have a deadline.
 *
 * A queue that stands (none waited for less than a tenth of the deadline) lets the newest of each caller in first, and drops those who have waited for a
 * fifth. Who can no longer finish within its deadline, as long as others usually take, is dropped before it begins.
 * *Guarantees*: those of {@link BoundedQueue}.
 */
export class TimelyQueue<W extends TimelyWaiter> extends BoundedQueue<W> {
  readonly usual: UsualTime;
  readonly #timely: TimelyQueueOptions<W>;
  readonly #turns: FairTurns<W>;
  readonly #standing: StandingQueue | undefined;
  /** All who wait, the first to come first. */
  readonly #arrived = new Set<W>();

  constructor(options: TimelyQueueOptions<W>) {
    const { limit, queue, line, deadlineMs, usual } = options;
    const turns = new FairTurns<W>();
    super({ limit, queue, turns, line });
    this.#timely = options;
    this.#turns = turns;
    this.usual = usual ?? new UsualTime();
    const intervalMs = Math.max(bounds.queueIntervalMs, (deadlineMs ?? 0) * intervalPart);
    this.#standing = deadlineMs === undefined ? undefined : new StandingQueue({ targetMs: deadlineMs * targetPart, intervalMs });
  }

  override tryEnter(): boolean {
    const entered = super.tryEnter();
    if (entered && this.#standing?.isStanding) this.#standing.isEmpty();
    return entered;
  }

  /** Waits for a place. Returns why not, where it does not. */
  ask(waiter: W): Untimely | undefined {
    const now = this.#timely.now();
    if (this.#isHopeless(waiter, now)) return "hopeless";
    this.#dropOld(now);
    waiter.queuedAt = now;
    if (!this.add(waiter)) {
      const displaced = this.displace(waiter);
      if (displaced === undefined) return "full";
      this.#arrived.delete(displaced);
      this.#timely.dropped(displaced, "displaced");
    }
    this.#arrived.add(waiter);
    return undefined;
  }

  override forget(waiter: W): boolean {
    this.#arrived.delete(waiter);
    return super.forget(waiter);
  }

  override leave(how?: Held): void {
    if (how?.outcome === "ok") this.usual.took(how.heldMs);
    super.leave(how);
  }

  protected override grant(waiter: W): void {
    this.#arrived.delete(waiter);
    const now = this.#timely.now();
    // The newest may have come just now, and the queue stand all the same: the first to come says it.
    const [first = waiter] = this.#arrived;
    this.#standing?.look(now - Math.min(first.queuedAt, waiter.queuedAt), now);
    if (!this.isOpen && this.#isHopeless(waiter, now)) return this.#timely.dropped(waiter, "hopeless");
    super.grant(waiter);
    this.#dropOld(now);
  }

  /** Where a queue stands, those who came first have waited in vain for the longest. */
  #dropOld(now: number): void {
    const standing = this.#standing;
    this.#turns.newestFirst = standing?.isStanding ?? false;
    if (standing === undefined || !standing.isStanding) return;
    const before = now - standing.targetMs * tooLong;
    for (const waiter of this.#arrived) {
      if (waiter.queuedAt > before) return;
      this.forget(waiter);
      this.#timely.dropped(waiter, "waited_long");
    }
  }

  #isHopeless({ deadlineAt }: W, now: number): boolean {
    return deadlineAt !== undefined && now + this.usual.leastMs > deadlineAt;
  }
}

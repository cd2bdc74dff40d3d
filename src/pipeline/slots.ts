import { type Clock, systemClock } from "../core/clock.ts";
import { limits as bounds } from "../core/limits.ts";
import type { LimitMode, RefusalCount } from "../core/load-line/load-line.ts";
import type { LoadLines } from "../core/load-line/load-lines.ts";
import { FairTurns, type FairWaiter } from "../core/queue/fair-turns.ts";
import { AdaptiveLimit } from "../core/queue/learnt/adaptive-limit.ts";
import { UsualTime } from "../core/queue/learnt/usual-time.ts";
import type { Held } from "../core/queue/limit.ts";
import { LimitedQueue, type LimitedWaiter } from "../core/queue/limited-queue.ts";
import { StandingQueue } from "../core/queue/standing-queue.ts";
import type { Refusal } from "../operation/execution.ts";

/** Who waits for a slot; its caller and its rank are the same as long as it waits. */
export interface Waiter extends LimitedWaiter, FairWaiter {
  /** When it began to wait; set by the slots. *Units*: monotonic milliseconds. */
  queuedAt: number;
  /** It waits no longer, for this reason; called once and never after `granted`, maybe inside another's call of {@link Slots.wait} or `leave`. */
  displaced(refusal: Refusal): void;
}

/** The size of a semaphore and of its queue, and the mode at the start. */
export interface SlotsOptions {
  /** What the names of its limits begin with: `orders.place` for `orders.place concurrency` and `orders.place queue`. */
  readonly name: string;
  readonly concurrency: number;
  readonly queue: number;
  readonly mode: LimitMode;
  /** Whether fewer may run where more only wait for each other. *Default*: as many as `concurrency` says. */
  readonly learns?: boolean;
  /** By it a wait is long or short. *Default*: no wait is too long. *Units*: milliseconds. */
  readonly deadlineMs?: number;
}

/** Below it there is nothing to learn. */
const leastLearnt = 5;
const targetPart = 0.1;
const intervalPart = 0.25;
/** Who has waited so many times the target in a standing queue is refused. */
const tooLong = 2;

/**
 * What runs at once of an operation or of the process, with a bounded queue in front, in which the most important come first and tenants take turns.
 *
 * A queue that stands (none waited for less than a tenth of the deadline) lets the newest of each caller in first, and refuses those who have waited for a
 * fifth. Who can no longer finish within its deadline, as long as executions usually take, is refused before it begins.
 * *Guarantees*: with the mode `enforce`, never more than the limit begin while as many hold a slot, never more than `queue` wait; a caller that was granted
 * one must leave once. With `measure` and `off` no caller waits and none is refused.
 */
export class Slots extends LimitedQueue<Waiter> {
  readonly options: SlotsOptions;
  readonly #turns: FairTurns<Waiter>;
  readonly #standing: StandingQueue | undefined;
  readonly #usual = new UsualTime();
  /** All who wait, the first to come first. */
  readonly #arrived = new Set<Waiter>();
  readonly #waitedLong: RefusalCount;
  readonly #hopeless: RefusalCount;
  #time: Clock = systemClock;

  constructor(options: SlotsOptions) {
    const { concurrency, learns, deadlineMs } = options;
    // The first that is made is the queue's own; a second one is of its shadow.
    let own: FairTurns<Waiter> | undefined;
    super({
      ...options,
      turns: <V extends FairWaiter>() => {
        const turns = new FairTurns<V>();
        own ??= turns as unknown as FairTurns<Waiter>;
        return turns;
      },
      ...(learns && concurrency >= leastLearnt && { limit: new AdaptiveLimit({ ceiling: concurrency }) }),
    });
    this.options = options;
    this.#turns = own as unknown as FairTurns<Waiter>;
    const intervalMs = Math.max(bounds.queueIntervalMs, (deadlineMs ?? 0) * intervalPart);
    this.#standing = deadlineMs === undefined ? undefined : new StandingQueue({ targetMs: deadlineMs * targetPart, intervalMs });
    this.#waitedLong = this.queueLine.reason("waited_long");
    this.#hopeless = this.queueLine.reason("hopeless");
  }

  override listOn(lines: LoadLines, clock: Clock): void {
    this.#time = clock;
    super.listOn(lines, clock);
  }

  override tryEnter(waiter?: Waiter): boolean {
    const entered = super.tryEnter(waiter);
    if (entered && this.#standing?.isStanding) this.#standing.isEmpty();
    return entered;
  }

  /** Takes a place in the queue, or says why there is none. */
  wait(waiter: Waiter): Refusal | undefined {
    const now = this.#time.monotonic();
    if (this.#isHopeless(waiter, now)) {
      this.queueLine.refuses(this.#hopeless);
      return this.#refusal();
    }
    this.#dropOld(now);
    waiter.queuedAt = now;
    if (!this.add(waiter)) {
      const displaced = this.displace(waiter);
      if (displaced === undefined) {
        this.refuse();
        return this.#refusal();
      }
      this.#arrived.delete(displaced);
      displaced.displaced(this.#refusal());
    }
    this.#arrived.add(waiter);
    return undefined;
  }

  override forget(waiter: Waiter): boolean {
    this.#arrived.delete(waiter);
    return super.forget(waiter);
  }

  override leave(how?: Held): void {
    if (how?.outcome === "ok") this.#usual.took(how.heldMs);
    super.leave(how);
  }

  protected override grant(waiter: Waiter): void {
    this.#arrived.delete(waiter);
    const now = this.#time.monotonic();
    // The newest may have come just now, and the queue stand all the same: the first to come says it.
    const [first = waiter] = this.#arrived;
    this.#standing?.look(now - Math.min(first.queuedAt, waiter.queuedAt), now);
    if (!this.isOpen && this.#isHopeless(waiter, now)) {
      this.queueLine.refuses(this.#hopeless);
      waiter.displaced(this.#refusal());
      return;
    }
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
      this.queueLine.refuses(this.#waitedLong);
      waiter.displaced(this.#refusal());
    }
  }

  #isHopeless({ deadlineAt }: Waiter, now: number): boolean {
    return deadlineAt !== undefined && now + this.#usual.leastMs > deadlineAt;
  }

  #refusal(): Refusal {
    const { name, queue } = this.options;
    // With a queue of 0, the limit that is reached is that of the slots.
    if (queue === 0) return { limit: `${name} concurrency`, value: this.limit.current, load: this.running, mode: "enforce" };
    return { limit: `${name} queue`, value: queue, load: this.waiting, mode: "enforce" };
  }
}

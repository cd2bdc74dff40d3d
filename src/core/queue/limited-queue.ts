import { type Clock, systemClock } from "../clock.ts";
import { type LimitMode, LoadLine, type RefusalCount } from "../load-line/load-line.ts";
import type { LoadLines } from "../load-line/load-lines.ts";
import { BoundedQueue, type QueuedWaiter } from "./bounded-queue.ts";
import { FixedLimit, type Held, type Limit } from "./limit.ts";
import { type ShadowOwner, ShadowQueue, type ShadowReason } from "./shadow-queue.ts";
import type { Turns } from "./turns.ts";

/** Who asks for a place of a {@link LimitedQueue}. */
export interface LimitedWaiter extends QueuedWaiter, ShadowOwner {
  /** In measure mode: this line would have refused it, at this load. Called at most once, maybe after it has ended; not for one whose deadline would have passed. */
  measured?(line: LoadLine, load: number): void;
}

/** What makes a {@link LimitedQueue}. */
export interface LimitedQueueOptions {
  /** What the names of its two lines begin with, as in `orders.place`. */
  readonly name: string;
  /** *Default*: `executions`. */
  readonly unit?: string;
  readonly concurrency: number;
  readonly queue: number;
  readonly mode: LimitMode;
  /** *Default*: `concurrency`, which never changes. */
  readonly limit?: Limit;
  /** Makes the fairness of the queue, and of its shadow in measure mode. */
  readonly turns: <V extends QueuedWaiter & { readonly caller?: string | undefined }>() => Turns<V>;
  /** *Default*: that of the machine. */
  readonly clock?: Clock;
}

/**
 * A bounded queue whose mode can change at any time: two load lines, one of its places and one of its queue, whose mode is always the same.
 * *Guarantees*: those of {@link BoundedQueue}; a change of mode neither loses nor doubles a place. In the modes `measure` and `off` every caller gets a place at
 * once; in `measure` those are reported whom `enforce` would have refused.
 */
export class LimitedQueue<W extends LimitedWaiter> extends BoundedQueue<W> {
  readonly queueLine: LoadLine;
  readonly #options: LimitedQueueOptions;
  /** For one that finds no place where none may wait. */
  readonly #noPlace: RefusalCount;
  readonly #noRoom: RefusalCount;
  readonly #displaced: RefusalCount;
  readonly #late: RefusalCount;
  #clock: Clock;
  #shadow: ShadowQueue<W> | undefined = undefined;

  constructor(options: LimitedQueueOptions) {
    const { name, unit = "executions", concurrency, queue, mode, turns, clock = systemClock } = options;
    const limit = options.limit ?? new FixedLimit(concurrency);
    const line: LoadLine = new LoadLine({
      ...{ name: `${name} concurrency`, unit, declared: concurrency, mode },
      now: () => this.#read(),
      learnt: () => (limit instanceof FixedLimit ? undefined : limit.current),
      switched: (to) => this.#switch(to),
    });
    super({ limit, queue, turns: turns(), line });
    this.#options = options;
    this.#clock = clock;
    this.queueLine = new LoadLine({ name: `${name} queue`, unit, declared: queue, now: () => this.waiting, follows: line });
    this.#noPlace = line.reason("full");
    this.#noRoom = this.queueLine.reason("full");
    this.#displaced = this.queueLine.reason("displaced");
    this.#late = this.queueLine.reason("late");
    if (mode !== "enforce") this.#switch(mode);
  }

  /** Lists both lines with the others of its app, whose clock is its own from then on. */
  listOn(lines: LoadLines, clock: Clock): void {
    this.#clock = clock;
    lines.register(this.line);
    lines.register(this.queueLine);
  }

  /** As {@link BoundedQueue.tryEnter}; who asks is looked at in measure mode. */
  override tryEnter(waiter?: W): boolean {
    if (this.#shadow !== undefined && waiter !== undefined) this.#shadow.enter(waiter, this.#clock.monotonic());
    return super.tryEnter();
  }

  override add(waiter: W): boolean {
    const waits = super.add(waiter);
    if (waits) this.queueLine.admits(this.waiting);
    return waits;
  }

  /** Counts a refusal for want of room. Returns the line that refuses: with a queue of 0 that of the places. */
  refuse(): LoadLine {
    if (this.#options.queue === 0) {
      this.line.refuses(this.#noPlace);
      return this.line;
    }
    this.queueLine.refuses(this.#noRoom);
    return this.queueLine;
  }

  override displace(waiter: W): W | undefined {
    const displaced = super.displace(waiter);
    if (displaced === undefined) return undefined;
    this.queueLine.admits(this.waiting);
    this.queueLine.refuses(this.#displaced);
    return displaced;
  }

  /** As {@link forget}, for one whose deadline has passed. */
  forgetLate(waiter: W): boolean {
    const waited = this.forget(waiter);
    if (waited) this.queueLine.refuses(this.#late);
    return waited;
  }

  /** `how` is in measure mode who entered. */
  override leave(how?: Held): void {
    this.#shadow?.leave(how as W | undefined, this.#clock.monotonic());
    super.leave(how);
  }

  /** In measure mode one that waited as the mode changed: it would wait on. */
  protected override grant(waiter: W): void {
    this.#shadow?.enter(waiter, this.#clock.monotonic());
    super.grant(waiter);
  }

  #read(): number {
    this.#shadow?.advance(this.#clock.monotonic());
    return this.running;
  }

  #switch(mode: LimitMode): void {
    this.#shadow = mode === "measure" ? this.#newShadow() : undefined;
    this.isOpen = mode !== "enforce";
  }

  /** Those who hold a place would hold one. */
  #newShadow(): ShadowQueue<W> {
    const { queue, turns } = this.#options;
    const { limit, running } = this;
    const follows: Limit = {
      get current() {
        return limit.current;
      },
      acquired: () => undefined,
      released: () => undefined,
    };
    return new ShadowQueue<W>({
      limit: follows,
      queue,
      turns: turns(),
      running,
      refused: (waiter, reason) => this.#measured(waiter, reason),
    });
  }

  #measured(waiter: W, reason: ShadowReason): void {
    const noPlace = reason === "full" && this.#options.queue === 0;
    const line = noPlace ? this.line : this.queueLine;
    line.refuses(noPlace ? this.#noPlace : { full: this.#noRoom, displaced: this.#displaced, late: this.#late }[reason]);
    const { running, waiting } = this.#shadow?.load ?? this;
    if (reason !== "late") waiter.measured?.(line, noPlace ? running : waiting);
  }
}

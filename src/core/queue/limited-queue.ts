import { type Clock, systemClock } from "../clock.ts";
import { type LimitMode, LoadLine, type RefusalCount } from "../load-line/load-line.ts";
import type { LoadLines } from "../load-line/load-lines.ts";
import { FixedLimit, type Held, type Limit } from "./limit.ts";
import { ShadowQueue, type ShadowReason } from "./shadow-queue.ts";
import type { Share, Shares } from "./share.ts";
import { TimelyQueue, type TimelyWaiter, type Untimely } from "./timely-queue.ts";

/** Who asks for a place of a {@link LimitedQueue}. */
export interface LimitedWaiter extends TimelyWaiter {
  /** In measure mode: this line would have refused it, at this load. Called at most once, maybe after it has ended; not for one whose deadline would have passed. */
  measured?(line: LoadLine, load: number): void;
}

/** What makes a {@link LimitedQueue}. */
export interface LimitedQueueOptions {
  /** What the names of its two lines begin with, as in `orders.place`. */
  readonly name: string;
  readonly concurrency: number;
  readonly queue: number;
  readonly mode: LimitMode;
  /** *Default*: `concurrency`, which never changes. */
  readonly limit?: Limit;
  /** By it a wait is long or short. *Default*: no wait is too long. *Units*: milliseconds. */
  readonly deadlineMs?: number;
}

/**
 * A queue with places whose mode can change at any time: two load lines, one of its places and one of its queue, whose mode is always the same.
 * *Guarantees*: those of {@link TimelyQueue}; a change of mode neither loses nor doubles a place. In the modes `measure` and `off` every caller gets a place at
 * once; in `measure` those are reported whom `enforce` would have refused.
 */
export abstract class LimitedQueue<W extends LimitedWaiter> extends TimelyQueue<W> {
  readonly queueLine: LoadLine;
  readonly #options: LimitedQueueOptions;
  /** For one that finds no place where none may wait. */
  readonly #noPlace: RefusalCount;
  readonly #counts: Readonly<Record<ShadowReason, RefusalCount>>;
  #clock: Clock = systemClock;
  #shadow: ShadowQueue<W> | undefined = undefined;

  constructor(options: LimitedQueueOptions) {
    const { name, concurrency, queue, mode, deadlineMs } = options;
    const limit = options.limit ?? new FixedLimit(concurrency);
    const line: LoadLine = new LoadLine({
      ...{ name: `${name} concurrency`, unit: "executions", declared: concurrency, mode },
      now: () => this.#read(),
      learnt: () => (limit instanceof FixedLimit ? undefined : this.most),
      switched: (to) => this.#switch(to),
    });
    super({
      ...{ limit, queue, deadlineMs, line },
      now: () => this.#clock.monotonic(),
      dropped: (waiter, reason) => {
        this.queueLine.refuses(this.#counts[reason]);
        this.dropped(waiter, reason);
      },
    });
    this.#options = options;
    const follower = new LoadLine({
      name: `${name} queue`,
      unit: "executions",
      declared: queue,
      now: () => this.#readWaiting(),
      follows: line,
    });
    this.queueLine = follower;
    this.#noPlace = line.reason("full");
    const [full, displaced, late] = [follower.reason("full"), follower.reason("displaced"), follower.reason("late")];
    this.#counts = { full, displaced, late, waited_long: follower.reason("waited_long"), hopeless: follower.reason("hopeless") };
    if (mode !== "enforce") this.#switch(mode);
  }

  /** One that waited does not any more, for this reason, which is counted. */
  protected abstract dropped(waiter: W, reason: Untimely): void;

  /** Lists both lines with the others of its app, whose clock is its own from then on. */
  listOn(lines: LoadLines, clock: Clock): void {
    this.#clock = clock;
    lines.register(this.line);
    lines.register(this.queueLine);
  }

  /** Both limits are those of several processes from now on. Before any caller enters. */
  shareOf(shares: Shares): void {
    const { concurrency, queue } = this.#options;
    const changed = () => this.refill();
    const held = () => this.running;
    const wants = () => this.running + this.waiting;
    // What is learnt is learnt of this process: a limit above its share would never be reached.
    const resized = () => {
      this.limit.bound?.(places.current);
      this.refill();
    };
    const places: Share = shares.borrow({ name: this.line.name, declared: concurrency, held, wants, changed: resized });
    const waiting = () => this.waiting;
    const room =
      queue === 0 ? undefined : shares.borrow({ name: this.queueLine.name, declared: queue, held: waiting, wants: waiting, changed });
    this.line.share = places;
    this.queueLine.share = room;
    this.shareWith({ places, room });
  }

  /** As {@link TimelyQueue.tryEnter}; who asks is looked at in measure mode. */
  override tryEnter(waiter?: W): boolean {
    if (this.#shadow !== undefined && waiter !== undefined) this.#shadow.enter(waiter, this.#clock.monotonic());
    return super.tryEnter();
  }

  /** As {@link TimelyQueue.ask}; what it returns is counted. */
  override ask(waiter: W): Untimely | undefined {
    const reason = super.ask(waiter);
    if (reason === undefined) this.queueLine.admits(this.waiting);
    else this.#lineOf(reason).refuses(this.#countOf(reason));
    return reason;
  }

  /** As {@link forget}, for one whose deadline has passed. */
  forgetLate(waiter: W): boolean {
    const waited = this.forget(waiter);
    if (waited) this.queueLine.refuses(this.#counts.late);
    return waited;
  }

  /** `how` is in measure mode who entered. */
  override leave(how?: Held): void {
    this.#shadow?.leave(how as (Held & W) | undefined, this.#clock.monotonic());
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

  #readWaiting(): number {
    this.#read();
    return this.waiting;
  }

  /** With a queue of 0, the limit that is reached is that of the places. */
  #isOfPlaces(reason: ShadowReason): boolean {
    return reason === "full" && this.#options.queue === 0;
  }

  #lineOf(reason: ShadowReason): LoadLine {
    return this.#isOfPlaces(reason) ? this.line : this.queueLine;
  }

  #countOf(reason: ShadowReason): RefusalCount {
    return this.#isOfPlaces(reason) ? this.#noPlace : this.#counts[reason];
  }

  #switch(mode: LimitMode): void {
    this.#shadow = mode === "measure" ? this.#newShadow() : undefined;
    this.isOpen = mode !== "enforce";
  }

  /** Those who hold a place would hold one. */
  #newShadow(): ShadowQueue<W> {
    const { deadlineMs } = this.#options;
    const { running } = this;
    const most = () => this.most;
    const follows: Limit = {
      get current() {
        return most();
      },
      acquired: () => undefined,
      released: () => undefined,
    };
    return new ShadowQueue<W>({
      ...{ limit: follows, queue: this.room, deadlineMs, running, usual: this.usual.copy() },
      refused: (waiter, reason) => this.#measured(waiter, reason),
    });
  }

  #measured(waiter: W, reason: ShadowReason): void {
    const line = this.#lineOf(reason);
    line.refuses(this.#countOf(reason));
    const { running, waiting } = this.#shadow?.load ?? this;
    if (reason !== "late") waiter.measured?.(line, this.#isOfPlaces(reason) ? running : waiting);
  }
}

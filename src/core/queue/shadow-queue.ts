import type { UsualTime } from "./learnt/usual-time.ts";
import type { Held, Limit } from "./limit.ts";
import { TimelyQueue, type TimelyWaiter, type Untimely } from "./timely-queue.ts";

/** Who asks a {@link ShadowQueue}: what it would have waited as. */
export type ShadowOwner = Pick<TimelyWaiter, "caller" | "rank" | "deadlineAt">;

/** Why one would have been refused; `late`: its deadline would have passed as it waited. */
export type ShadowReason = Untimely | "late";

/** What a shadow is made of. */
export interface ShadowQueueOptions<O> {
  readonly limit: Limit;
  readonly queue: number;
  readonly deadlineMs: number | undefined;
  /** What is known already of how long those who hold a place take; it is the shadow's from now on. */
  readonly usual: UsualTime;
  /** How many hold a place already: each leaves as one that is not known. */
  readonly running: number;
  /** Called for each that would have been refused, once, when it is known; that may be after it has ended. */
  refused(owner: O, reason: ShadowReason): void;
}

/** One that runs at once, and would have waited. */
class Shadow<O extends ShadowOwner> implements TimelyWaiter {
  readonly owner: O;
  readonly caller: string | undefined;
  readonly rank: number | undefined;
  readonly deadlineAt: number | undefined;
  readonly startedAt: number;
  queuedAt = 0;
  state: "waits" | "holds" | "refused" = "waits";
  heldSince = 0;
  /** How long it ran, and how it went, once it has ended. */
  ended: Held | undefined = undefined;
  /** When it gives up its wait, or its place; undefined while that is not known. */
  at: number | undefined = undefined;
  readonly #onGranted: (shadow: Shadow<O>) => void;

  constructor(owner: O, startedAt: number, onGranted: (shadow: Shadow<O>) => void) {
    this.owner = owner;
    this.caller = owner.caller;
    this.rank = owner.rank;
    this.deadlineAt = owner.deadlineAt;
    this.startedAt = startedAt;
    this.#onGranted = onGranted;
  }

  granted(): void {
    this.#onGranted(this);
  }
}

/**
 * What a bounded queue would have done with those who run without waiting: it replays them in a queue of their own, in which each holds its place as long as
 * it really ran, from when it would have had one. What ended early would have ended later, so all that is needed is known by then.
 * *Guarantees*: with the same arrivals, running times and deadlines it refuses exactly those whom the queue would have refused.
 * *Bounds*: keeps as many as run, and as many as the queue holds. *Units*: monotonic milliseconds, which never go back.
 */
export class ShadowQueue<O extends ShadowOwner> {
  readonly #places: TimelyQueue<Shadow<O>>;
  readonly #refused: (owner: O, reason: ShadowReason) => void;
  /** Those who really run. */
  readonly #running = new Map<O, Shadow<O>>();
  /** Those of whom it is known when they give up, the next one last. */
  readonly #due: Shadow<O>[] = [];
  #now = Number.NEGATIVE_INFINITY;

  constructor({ running, refused, ...options }: ShadowQueueOptions<O>) {
    this.#places = new TimelyQueue({
      ...{ ...options, now: () => this.#now },
      dropped: (shadow, reason) => this.#refuse(shadow, reason),
    });
    this.#refused = refused;
    for (let i = 0; i < running; i++) this.#places.enterOver();
  }

  /** How many would hold a place, and how many would wait. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#places.running, waiting: this.#places.waiting };
  }

  /** One begins to run that would have asked for a place. */
  enter(owner: O, nowMs: number): void {
    this.advance(nowMs);
    const shadow = new Shadow(owner, nowMs, this.#granted);
    this.#running.set(owner, shadow);
    if (this.#places.tryEnter()) return this.#granted(shadow);
    const reason = this.#places.ask(shadow);
    if (reason !== undefined) return this.#refuse(shadow, reason);
    if (shadow.deadlineAt !== undefined) this.#schedule(shadow, shadow.deadlineAt);
  }

  /** One has ended; one that is not known held a place before the shadow began. */
  leave(owner: (O & Held) | undefined, nowMs: number): void {
    this.advance(nowMs);
    const shadow = owner && this.#running.get(owner);
    if (owner === undefined || shadow === undefined) return this.#places.leave(owner);
    this.#running.delete(owner);
    shadow.ended = { outcome: owner.outcome, heldMs: nowMs - shadow.startedAt };
    if (shadow.state !== "holds") return;
    this.#schedule(shadow, shadow.heldSince + shadow.ended.heldMs);
    this.advance(nowMs);
  }

  /** Takes what would have happened until then for done. */
  advance(nowMs: number): void {
    for (let next = this.#due.at(-1); next?.at !== undefined && next.at <= nowMs; next = this.#due.at(-1)) {
      this.#due.pop();
      this.#now = next.at;
      next.at = undefined;
      if (next.state === "holds") this.#places.leave(next.ended);
      else if (this.#places.forget(next)) this.#refuse(next, "late");
    }
    this.#now = nowMs;
  }

  readonly #granted = (shadow: Shadow<O>): void => {
    this.#unschedule(shadow);
    shadow.state = "holds";
    shadow.heldSince = this.#now;
    if (shadow.ended !== undefined) this.#schedule(shadow, this.#now + shadow.ended.heldMs);
  };

  #refuse(shadow: Shadow<O>, reason: ShadowReason): void {
    this.#unschedule(shadow);
    shadow.state = "refused";
    this.#refused(shadow.owner, reason);
  }

  #schedule(shadow: Shadow<O>, at: number): void {
    shadow.at = at;
    this.#due.splice(this.#after(at), 0, shadow);
  }

  #unschedule(shadow: Shadow<O>): void {
    if (shadow.at === undefined) return;
    const from = this.#after(shadow.at);
    shadow.at = undefined;
    this.#due.splice(this.#due.indexOf(shadow, from), 1);
  }

  /** The first index of those that are due at that time or before it. */
  #after(at: number): number {
    let [low, high] = [0, this.#due.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#due[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

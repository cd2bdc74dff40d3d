import { BoundedQueue, type BoundedQueueOptions, type QueuedWaiter } from "./bounded-queue.ts";

/** Who asks a {@link ShadowQueue}: what it would have waited as. */
export interface ShadowOwner {
  readonly caller?: string | undefined;
  /** The greater, the more important. *Default*: 1. */
  readonly rank?: number | undefined;
  /** After it no place would have been waited for. *Units*: monotonic milliseconds. *Default*: never. */
  readonly deadlineAt?: number | undefined;
}

/** Why one would have been refused: no room to wait, its room given to another, its deadline passed as it waited. */
export type ShadowReason = "full" | "displaced" | "late";

/** What a shadow is made of. */
export interface ShadowQueueOptions<O> extends BoundedQueueOptions<Shadow<O>> {
  /** How many hold a place already: each leaves as one that is not known. */
  readonly running: number;
  /** Called for each that would have been refused, once, when it is known; that may be after it has ended. */
  refused(owner: O, reason: ShadowReason): void;
}

/** One that runs at once, and would have waited. */
export class Shadow<O> implements QueuedWaiter {
  readonly owner: O;
  readonly caller: string | undefined;
  readonly rank: number | undefined;
  readonly startedAt: number;
  state: "waits" | "holds" | "refused" = "waits";
  heldSince = 0;
  /** How long it ran, once it has ended. */
  ranMs: number | undefined = undefined;
  /** When it gives up its wait, or its place; undefined while that is not known. */
  at: number | undefined = undefined;
  readonly #onGranted: (shadow: Shadow<O>) => void;

  constructor(
    owner: O,
    caller: string | undefined,
    { startedAt, onGranted }: { startedAt: number; onGranted: (shadow: Shadow<O>) => void },
  ) {
    this.owner = owner;
    this.caller = caller;
    this.rank = (owner as ShadowOwner).rank;
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
  readonly #places: BoundedQueue<Shadow<O>>;
  readonly #refused: (owner: O, reason: ShadowReason) => void;
  /** Those who really run. */
  readonly #running = new Map<O, Shadow<O>>();
  /** Those of whom it is known when they give up, the next one last. */
  readonly #due: Shadow<O>[] = [];
  #now = Number.NEGATIVE_INFINITY;

  constructor(options: ShadowQueueOptions<O>) {
    this.#places = new BoundedQueue(options);
    this.#refused = (owner, reason) => options.refused(owner, reason);
    for (let i = 0; i < options.running; i++) this.#places.enterOver();
  }

  /** How many would hold a place, and how many would wait. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#places.running, waiting: this.#places.waiting };
  }

  /** One begins to run that would have asked for a place. */
  enter(owner: O, nowMs: number): void {
    this.advance(nowMs);
    const shadow = new Shadow(owner, owner.caller, { startedAt: nowMs, onGranted: this.#granted });
    this.#running.set(owner, shadow);
    if (this.#places.tryEnter()) return this.#granted(shadow);
    if (this.#places.add(shadow)) return this.#waits(shadow);
    const displaced = this.#places.displace(shadow);
    if (displaced === undefined) return this.#refuse(shadow, "full");
    this.#waits(shadow);
    this.#refuse(displaced, "displaced");
  }

  /** One has ended; one that is not known held a place before the shadow began. */
  leave(owner: O | undefined, nowMs: number): void {
    this.advance(nowMs);
    const shadow = owner && this.#running.get(owner);
    if (owner === undefined || shadow === undefined) return this.#places.leave();
    this.#running.delete(owner);
    shadow.ranMs = nowMs - shadow.startedAt;
    if (shadow.state !== "holds") return;
    this.#schedule(shadow, shadow.heldSince + shadow.ranMs);
    this.advance(nowMs);
  }

  /** Takes what would have happened until then for done. */
  advance(nowMs: number): void {
    for (let next = this.#due.at(-1); next?.at !== undefined && next.at <= nowMs; next = this.#due.at(-1)) {
      this.#due.pop();
      this.#now = next.at;
      next.at = undefined;
      if (next.state === "holds") this.#places.leave();
      else if (this.#places.forget(next)) this.#refuse(next, "late");
    }
    this.#now = nowMs;
  }

  readonly #granted = (shadow: Shadow<O>): void => {
    this.#unschedule(shadow);
    shadow.state = "holds";
    shadow.heldSince = this.#now;
    if (shadow.ranMs !== undefined) this.#schedule(shadow, this.#now + shadow.ranMs);
  };

  #waits(shadow: Shadow<O>): void {
    if (shadow.owner.deadlineAt !== undefined) this.#schedule(shadow, shadow.owner.deadlineAt);
  }

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

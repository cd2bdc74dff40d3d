import assert from "node:assert";
import type { Clock, Timer } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { BoundedQueue, QueuedWaiter } from "../../core/queue/bounded-queue.ts";
import { enter } from "../../core/queue/enter.ts";
import type { ClaimedTask, ClaimRequest, ClaimStore, CompletedTask, QueueRate } from "../ports/claim-store.ts";
import { ClaimFloor } from "./claim-floor.ts";
import { lastInTurn } from "./fair-queue.ts";
import type { QueueLoad } from "./queue-load.ts";

const ratedMs = 100;
/** How long free places wait for others before something is claimed for them. */
const idlePlacesMs = 10;
/** The second look comes when no statement of the claim can run any more. */
const reconcileMs = { soon: 200, late: 11_000 } as const;

/** What is known of a claim. */
export interface ClaimFacts {
  /** As that of a {@link CompletedTask}. */
  readonly claimedAt: number;
  /** No other claim follows at once. */
  readonly isLast: boolean;
}

/** What the claimer of one queue needs. */
export interface ClaimerOptions {
  readonly queue: string;
  readonly store: Pick<ClaimStore, "claim" | "release" | "reconcile">;
  readonly clock: Clock;
  readonly load: QueueLoad;
  readonly maxPerKey: number | undefined;
  readonly rate: QueueRate | undefined;
  /** Undefined while there is no lease. */
  readonly token: () => number | undefined;
  readonly isShut: () => boolean;
  /** Bounds the claims of all queues. */
  readonly claims: BoundedQueue<QueuedWaiter> | undefined;
  /** Takes what was claimed. */
  readonly accept: (tasks: readonly ClaimedTask[], facts: ClaimFacts) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * `wanted`: there may be something to claim, once there is room. `again`: a claim is under way, and another is to follow it.
 * Closed, it claims nothing more.
 */
type State = "idle" | "wanted" | "claiming" | "again" | "closed";

/** Claims the tasks of one queue: one claim at a time, as much as there is room for. */
export class Claimer {
  readonly #options: ClaimerOptions;
  readonly #floor: ClaimFloor;
  #state: State = "idle";
  /** The fairness key that was served last. */
  #after: string | undefined;
  /** Tasks that were cancelled since the claim under way was sent: it may have taken them, and its reply is not here yet. */
  readonly #cancelled = new Set<string>();
  #mustReconcile = false;
  #belowFloor: Timer | undefined;
  #forIdlePlaces: Timer | undefined;

  constructor(options: ClaimerOptions) {
    this.#options = options;
    this.#floor = new ClaimFloor(options.clock);
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** There may be something to claim. */
  wake(): void {
    if (this.isClosed || this.#options.isShut()) return;
    if (this.#isClaiming) this.#state = "again";
    else void this.#claim();
  }

  /** Something was settled: its fairness key, and a claim that waits for room, may have room now. */
  madeRoom(): void {
    if (this.#options.maxPerKey !== undefined) this.#want();
    if (this.#state !== "wanted") return;
    if (this.#options.load.hasRoom) this.wake();
    else if (this.#options.load.waiting === 0) this.#wakeForIdlePlaces();
  }

  /** Claims again before the last claim has run, so that the database and this process work at the same time. */
  proceed(): void {
    if (this.#state === "wanted" && this.#options.load.hasRoom) this.wake();
  }

  /** A task of another worker, or of the claim under way, was cancelled. */
  cancel(id: string): void {
    if (this.#isClaiming && this.#cancelled.size < limits.tasksHeld) this.#cancelled.add(id);
  }

  /** Whether what the last claim took was cancelled before its reply came. */
  wasCancelled(id: string): boolean {
    return this.#cancelled.size > 0 && this.#cancelled.has(id);
  }

  /** Claims nothing more. */
  close(): void {
    this.#state = "closed";
  }

  /**
   * Looks, before the next claims, for what is leased to this worker and unknown here: where the reply to a claim was lost, and where an outcome
   * could not be written. Such a claim may take something even after this.
   */
  reconcile(): void {
    const look = () => {
      this.#mustReconcile = true;
      this.wake();
    };
    this.#options.clock.schedule(reconcileMs.soon, look);
    this.#options.clock.schedule(reconcileMs.late, look);
  }

  get #isClaiming(): boolean {
    return this.#state === "claiming" || this.#state === "again";
  }

  /** Whether another claim is to follow the one under way. */
  get #isToFollow(): boolean {
    return this.#state === "again";
  }

  #want(): void {
    if (this.#state === "idle") this.#state = "wanted";
    else if (this.#state === "claiming") this.#state = "again";
  }

  async #claim(): Promise<void> {
    const { claims, failed } = this.#options;
    this.#state = "claiming";
    let isIn = false;
    try {
      for (let isFirst = true; ; isFirst = false) {
        // One queue that always finds something must not keep the others out.
        if (isIn) claims?.leave();
        isIn = false;
        const turn = claims && enter(claims);
        if (turn !== undefined) assert((await turn) === "entered", "more claims wait than there are queues");
        isIn = true;
        if (!(await this.#claimOnce(isFirst))) return;
      }
    } catch (error) {
      if (isConflict(error)) {
        // What it looked at was moved to another partition meanwhile. It took nothing.
        this.#want();
        this.#wakeForIdlePlaces();
      } else {
        this.reconcile();
        failed(error);
      }
    } finally {
      if (isIn) claims?.leave();
      if (this.#isClaiming) this.#state = this.#isToFollow ? "wanted" : "idle";
    }
  }

  /** Returns whether another claim is to follow at once. */
  async #claimOnce(isFirst: boolean): Promise<boolean> {
    const { store, token, clock, load, isShut } = this.#options;
    if (this.#state === "again") this.#state = "claiming";
    const [lease, limit] = [token(), load.room];
    if (lease === undefined || isShut()) return false;
    if (this.#mustReconcile) await this.#releaseUnknown(lease);
    if (limit < 1 || !(isFirst || load.hasRoom)) {
      this.#want();
      return false;
    }
    const { queue, maxPerKey, rate } = this.#options;
    const asked = { queue, limit, after: this.#after, floor: this.#floor.rank, maxPerKey, rate, except: load.saturated };
    const askedAt = clock.monotonic();
    this.#cancelled.clear();
    const tasks = await store.claim(lease, asked);
    this.#onClaimResult(tasks, asked, askedAt);
    if (this.isClosed || isShut() || lease !== token()) {
      await store.release(lease, tasks).catch(() => undefined);
      return false;
    }
    // A whole number takes no memory of its own in each task.
    this.#accept(tasks, { limit, claimedAt: Math.floor(askedAt) });
    return this.#isToFollow;
  }

  /** Learns from a claim from where to look, and when to look below that. */
  #onClaimResult(tasks: readonly ClaimedTask[], asked: ClaimRequest, askedAt: number): void {
    const { limit, floor, after, maxPerKey, except } = asked;
    const isWhole = limit > 1 && after === undefined && maxPerKey === undefined && except.length === 0;
    this.#floor.learn({ tasks, limit, floor, askedAt, isWhole });
    if (floor === 0 || tasks.length === limit || this.#belowFloor !== undefined) return;
    // Below the floor there may be something, and no notification would come.
    this.#belowFloor = this.#options.clock.schedule(Math.max(1, this.#floor.dueMs), () => {
      this.#belowFloor = undefined;
      this.wake();
    });
  }

  #accept(tasks: readonly ClaimedTask[], { limit, claimedAt }: { readonly limit: number; readonly claimedAt: number }): void {
    const { rate, accept, clock } = this.#options;
    if (tasks.length === 0) {
      if (rate === undefined) this.#after = undefined;
      return;
    }
    const keys = new Set(tasks.map(({ fairnessKey }) => fairnessKey));
    // Where one key has all that was taken there is no other, unless there was only room for one.
    const mayBeOthers = keys.size > 1 || limit === 1 || rate !== undefined;
    this.#after = mayBeOthers ? lastInTurn(keys, this.#after) : undefined;
    if (tasks.length === limit || keys.size > 1) this.#want();
    // Where only so many may begin in a second, there is room again in a moment, and no notification would come.
    if (rate !== undefined) clock.schedule(ratedMs, () => this.wake());
    accept(tasks, { claimedAt, isLast: !this.#isToFollow });
  }

  async #releaseUnknown(lease: number): Promise<void> {
    const { store, queue, load } = this.#options;
    this.#mustReconcile = false;
    await store.reconcile(lease, queue, load.ids);
  }

  /** Those that run long may leave too few places for a claim of a good size: then one comes for what there is. */
  #wakeForIdlePlaces(): void {
    this.#forIdlePlaces ??= this.#options.clock.schedule(idlePlacesMs, () => {
      this.#forIdlePlaces = undefined;
      if (this.#state === "wanted" || this.#state === "again") this.wake();
    });
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Fault && error.code === "aborted" && error.type === "conflict";
}

import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine } from "../../core/load-line/load-line.ts";
import type { BoundedQueue, QueuedWaiter } from "../../core/queue/bounded-queue.ts";
import type { TaskDefinition } from "../definition.ts";
import type { ClaimedTask, ClaimStore } from "../ports/claim-store.ts";
import type { QueueSpec } from "../spec.ts";
import { Claimer, type ClaimFacts } from "./claimer.ts";
import { HeldTask, type TaskOwner } from "./held-task.ts";
import { QueueLoad } from "./queue-load.ts";

/** What serving one queue needs. */
export interface QueueWorkerOptions {
  readonly queue: string;
  readonly spec: QueueSpec;
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  readonly store: Pick<ClaimStore, "claim" | "release" | "reconcile">;
  readonly clock: Clock;
  /** Undefined while there is no lease. */
  readonly token: () => number | undefined;
  /** Whether nothing may be claimed or begun for now. */
  readonly isShut: () => boolean;
  /** Bounds the claims of all queues. */
  readonly claims?: BoundedQueue<QueuedWaiter>;
  readonly run: (task: HeldTask) => void;
  readonly failed: (error: unknown) => void;
}

/** Serves one queue: claims its tasks, and hands over as many at once as may run. */
export class QueueWorker implements TaskOwner {
  readonly queue: string;
  readonly #load: QueueLoad;
  readonly #claimer: Claimer;
  readonly #isShut: () => boolean;
  /** What is counted for the whole fleet is claimed by all workers in the same way, and handed over to none. */
  readonly #isCounted: boolean;

  constructor(options: QueueWorkerOptions) {
    const { queue, spec, definitions, store, clock, token, isShut, claims, run, failed } = options;
    this.queue = queue;
    this.#isShut = isShut;
    const concurrency = spec.concurrency ?? limits.taskConcurrency;
    this.#load = new QueueLoad({ concurrency, definitions, clock, isShut, run, line: (now) => tasksLine(queue, concurrency, now) });
    const maxPerKey = leastPerKey(queue, definitions);
    const rate = spec.rate && { perSecond: spec.rate.perSecond, burst: spec.rate.burst ?? Math.max(1, spec.rate.perSecond) };
    this.#isCounted = maxPerKey !== undefined || rate !== undefined;
    this.#claimer = new Claimer({
      ...{ queue, store, clock, token, isShut, claims, failed, maxPerKey, rate, load: this.#load },
      accept: (tasks, facts) => this.#accept(tasks, facts),
    });
  }

  /** The limit of the tasks that run at once. */
  get line(): LoadLine {
    return this.#load.line;
  }

  get running(): number {
    return this.#load.running;
  }

  /** Whether it would begin at once what is handed over to it, with room to spare. */
  get isIdle(): boolean {
    return this.#load.isLight && !this.#claimer.isClosed && !this.#isShut() && !this.#isCounted;
  }

  /** Keeps a task from being begun: one that was claimed here, or that the claim under way may have taken. */
  cancel(id: string): void {
    const held = this.#load.find(id);
    if (held === undefined) this.#claimer.cancel(id);
    else held.isCancelled = true;
  }

  /** There may be something to claim. */
  wake(): void {
    this.#claimer.wake();
  }

  /** Looks for what is leased to this process and unknown to it, before the next claims. */
  reconcile(): void {
    this.#claimer.reconcile();
  }

  /** Takes a task that is leased to this process already; false where there is no room. */
  acceptHandover(task: ClaimedTask): boolean {
    if (this.#claimer.isClosed || this.#isShut() || this.#load.room < 1) return false;
    this.#load.hold(new HeldTask(task, this));
    this.#fill();
    return true;
  }

  ended(task: HeldTask): void {
    this.#load.ended(task);
    this.#fill();
  }

  settled(task: HeldTask): void {
    this.#load.settled(task);
    this.#claimer.madeRoom();
  }

  /** Claims nothing more; returns what was claimed and not begun. */
  close(): readonly HeldTask[] {
    this.#claimer.close();
    return this.withdraw();
  }

  /** Forgets what was claimed and not begun, and returns it. */
  withdraw(): readonly HeldTask[] {
    return this.#load.withdraw();
  }

  /** The lease is lost: other workers have all of it. */
  abandon(): void {
    this.#load.abandon();
  }

  #accept(tasks: readonly ClaimedTask[], { claimedAt, isLast }: ClaimFacts): void {
    for (const task of tasks) {
      const held = new HeldTask(task, this, claimedAt);
      held.isCancelled = this.#claimer.wasCancelled(task.id);
      this.#load.hold(held);
    }
    // The next claim is sent before these are begun: the database works on it while they run, which they may do without leaving the loop once.
    if (isLast) this.#fill();
    else setImmediate(() => this.#fill());
  }

  #fill(): void {
    if (this.#load.fill()) this.#claimer.proceed();
  }
}

function tasksLine(queue: string, declared: number, now: () => number): LoadLine {
  return new LoadLine({
    ...{ name: `tasks of the queue ${queue}`, unit: "tasks", declared, now },
    fixed: "A task above it waits in the database and is never refused. Change createApp({ tasks: { queues } }).",
  });
}

/** All tasks of a queue share the least bound that one of them declares. */
function leastPerKey(queue: string, definitions: ReadonlyMap<string, TaskDefinition>): number | undefined {
  const bounds = [...definitions.values()].flatMap((task) =>
    task.queue === queue && task.maxPerKey !== undefined ? [task.maxPerKey] : [],
  );
  return bounds.length === 0 ? undefined : Math.min(...bounds);
}

import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { type Enrolled, Roster } from "../core/roster.ts";
import { ClaimFloor } from "./claim-floor.ts";
import type { TaskDefinition } from "./definition.ts";
import { LaneQueue, lastInTurn } from "./lane-queue.ts";
import type { RunTask } from "./settler.ts";
import type { ClaimedTask, ClaimRequest, QueueRate, TaskStore } from "./store.ts";

/** How a queue is served by one process. */
export interface QueueSpec {
  /** Tasks that run at once. *Default*: 100. */
  readonly concurrency?: number;
  /** Tasks that are begun in the whole fleet. */
  readonly rate?: { readonly perSecond: number; readonly burst?: number };
}

/** A task that this process has, until what became of it is durable. */
export interface HeldTask extends ClaimedTask, Enrolled {
  readonly owner: QueueWorker;
}

export interface QueueWorkerOptions {
  readonly queue: string;
  readonly spec: QueueSpec;
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  readonly store: TaskStore;
  readonly clock: Clock;
  /** Undefined while there is no lease. */
  readonly token: () => number | undefined;
  readonly run: (task: HeldTask) => void;
  readonly failed: (error: unknown) => void;
}

/** What is claimed ahead lasts so long at the pace of the moment: longer would take it from workers who are idle. */
const aheadMs = 100;
const paceShare = 0.3;
const ratedMs = 100;
/** How long free slots wait for others before something is claimed for them. */
const idleSlotsMs = 10;
/** The second look comes when no statement of the claim can run any more. */
const doubtMs = { soon: 200, late: 11_000 } as const;

/** Claims the tasks of one queue, and hands over as many at once as may run. */
export class QueueWorker {
  readonly options: QueueWorkerOptions;
  readonly #concurrency: number;
  readonly #perLane: number | undefined;
  readonly #rate: QueueRate | undefined;
  /** Claimed and not begun: in turn, and those whose operation has no slot free. */
  readonly #held = new LaneQueue<HeldTask>();
  readonly #parked = new Map<string, HeldTask[]>();
  /** What is claimed, until what became of it is durable. */
  readonly #known = new Roster<HeldTask>();
  #parkedCount = 0;
  readonly #runningByName = new Map<string, number>();
  #running = 0;
  /** Ended, and not written yet. */
  #settling = 0;
  #claiming = false;
  #doubts = false;
  #again = false;
  #filling = false;
  #closed = false;
  #after: string | undefined;
  readonly #floor: ClaimFloor;
  #looksLater = false;
  #wakesSoon = false;
  /** Tasks ended in a second. */
  #pace = 0;
  #endedSince = 0;
  #paceSince: number;

  constructor(options: QueueWorkerOptions) {
    this.options = options;
    const { spec, definitions, clock, queue } = options;
    this.#concurrency = spec.concurrency ?? limits.taskConcurrency;
    const caps = [...definitions.values()].flatMap((task) => (task.queue === queue && task.perLane !== undefined ? [task.perLane] : []));
    this.#perLane = caps.length === 0 ? undefined : Math.min(...caps);
    this.#rate = spec.rate && { perSecond: spec.rate.perSecond, burst: spec.rate.burst ?? Math.max(1, spec.rate.perSecond) };
    this.#paceSince = clock.monotonic();
    this.#floor = new ClaimFloor(clock);
  }

  get running(): number {
    return this.#running;
  }

  /** There may be something to claim. */
  wake(): void {
    if (this.#closed) return;
    if (this.#claiming) this.#again = true;
    else void this.#claim();
  }

  /** Whether it would begin what it is handed at once, with room to spare. What is counted for the whole fleet is claimed by all in the same way. */
  get isIdle(): boolean {
    const isFree = this.#running + this.#waiting + this.#settling < this.#concurrency / 2;
    return isFree && !this.#closed && this.#rate === undefined && this.#perLane === undefined;
  }

  /** Takes a task that is leased to this process already; false where there is no room. */
  takeOver(task: ClaimedTask): boolean {
    if (this.#closed || this.#room() < 1) return false;
    this.#hold(task);
    this.#fill();
    return true;
  }

  /** An attempt has ended: its slot is free. */
  ended(task: ClaimedTask): void {
    this.#running--;
    this.#settling++;
    this.#endedSince++;
    const left = (this.#runningByName.get(task.name) ?? 1) - 1;
    this.#runningByName.set(task.name, left);
    const parked = this.#parked.get(task.name);
    const next = parked?.shift();
    if (next !== undefined) {
      this.#parkedCount--;
      this.#begin(next);
    }
    this.#fill();
  }

  /** What became of a task is durable, or nobody's business here any more. */
  settled(task: RunTask): void {
    this.#settling = Math.max(0, this.#settling - 1);
    this.#known.delete(task as HeldTask);
    // Its lane may have room now.
    if (this.#perLane !== undefined) this.#again = true;
    if (!this.#again || this.#claiming) return;
    if (this.#hasRoom()) this.wake();
    else if (this.#waiting === 0) this.#wakeSoon();
  }

  /** Slots are free and nothing is held for them. Those that take long may leave too few for a claim of a good size: then one comes for what there is. */
  #wakeSoon(): void {
    if (this.#wakesSoon) return;
    this.#wakesSoon = true;
    this.options.clock.schedule(idleSlotsMs, () => {
      this.#wakesSoon = false;
      if (this.#again) this.wake();
    });
  }

  /** Claims nothing more; returns what was claimed and not begun. */
  close(): readonly HeldTask[] {
    this.#closed = true;
    return this.forget();
  }

  /** Lets go of what was claimed and not begun. */
  forget(): readonly HeldTask[] {
    const held = [...this.#held.clear(), ...[...this.#parked.values()].flat()];
    this.#parked.clear();
    this.#parkedCount = 0;
    for (const task of held) this.#known.delete(task);
    return held;
  }

  /** Whether it was claimed here and what became of it is not durable yet. */
  knows(id: string): boolean {
    return this.#known.list().some((task) => task.id === id);
  }

  /** The lease is lost: others have all of it. */
  abandon(): void {
    this.forget();
    this.#known.clear();
    this.#settling = 0;
  }

  get #waiting(): number {
    return this.#held.size + this.#parkedCount;
  }

  /** How many more may be claimed now. */
  #room(): number {
    const ahead = this.#pace === 0 ? this.#concurrency : Math.max(this.#concurrency / 8, (this.#pace * aheadMs) / 1_000);
    const bound = Math.min(limits.tasksHeld, this.#concurrency + ahead);
    return Math.min(limits.taskBatch, Math.floor(bound - this.#running - this.#waiting - this.#settling));
  }

  /** Room for a claim that is worth its way: many small ones would cost more than they bring. */
  #hasRoom(): boolean {
    const worth = Math.max(this.#concurrency / 2, (this.#pace * aheadMs) / 4_000);
    return this.#room() >= Math.min(limits.taskBatch, worth) || this.#running + this.#waiting + this.#settling === 0;
  }

  async #claim(): Promise<void> {
    const { store, token, queue, failed } = this.options;
    this.#claiming = true;
    let isNext = false;
    try {
      do {
        this.#again = false;
        const lease = token();
        const limit = this.#room();
        if (lease === undefined) return;
        if (this.#doubts) await this.#reclaim(lease);
        if (limit < 1 || (isNext && !this.#hasRoom())) {
          this.#again = true;
          return;
        }
        isNext = true;
        const except = this.#saturated();
        const asked = { queue, limit, after: this.#after, floor: this.#floor.rank, perLane: this.#perLane, rate: this.#rate, except };
        const askedAt = this.options.clock.monotonic();
        const tasks = await store.claim(lease, asked);
        this.#learn(tasks, asked, askedAt);
        if (this.#closed || lease !== token()) {
          await store.giveBack(lease, tasks).catch(() => undefined);
          return;
        }
        this.#take(tasks, limit);
      } while (this.#again && !this.#closed);
    } catch (error) {
      if (isConflict(error)) {
        // What it looked at was moved to another slot meanwhile. It took nothing.
        this.#again = true;
        this.#wakeSoon();
      } else {
        this.doubt();
        failed(error);
      }
    } finally {
      this.#claiming = false;
    }
  }

  #learn(tasks: readonly ClaimedTask[], asked: ClaimRequest, askedAt: number): void {
    const { limit, floor, after, perLane, except } = asked;
    const isWhole = limit > 1 && after === undefined && perLane === undefined && except.length === 0;
    this.#floor.learn({ tasks, limit, floor, askedAt, isWhole });
    if (floor === 0 || tasks.length === limit || this.#looksLater) return;
    // Below the floor there may be something, and nobody would tell.
    this.#looksLater = true;
    this.options.clock.schedule(Math.max(1, this.#floor.dueMs), () => {
      this.#looksLater = false;
      this.wake();
    });
  }

  /**
   * The answer to a claim was lost: what it took would be leased to nobody who knows of it. It may even be taken after this.
   * Or it could not be written what became of a task: it is given back too.
   */
  doubt(): void {
    const look = () => {
      this.#doubts = true;
      this.wake();
    };
    this.options.clock.schedule(doubtMs.soon, look);
    this.options.clock.schedule(doubtMs.late, look);
  }

  async #reclaim(lease: number): Promise<void> {
    this.#doubts = false;
    await this.options.store.reclaim(
      lease,
      this.options.queue,
      this.#known.list().map(({ id }) => id),
    );
  }

  #take(tasks: readonly ClaimedTask[], limit: number): void {
    if (tasks.length > 0) {
      const lanes = new Set(tasks.map(({ lane }) => lane));
      // Where one lane has all that was taken there is no other, unless there was only room for one.
      const mayBeOthers = lanes.size > 1 || limit === 1 || this.#rate !== undefined;
      this.#after = mayBeOthers ? lastInTurn(lanes, this.#after) : undefined;
      if (tasks.length === limit || lanes.size > 1) this.#again = true;
    } else if (this.#rate === undefined) this.#after = undefined;
    if (tasks.length === 0) return;
    for (const task of tasks) this.#hold(task);
    // Where only so many may begin in a second, there is room again in a moment, and nobody would tell.
    if (this.#rate !== undefined) this.options.clock.schedule(ratedMs, () => this.wake());
    // The next claim is sent before these are begun: the database works on it while they run, which they may do without leaving the loop once.
    if (this.#again) setImmediate(() => this.#fill());
    else this.#fill();
  }

  #hold(task: ClaimedTask): void {
    const held = Object.assign(task, { owner: this, seat: -1 });
    this.#known.add(held);
    this.#held.push(task.lane, held);
  }

  #fill(): void {
    // One that ends as it begins comes back here.
    if (this.#filling) return;
    this.#filling = true;
    while (this.#running < this.#concurrency) {
      const task = this.#held.shift();
      if (task === undefined) break;
      if (this.#isSaturated(task.name)) this.#park(task);
      else this.#begin(task);
    }
    this.#filling = false;
    this.#measurePace();
    // Claimed again before the last one is begun, so that the database and this process work at the same time.
    if (this.#again && !this.#claiming && this.#hasRoom()) this.wake();
  }

  #begin(task: HeldTask): void {
    this.#running++;
    this.#runningByName.set(task.name, (this.#runningByName.get(task.name) ?? 0) + 1);
    this.options.run(task);
  }

  #park(task: HeldTask): void {
    const parked = this.#parked.get(task.name);
    if (parked === undefined) this.#parked.set(task.name, [task]);
    else parked.push(task);
    this.#parkedCount++;
  }

  #isSaturated(name: string): boolean {
    const definition = this.options.definitions.get(name);
    return definition !== undefined && (this.#runningByName.get(name) ?? 0) >= definition.compiled.limits.concurrency;
  }

  #saturated(): readonly string[] {
    return [...this.#parked].flatMap(([name, tasks]) => (tasks.length > 0 ? [name] : []));
  }

  #measurePace(): void {
    const now = this.options.clock.monotonic();
    const ms = now - this.#paceSince;
    if (ms < 20) return;
    this.#pace += ((this.#endedSince * 1_000) / ms - this.#pace) * paceShare;
    this.#endedSince = 0;
    this.#paceSince = now;
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Fault && error.code === "aborted" && error.type === "conflict";
}

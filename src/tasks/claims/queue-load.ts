import type { Clock } from "../../core/clock.ts";
import { IntrusiveSet } from "../../core/intrusive-set.ts";
import { limits } from "../../core/limits.ts";
import type { LoadLine } from "../../core/load-line/load-line.ts";
import type { TaskDefinition } from "../definition.ts";
import { FairQueue } from "./fair-queue.ts";
import type { HeldTask } from "./held-task.ts";
import { Pace } from "./pace.ts";

/** What is claimed ahead lasts so long at the pace of the moment: longer would take it from workers that are idle. */
const aheadMs = 100;

/** What the load of one queue is bounded by, and how its tasks are run. */
export interface QueueLoadOptions {
  /** Tasks that run at once. */
  readonly concurrency: number;
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  readonly clock: Clock;
  /** Whether nothing may begin for now. */
  readonly isShut: () => boolean;
  readonly run: (task: HeldTask) => void;
  /** Makes the load line of the tasks that run; `now`: how many do. */
  readonly line: (now: () => number) => LoadLine;
}

/** What runs of one task, and what waits for a slot of its operation. */
class NameLoad {
  running = 0;
  readonly parked: HeldTask[] = [];
  readonly #most: number;

  constructor(definition: TaskDefinition | undefined) {
    this.#most = definition?.compiled.limits.concurrency ?? Number.POSITIVE_INFINITY;
  }

  get isSaturated(): boolean {
    return this.running >= this.#most;
  }
}

/** What one process has of a queue, from the claim until the outcome is durable, and how much more it may have. */
export class QueueLoad {
  readonly line: LoadLine;
  readonly #options: QueueLoadOptions;
  /** Claimed and not begun: in turn, and those whose operation has no slot free. */
  readonly #waiting = new FairQueue<HeldTask>();
  #parkedCount = 0;
  /** All of it. */
  readonly #held = new IntrusiveSet<HeldTask>();
  readonly #byName = new Map<string, NameLoad>();
  #running = 0;
  /** Ended, and not written yet. */
  #settling = 0;
  readonly #pace: Pace;
  #isFilling = false;

  constructor(options: QueueLoadOptions) {
    this.#options = options;
    this.line = options.line(() => this.#running);
    this.#pace = new Pace(options.clock);
  }

  get running(): number {
    return this.#running;
  }

  /** Tasks that are claimed and not begun. */
  get waiting(): number {
    return this.#waiting.size + this.#parkedCount;
  }

  get #all(): number {
    return this.#running + this.waiting + this.#settling;
  }

  /** Whether it would begin at once what it is given, with room to spare. */
  get isLight(): boolean {
    return this.#all < this.#options.concurrency / 2;
  }

  /** How many more may be claimed now. */
  get room(): number {
    const { concurrency } = this.#options;
    const { perSecond } = this.#pace;
    const ahead = perSecond === 0 ? concurrency : Math.max(concurrency / 8, (perSecond * aheadMs) / 1_000);
    const bound = Math.min(limits.tasksHeld, concurrency + ahead);
    return Math.min(limits.taskBatch, Math.floor(bound - this.#all));
  }

  /** Whether there is room for a claim of a good size: many small ones cost more than they bring. */
  get hasRoom(): boolean {
    const worth = Math.max(this.#options.concurrency / 2, (this.#pace.perSecond * aheadMs) / 4_000);
    return this.room >= Math.min(limits.taskBatch, worth) || this.#all === 0;
  }

  /** Names of the tasks that wait for a slot of their operation. */
  get saturated(): readonly string[] {
    return [...this.#byName].flatMap(([name, { parked }]) => (parked.length > 0 ? [name] : []));
  }

  get ids(): readonly string[] {
    return this.#held.list().map(({ id }) => id);
  }

  find(id: string): HeldTask | undefined {
    return this.#held.list().find((task) => task.id === id);
  }

  hold(task: HeldTask): void {
    this.#held.add(task);
    this.#waiting.push(task.fairnessKey, task);
  }

  /** Begins what may run. Returns false inside another call, which continues with it. */
  fill(): boolean {
    // A task may end synchronously as it begins, and calls this again.
    if (this.#isFilling) return false;
    this.#isFilling = true;
    while (this.#running < this.#options.concurrency && !this.#options.isShut()) {
      const task = this.#waiting.shift();
      if (task === undefined) break;
      const load = this.#loadOf(task.name);
      if (!load.isSaturated) this.#begin(task, load);
      else {
        load.parked.push(task);
        this.#parkedCount++;
      }
    }
    this.#isFilling = false;
    this.#pace.measure();
    return true;
  }

  /** An attempt has ended: the next task of its operation takes its slot. */
  ended({ name }: HeldTask): void {
    this.#running--;
    this.#settling++;
    this.#pace.count();
    const load = this.#loadOf(name);
    load.running--;
    const next = load.parked.shift();
    if (next === undefined) return;
    this.#parkedCount--;
    this.#begin(next, load);
  }

  settled(task: HeldTask): void {
    this.#settling = Math.max(0, this.#settling - 1);
    this.#held.delete(task);
  }

  /** Forgets what was not begun, and returns it. */
  withdraw(): readonly HeldTask[] {
    const released = [...this.#waiting.clear(), ...[...this.#byName.values()].flatMap(({ parked }) => parked.splice(0))];
    this.#parkedCount = 0;
    for (const task of released) this.#held.delete(task);
    return released;
  }

  /** The lease is lost: other workers have all of it. What runs counts until it ends. */
  abandon(): void {
    this.withdraw();
    this.#held.clear();
    this.#settling = 0;
  }

  #begin(task: HeldTask, load: NameLoad): void {
    this.line.admits(++this.#running);
    load.running++;
    this.#options.run(task);
  }

  /** One for each name that came: as many as there are tasks of the queue. */
  #loadOf(name: string): NameLoad {
    let load = this.#byName.get(name);
    if (load === undefined) {
      load = new NameLoad(this.#options.definitions.get(name));
      this.#byName.set(name, load);
    }
    return load;
  }
}

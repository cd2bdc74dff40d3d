import { Gather } from "../../core/batch/gather.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { HeldTask } from "../claims/held-task.ts";

/** From so many rescues on a task runs with no other task beside it. */
const aloneFrom = 2;
/** Between two that run alone the others have their turn. */
const restMs = 250;

/** What is asked of the worker for its suspects. */
export interface SuspectsOptions {
  readonly clock: Clock;
  /** Makes known, before they are begun, which suspects this process has begun by then. */
  readonly record: (ids: readonly string[], alone: boolean) => Promise<void>;
  /** Tasks that run in this process. */
  readonly running: () => number;
  readonly begin: (task: HeldTask) => void;
  /** What could not be made known is not begun. */
  readonly refused: (tasks: readonly HeldTask[], error: unknown) => void;
  /** Begin nothing more, and release what was not begun: one is to run alone. */
  readonly shut: () => void;
  /** Begin again. */
  readonly open: () => void;
}

/**
 * Tasks that a worker had when it was lost. Which of them it was that ended the process, or blocked it, shows when it is known what had begun, and what
 * ran alone.
 * *Guarantees*: what is begun here was made known before. A task that was rescued twice begins when no other task runs in this process, and none begins
 * beside it; where others take longer than `limits.suspectDrainMs`, it runs beside them, which is made known too.
 */
export class Suspects {
  readonly #options: SuspectsOptions;
  /** To be begun in this turn, and those that are being made known. */
  #watched: HeldTask[] = [];
  readonly #pending = new Set<HeldTask>();
  readonly #begun = new Set<HeldTask>();
  #waiting: HeldTask[] = [];
  #alone: HeldTask | undefined;
  #isShut = false;
  #isResting = false;
  #drain: Timer | undefined;
  #recorded: Promise<unknown> = Promise.resolve();
  /** Those that are begun in the same turn share a write. */
  readonly #gather = new Gather(1, () => this.#beginNextWatched());

  constructor(options: SuspectsOptions) {
    this.#options = options;
  }

  /** Whether nothing else may begin. */
  get isShut(): boolean {
    return this.#isShut;
  }

  /** Takes a task that is to be begun. */
  admit(task: HeldTask): void {
    if (task.rescues >= aloneFrom) {
      this.#waiting.push(task);
      this.#next();
      return;
    }
    this.#pending.add(task);
    this.#watched.push(task);
    this.#gather.ask();
  }

  /** A task of this process has ended, suspect or not. */
  ended(task: HeldTask): void {
    this.#begun.delete(task);
    if (task === this.#alone) this.#over();
    else if (this.#isShut) this.#next();
  }

  /** Gives up what waits: all of it, or that of one queue. */
  takeBack(queue?: string): readonly HeldTask[] {
    const isMeant = (task: HeldTask) => queue === undefined || task.owner.queue === queue;
    const taken = this.#waiting.filter(isMeant);
    this.#waiting = this.#waiting.filter((task) => !isMeant(task));
    if (this.#waiting.length === 0 && this.#alone === undefined) this.#open();
    return taken;
  }

  /** The lease is lost: others have all of them. */
  abandon(): void {
    this.#waiting = [];
    this.#watched = [];
    this.#pending.clear();
    this.#begun.clear();
    this.#alone = undefined;
    this.#open();
  }

  #beginNextWatched(): Promise<void> | undefined {
    if (this.#watched.length === 0) return undefined;
    const tasks = this.#watched;
    this.#watched = [];
    return this.#beginWatched(tasks);
  }

  async #beginWatched(tasks: readonly HeldTask[]): Promise<void> {
    const isKnown = await this.#record(tasks, false);
    for (const task of tasks) this.#pending.delete(task);
    if (isKnown) for (const task of tasks) this.#options.begin(task);
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#alone !== undefined || this.#isResting) return;
    if (!this.#isShut) {
      this.#isShut = true;
      this.#drain = this.#options.clock.schedule(limits.suspectDrainMs, () => void this.#beginNext(false));
      this.#options.shut();
    }
    if (this.#options.running() + this.#pending.size === 0) void this.#beginNext(true);
  }

  async #beginNext(alone: boolean): Promise<void> {
    const task = this.#waiting.shift();
    if (task === undefined || this.#alone !== undefined) return;
    this.#alone = task;
    this.#drain?.cancel();
    if (await this.#record([task], alone)) this.#options.begin(task);
  }

  /** False where they are not to be begun. One at a time, so that the last that was sent is the last that is written. */
  #record(tasks: readonly HeldTask[], alone: boolean): Promise<boolean> {
    const record = async () => {
      for (const task of tasks) this.#begun.add(task);
      try {
        await this.#options.record(
          [...this.#begun].map(({ id }) => id),
          alone,
        );
        // False if the lease was lost meanwhile: `abandon` has cleared the set.
        return tasks.every((task) => this.#begun.has(task));
      } catch (error) {
        this.#options.refused(tasks, error);
        return false;
      }
    };
    const recorded = this.#recorded.then(record);
    this.#recorded = recorded;
    return recorded;
  }

  #over(): void {
    this.#alone = undefined;
    this.#isResting = true;
    this.#options.clock.schedule(restMs, () => {
      this.#isResting = false;
      this.#next();
    });
    this.#open();
  }

  #open(): void {
    this.#drain?.cancel();
    if (!this.#isShut) return;
    this.#isShut = false;
    this.#options.open();
  }
}

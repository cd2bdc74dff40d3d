import { Fault } from "../core/fault.ts";
import type { Place, Settlement, TaskStore } from "./store.ts";

type Retried = Omit<Settlement["retried"][number], keyof Place>;
type Buried = Omit<Settlement["buried"][number], keyof Place>;

/** A task that was run, and who is told when what became of it is durable. */
export interface RunTask extends Place {
  readonly owner: { settled(task: RunTask): void };
}

const retryMs = 100;

/** Makes what became of tasks durable: one write at a time, with all that came together meanwhile. */
export class Settler {
  readonly #store: TaskStore;
  readonly #token: () => number;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #lost: (tasks: number) => void;
  readonly #refused: (error: unknown) => void;
  readonly #due: (delayMs: number) => void;
  #completed: RunTask[] = [];
  #kept: RunTask[] = [];
  #retried: (RunTask & Retried)[] = [];
  #buried: (RunTask & Buried)[] = [];
  #running: Promise<void> | undefined;

  constructor(options: {
    readonly store: TaskStore;
    readonly token: () => number;
    readonly pause: (ms: number) => Promise<void>;
    /** Told how many tasks were somebody else's by the time they were written. */
    readonly lost: (tasks: number) => void;
    /** Told of what cannot be written: that task is still leased to this worker, who does not have it any more. */
    readonly refused: (error: unknown) => void;
    /** Told when the first of what was put back is due. */
    readonly due: (delayMs: number) => void;
  }) {
    this.#store = options.store;
    this.#token = options.token;
    this.#pause = options.pause;
    this.#lost = options.lost;
    this.#refused = options.refused;
    this.#due = options.due;
  }

  /** `keep`: whether it is remembered. */
  complete(task: RunTask, keep: boolean): void {
    if (keep) this.#kept.push(task);
    else this.#completed.push(task);
    this.#run();
  }

  retry(task: RunTask, retry: Retried): void {
    this.#retried.push({ ...placeOf(task), ...retry });
    this.#run();
  }

  bury(task: RunTask, burial: Buried): void {
    this.#buried.push({ ...placeOf(task), ...burial });
    this.#run();
  }

  /** Resolves when nothing is left to be written. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Forgets what waits: others have those tasks by now. */
  drop(): void {
    this.#take();
  }

  #run(): void {
    this.#running ??= this.#writeAll();
  }

  get #size(): number {
    return this.#completed.length + this.#kept.length + this.#retried.length + this.#buried.length;
  }

  #take() {
    const settlement = { completed: this.#completed, kept: this.#kept, retried: this.#retried, buried: this.#buried };
    this.#completed = [];
    this.#kept = [];
    this.#retried = [];
    this.#buried = [];
    return settlement;
  }

  async #writeAll(): Promise<void> {
    // What ends in this turn comes along.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    while (this.#size > 0) {
      const settlement = this.#take();
      const written = await this.#write(this.#token(), settlement);
      for (const tasks of Object.values(settlement)) for (const task of tasks) task.owner.settled(task);
      const tasks = sizeOf(settlement);
      if (written < tasks) this.#lost(tasks - written);
      if (settlement.retried.length > 0) this.#due(settlement.retried.reduce((least, { delayMs }) => Math.min(least, delayMs), Infinity));
    }
    // In the same turn as the last look: what is added from now on begins anew.
    this.#running = undefined;
  }

  /** Tried until the database takes it, or the lease is another: then everybody else takes these tasks for not done. */
  async #write(token: number, settlement: Settlement): Promise<number> {
    for (let left = settlement; ; ) {
      try {
        const kept = await this.#store.settle(token, left);
        return kept + sizeOf(settlement) - sizeOf(left);
      } catch (error) {
        if (token !== this.#token()) return 0;
        if (!isPassing(error)) return this.#writeApart(token, left, error);
        left = await this.#stillHeld(token, left);
      }
    }
  }

  /** Halved until what the database refuses stands alone: one task must not hold up those that ended at the same time. */
  async #writeApart(token: number, settlement: Settlement, error: unknown): Promise<number> {
    if (sizeOf(settlement) <= 1) {
      this.#refused(error);
      return 0;
    }
    const [one, other] = halves(settlement);
    return (await this.#write(token, one)) + (await this.#write(token, other));
  }

  /** It may have been written although the answer was lost; by then another task may lie where one of these lay. */
  async #stillHeld(token: number, settlement: Settlement): Promise<Settlement> {
    const { completed, kept, retried, buried } = settlement;
    for (;;) {
      await this.#pause(retryMs);
      // The lease is another: nothing of these is ours.
      if (token !== this.#token()) return { completed: [], kept: [], retried: [], buried: [] };
      const held = await this.#store.held(token, [...completed, ...kept, ...retried, ...buried]).catch(() => undefined);
      if (held === undefined) continue;
      const isHeld = ({ id }: { readonly id: string }) => held.has(id);
      return {
        completed: completed.filter(isHeld),
        kept: kept.filter(isHeld),
        retried: retried.filter(isHeld),
        buried: buried.filter(isHeld),
      };
    }
  }
}

/** What may go well the next time. */
function isPassing(error: unknown): boolean {
  return error instanceof Fault && (error.code === "unavailable" || error.code === "aborted" || error.code === "deadline_exceeded");
}

function halves(settlement: Settlement): readonly [Settlement, Settlement] {
  const { completed, kept, retried, buried } = settlement;
  const middle = sizeOf(settlement) >> 1;
  const cut = (from: number, to: number): Settlement => {
    let passed = 0;
    const part = <T>(tasks: readonly T[]): readonly T[] => {
      const some = tasks.slice(Math.max(0, from - passed), Math.max(0, to - passed));
      passed += tasks.length;
      return some;
    };
    return { completed: part(completed), kept: part(kept), retried: part(retried), buried: part(buried) };
  };
  return [cut(0, middle), cut(middle, sizeOf(settlement))];
}

function sizeOf({ completed, kept, retried, buried }: Settlement): number {
  return completed.length + kept.length + retried.length + buried.length;
}

/** Where a task stood, apart from what it was; its owner is told of the task that it knows. */
function placeOf(task: RunTask): RunTask {
  const { slot, place, id } = task;
  return { slot, place, id, owner: { settled: () => task.owner.settled(task) } };
}

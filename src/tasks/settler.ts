import { Fault } from "../core/fault.ts";
import type { Settlement, TaskStore } from "./store.ts";

type Completed = Settlement["completed"][number];
type Retried = Settlement["retried"][number];
type Buried = Settlement["buried"][number];

/** Who handed a task over, and is told when what became of it is durable. */
export interface Settled {
  settled(id: string): void;
}

interface Owned {
  readonly owner: Settled;
  readonly id: string;
}

const retryMs = 100;

/** Makes what became of tasks durable: one write at a time, with all that came together meanwhile. */
export class Settler {
  readonly #store: TaskStore;
  readonly #token: () => number;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #lost: (tasks: number) => void;
  #owners: Owned[] = [];
  #completed: Completed[] = [];
  #retried: Retried[] = [];
  #buried: Buried[] = [];
  #running: Promise<void> | undefined;

  constructor(options: {
    readonly store: TaskStore;
    readonly token: () => number;
    readonly pause: (ms: number) => Promise<void>;
    /** Told how many tasks were somebody else's by the time they were written. */
    readonly lost: (tasks: number) => void;
  }) {
    this.#store = options.store;
    this.#token = options.token;
    this.#pause = options.pause;
    this.#lost = options.lost;
  }

  complete(task: Completed, owner: Settled): void {
    this.#completed.push(task);
    this.#run({ owner, id: task.id });
  }

  retry(task: Retried, owner: Settled): void {
    this.#retried.push(task);
    this.#run({ owner, id: task.id });
  }

  bury(task: Buried, owner: Settled): void {
    this.#buried.push(task);
    this.#run({ owner, id: task.id });
  }

  /** Resolves when nothing is left to be written. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Forgets what waits: others have those tasks by now. */
  drop(): void {
    this.#take();
  }

  #run(owned: Owned): void {
    this.#owners.push(owned);
    this.#running ??= this.#writeAll();
  }

  get #size(): number {
    return this.#completed.length + this.#retried.length + this.#buried.length;
  }

  #take(): { readonly settlement: Settlement; readonly owners: readonly Owned[] } {
    const settlement = { completed: this.#completed, retried: this.#retried, buried: this.#buried };
    const owners = this.#owners;
    this.#owners = [];
    this.#completed = [];
    this.#retried = [];
    this.#buried = [];
    return { settlement, owners };
  }

  async #writeAll(): Promise<void> {
    // What ends in this turn comes along.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    while (this.#size > 0) {
      const { settlement, owners } = this.#take();
      const kept = await this.#write(this.#token(), settlement);
      for (const { owner, id } of owners) owner.settled(id);
      if (kept < owners.length) this.#lost(owners.length - kept);
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
        if (token !== this.#token() || !(error instanceof Fault) || error.code !== "unavailable") return 0;
        left = await this.#stillHeld(token, left);
      }
    }
  }

  /** It may have been written although the answer was lost; by then another task may lie where one of these lay. */
  async #stillHeld(token: number, settlement: Settlement): Promise<Settlement> {
    const { completed, retried, buried } = settlement;
    for (;;) {
      await this.#pause(retryMs);
      // The lease is another: nothing of these is ours.
      if (token !== this.#token()) return { completed: [], retried: [], buried: [] };
      const held = await this.#store.held(token, [...completed, ...retried, ...buried]).catch(() => undefined);
      if (held === undefined) continue;
      const isHeld = ({ id }: { readonly id: string }) => held.has(id);
      return { completed: completed.filter(isHeld), retried: retried.filter(isHeld), buried: buried.filter(isHeld) };
    }
  }
}

function sizeOf({ completed, retried, buried }: Settlement): number {
  return completed.length + retried.length + buried.length;
}

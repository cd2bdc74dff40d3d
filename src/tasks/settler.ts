import { Fault } from "../core/fault.ts";
import type { Settlement, TaskStore } from "./store.ts";

type Completed = Settlement["completed"][number];
type Retried = Settlement["retried"][number];
type Buried = Settlement["buried"][number];

/** Who handed a task over, and is told when what became of it is durable. */
export interface Settled {
  settled(): void;
}

const retryMs = 100;

/** Makes what became of tasks durable: one write at a time, with all that came together meanwhile. */
export class Settler {
  readonly #store: TaskStore;
  readonly #token: () => number;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #lost: (tasks: number) => void;
  #owners: Settled[] = [];
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
    this.#run(owner);
  }

  retry(task: Retried, owner: Settled): void {
    this.#retried.push(task);
    this.#run(owner);
  }

  bury(task: Buried, owner: Settled): void {
    this.#buried.push(task);
    this.#run(owner);
  }

  /** Resolves when nothing is left to be written. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #run(owner: Settled): void {
    this.#owners.push(owner);
    // Nothing is added between the last look at what waits and the end: that happens in one turn.
    this.#running ??= this.#writeAll().finally(() => {
      this.#running = undefined;
    });
  }

  get #size(): number {
    return this.#completed.length + this.#retried.length + this.#buried.length;
  }

  async #writeAll(): Promise<void> {
    // What ends in this turn comes along.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    while (this.#size > 0) {
      const settlement = { completed: this.#completed, retried: this.#retried, buried: this.#buried };
      const owners = this.#owners;
      this.#owners = [];
      this.#completed = [];
      this.#retried = [];
      this.#buried = [];
      const token = this.#token();
      const kept = await this.#write(token, settlement);
      for (const owner of owners) owner.settled();
      if (kept < owners.length) this.#lost(owners.length - kept);
    }
  }

  /** Tried until the database takes it, or the lease is another: then everybody else takes these tasks for not done. */
  async #write(token: number, settlement: Settlement): Promise<number> {
    for (;;) {
      try {
        return await this.#store.settle(token, settlement);
      } catch (error) {
        if (token !== this.#token() || !(error instanceof Fault) || error.code !== "unavailable") return 0;
        await this.#pause(retryMs);
      }
    }
  }
}

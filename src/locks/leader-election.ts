import { type Clock, sleep } from "../core/clock.ts";
import { Signal } from "../core/signals.ts";
import type { Lease } from "./lease.ts";

/** A candidate in an election, until it is stopped: whether this process leads, its token, and signals of changes. */
export interface Leadership {
  /** Whether it leads for certain, asked of the clock: also right when the process stood still until now. */
  readonly isLeader: boolean;
  /** The fencing token of this term; undefined while another process leads. Give it to `lock.fence` in whatever the leader writes. */
  readonly token: number | undefined;
  readonly elected: Signal<{ readonly token: number }>;
  readonly deposed: Signal<{ readonly token: number }>;
  /** Steps down at once. */
  stop(): Promise<void>;
}

/** How a process stands for a lock. */
export interface ElectionOptions {
  readonly clock: Clock;
  /** Holds the lock while `serve` runs, or refuses. */
  hold(serve: (lease: Lease) => Promise<void>): Promise<void>;
  /** How long it waits before it stands again. */
  pauseMs(): number;
}

/** Stands for a lock until it is stopped. */
export class LeaderElection implements Leadership {
  readonly elected = new Signal<{ readonly token: number }>("elected");
  readonly deposed = new Signal<{ readonly token: number }>("deposed");
  readonly #options: ElectionOptions;
  readonly #stopping = new AbortController();
  /** Resolves when it stands no more. */
  readonly left: Promise<void>;
  #lease: Lease | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.left = this.#stand();
  }

  get isLeader(): boolean {
    return this.#lease?.holds === true && !this.#stopping.signal.aborted;
  }

  get token(): number | undefined {
    return this.isLeader ? this.#lease?.token : undefined;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.left;
  }

  async #stand(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock } = this.#options;
    while (!signal.aborted) {
      // The lock is held by another process or was lost, or the database is away: try again after a pause.
      await this.#options.hold((lease) => this.#serve(lease)).catch(() => undefined);
      await sleep(clock, this.#options.pauseMs(), signal).catch(() => undefined);
    }
  }

  /** Ends when the lock is lost, or it steps down. */
  async #serve(lease: Lease): Promise<void> {
    const ended = AbortSignal.any([lease.signal, this.#stopping.signal]);
    if (ended.aborted) return;
    const { token } = lease;
    this.#lease = lease;
    this.elected.publish({ token });
    if (!ended.aborted) await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
    this.#lease = undefined;
    this.deposed.publish({ token });
  }
}

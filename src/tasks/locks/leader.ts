import { type Clock, sleep } from "../../core/clock.ts";
import { Signal } from "../../core/signals.ts";
import type { Lease } from "./lease.ts";

/** A place for which a process stands as long as it lives. */
export interface Leadership {
  /** Whether it leads for certain, asked of the clock: also right when the process stood still until now. */
  readonly isLeader: boolean;
  /** Of the office that is held; undefined while another leads. Give it to `lock.fence` in whatever the leader writes. */
  readonly token: number | undefined;
  readonly elected: Signal<{ readonly token: number }>;
  readonly deposed: Signal<{ readonly token: number }>;
  /** Steps down at once. */
  stop(): Promise<void>;
}

/** How an office is won. */
export interface Candidacy {
  readonly clock: Clock;
  /** Holds the lock while `serve` runs, or refuses. */
  hold(serve: (lease: Lease) => Promise<void>): Promise<void>;
  /** How long it waits before it stands again. */
  pauseMs(): number;
}

/** Stands for a lock until it is stopped. */
export class Office implements Leadership {
  readonly elected = new Signal<{ readonly token: number }>("elected");
  readonly deposed = new Signal<{ readonly token: number }>("deposed");
  readonly #candidacy: Candidacy;
  readonly #stopping = new AbortController();
  /** Resolves when it stands no more. */
  readonly left: Promise<void>;
  #lease: Lease | undefined;

  constructor(candidacy: Candidacy) {
    this.#candidacy = candidacy;
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
    const { clock } = this.#candidacy;
    while (!signal.aborted) {
      // Held by another, lost, or the database is gone: it stands again.
      await this.#candidacy.hold((lease) => this.#serve(lease)).catch(() => undefined);
      await sleep(clock, this.#candidacy.pauseMs(), signal).catch(() => undefined);
    }
  }

  /** Ends when the lock is lost, or the office is left. */
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

import { type Clock, sleep } from "../core/clock.ts";
import { type Duration, toMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type { LoadLine } from "../core/load-line/load-line.ts";
import { loadLines } from "../core/load-line/load-lines.ts";
import type { Lock } from "../operation/durable/lock.ts";
import { LeaderElection, type Leadership } from "./leader-election.ts";
import { Lease, type LeaseHost } from "./lease.ts";
import { LocalQueues } from "./local-queues.ts";
import type { LockStore } from "./store.ts";

/** What the holder of a lock gets: its token, and a signal that aborts when the lock is lost. */
export interface Held {
  /** A number that is higher for every new holder; pass it to `lock.fence` in every command that writes. */
  readonly token: number;
  /** Aborts when the lock is lost, or could not be renewed in time. */
  readonly signal: AbortSignal;
}

/** Locks and leadership of one process. */
export class Locks {
  readonly #host: LeaseHost;
  readonly #clock: Clock;
  readonly #holder: string;
  readonly #queues: LocalQueues;
  readonly #stopping = new AbortController();
  readonly #elections = new Set<LeaderElection>();
  /** The locks that this process holds or waits for. */
  readonly #holds = new Set<Promise<unknown>>();
  readonly #held = new Set<Lease>();

  constructor(options: { readonly store: LockStore; readonly clock: Clock; readonly holder: string }) {
    this.#host = options;
    this.#clock = options.clock;
    this.#holder = options.holder;
    this.#queues = new LocalQueues(options.clock);
  }

  /** Its limit, for the app that lists it. */
  get [loadLines](): readonly LoadLine[] {
    return [this.#queues.line];
  }

  /**
   * Runs `work` while it holds the lock, and then releases the lock at once.
   * *Defaults*: waits 10 s for the lock. *Bounds*: a wait of at most 10 min, with `wait: 0` none; at most 256 callers wait for one lock in one process.
   * *Faults thrown*: `unavailable` of type `lock_held` or `shutting_down`; `aborted` of type `lock_lost` if the lock was lost before `work` ended.
   */
  hold<T>(lock: Lock, work: (held: Held) => Promise<T>, { wait = limits.lockWaitMs }: { readonly wait?: Duration } = {}): Promise<T> {
    return this.#hold(lock, Math.min(toMs(wait), limits.deadlineMs), ({ token, signal }) => work({ token, signal }));
  }

  /** Competes for the lock until it is stopped: holds the lock whenever no other process does. */
  lead(lock: Lock): Leadership {
    const election: LeaderElection = new LeaderElection({
      clock: this.#clock,
      hold: (serve) => this.#hold(lock, 0, serve),
      pauseMs: () => this.#pollMs(lock),
    });
    this.#elections.add(election);
    // An election that was stopped by its owner need not be stopped again at the end.
    void election.left.then(() => this.#elections.delete(election));
    return election;
  }

  /** Gives up all leaderships and acquires no further lock. Work that holds a lock may end within `withinMs`; then its lock is released, and its signal aborts. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping.abort();
    const timeUp = new AbortController();
    const ended = Promise.all([...[...this.#elections].map((election) => election.stop()), ...this.#holds]);
    await Promise.race([ended, sleep(this.#clock, withinMs, timeUp.signal).catch(() => undefined)]);
    timeUp.abort();
    const left = [...this.#held];
    for (const lease of left) lease.lose(shuttingDown());
    await Promise.all(left.map((lease) => lease.end({ waits: true })));
  }

  async #hold<T>(lock: Lock, waitMs: number, work: (lease: Lease) => Promise<T>): Promise<T> {
    const until = this.#clock.monotonic() + waitMs;
    const pass = await this.#queues.take(lock.name, waitMs, this.#stopping.signal);
    if (pass === undefined) throw this.#refusal(lock);
    const { promise, resolve: leave } = Promise.withResolvers<void>();
    this.#holds.add(promise);
    try {
      const lease = await this.#acquire(lock, until);
      this.#held.add(lease);
      // Work that ignores its signal keeps no other caller from the lock.
      lease.signal.addEventListener("abort", pass, { once: true });
      try {
        return await this.#during(lease, work);
      } finally {
        await lease.end();
        this.#held.delete(lease);
      }
    } finally {
      pass();
      this.#holds.delete(promise);
      leave();
    }
  }

  async #during<T>(lease: Lease, work: (lease: Lease) => Promise<T>): Promise<T> {
    void lease.keep();
    const value = await work(lease);
    lease.signal.throwIfAborted();
    return value;
  }

  async #acquire(lock: Lock, until: number): Promise<Lease> {
    for (;;) {
      if (this.#stopping.signal.aborted) throw shuttingDown();
      const askedAtMs = this.#clock.monotonic();
      const token = await this.#host.store.acquire(lock, this.#holder);
      if (token !== undefined) {
        const lease = new Lease(lock, { token, askedAtMs }, this.#host);
        if (lease.holds && !this.#stopping.signal.aborted) return lease;
        // The response came when the lease was nearly over, or this process is stopping: release the lock.
        await lease.end();
      }
      const leftMs = until - this.#clock.monotonic();
      if (leftMs <= 0) throw this.#refusal(lock);
      await sleep(this.#clock, Math.min(leftMs, this.#pollMs(lock)), this.#stopping.signal).catch(() => undefined);
    }
  }

  #refusal(lock: Lock): Fault {
    return this.#stopping.signal.aborted ? shuttingDown() : heldElsewhere(lock);
  }

  /** Not all at the same time. */
  #pollMs({ leaseMs }: Lock): number {
    return Math.min(limits.lockPollMs, leaseMs / 4) * (0.5 + this.#clock.random() / 2);
  }
}

const heldElsewhere = ({ name }: Lock): Fault =>
  new Fault({
    code: "unavailable",
    type: "lock_held",
    message: `Another holder has the lock ${name}. Try again later, or wait longer.`,
    retryAfterMs: 1_000,
  });

const shuttingDown = (): Fault =>
  new Fault({
    code: "unavailable",
    type: "shutting_down",
    message: "This process is stopping. Acquire the lock in another process, or try again after the restart.",
  });

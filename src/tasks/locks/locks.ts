import { type Clock, sleep } from "../../core/clock.ts";
import { type Duration, toMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { Signal } from "../../core/signals.ts";
import type { Lock } from "../../operation/durable/lock.ts";

/** Keeps locks. All leases are compared with the store's own clock. *Faults thrown*: `unavailable`. */
export interface LockStore {
  /** The new token; undefined where somebody holds it. */
  acquire(lock: Lock, holder: string): Promise<number | undefined>;
  /** False where somebody else has it. */
  renew(lock: Lock, token: number): Promise<boolean>;
  release(lock: Lock, token: number): Promise<void>;
}

/** What a holder is given. */
export interface Held {
  /** Rises with every holder; give it to `lock.fence` in whatever writes. */
  readonly token: number;
  /** Aborts when the lock is lost, or could not be renewed in time. */
  readonly signal: AbortSignal;
}

/** A place for which a process stands as long as it lives. */
export interface Leadership {
  readonly isLeader: boolean;
  /** Of the office that is held; undefined while another leads. */
  readonly token: number | undefined;
  readonly elected: Signal<{ readonly token: number }>;
  readonly deposed: Signal<{ readonly token: number }>;
  /** Steps down at once. */
  stop(): Promise<void>;
}

/** The share of a lease after which a holder that could not renew takes its lock for lost: before others may. */
const surrenderShare = 0.8;
const renewShare = 1 / 3;

/** Locks and leadership of one process. */
export class Locks {
  readonly #store: LockStore;
  readonly #clock: Clock;
  readonly #holder: string;
  readonly #leaderships = new Set<Office>();

  constructor(options: { readonly store: LockStore; readonly clock: Clock; readonly holder: string }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#holder = options.holder;
  }

  /**
   * Does `work` while it holds the lock, and lets go of it at once.
   * *Defaults*: waits 10 s for it. *Bounds*: a wait of at most 10 min; `wait: 0` does not wait.
   * *Faults thrown*: `unavailable` of type `lock_held`; `aborted` of type `lock_lost` where it was lost before `work` ended.
   */
  async hold<T>(lock: Lock, work: (held: Held) => Promise<T>, { wait = limits.lockWaitMs }: { readonly wait?: Duration } = {}): Promise<T> {
    const until = this.#clock.monotonic() + Math.min(toMs(wait), limits.deadlineMs);
    for (;;) {
      const since = this.#clock.monotonic();
      const token = await this.#store.acquire(lock, this.#holder);
      if (token !== undefined) return this.#keep(lock, { token, since, work });
      const leftMs = until - this.#clock.monotonic();
      if (leftMs <= 0) throw heldElsewhere(lock);
      await sleep(this.#clock, Math.min(leftMs, this.#pollMs(lock)));
    }
  }

  /** Stands for the lock from now on: holds it whenever nobody else does. */
  lead(lock: Lock): Leadership {
    const office = new Office(this.#clock, () => this.#leaderships.delete(office));
    this.#leaderships.add(office);
    office.runs = this.#stand(lock, office);
    return office;
  }

  /** Steps down everywhere. */
  async stop(): Promise<void> {
    await Promise.all([...this.#leaderships].map((office) => office.stop()));
  }

  async #stand(lock: Lock, office: Office): Promise<void> {
    while (!office.stopping.aborted) {
      try {
        await this.hold(lock, (held) => office.serve(held), { wait: 0 });
      } catch {
        // Held by another, lost, or the database is gone: it stands again.
      }
      await sleep(this.#clock, this.#pollMs(lock), office.stopping).catch(() => undefined);
    }
  }

  async #keep<T>(lock: Lock, hold: { token: number; since: number; work: (held: Held) => Promise<T> }): Promise<T> {
    const { token, work } = hold;
    const lost = new AbortController();
    const done = new AbortController();
    const renewing = this.#renew(lock, { token, since: hold.since, done: done.signal }).then((isLost) => {
      if (isLost) lost.abort(lockLost(lock));
    });
    try {
      const value = await work({ token, signal: lost.signal });
      lost.signal.throwIfAborted();
      return value;
    } finally {
      done.abort();
      await renewing;
      // Where it fails the lease ends by itself.
      if (!lost.signal.aborted) await this.#store.release(lock, token).catch(() => undefined);
    }
  }

  /** Resolves with true once the lock is lost, and with false once the work is done. */
  async #renew(lock: Lock, { token, since, done }: { token: number; since: number; done: AbortSignal }): Promise<boolean> {
    let renewedAt = since;
    for (;;) {
      const surrenderMs = renewedAt + lock.leaseMs * surrenderShare - this.#clock.monotonic();
      if (surrenderMs <= 0) return true;
      await sleep(this.#clock, Math.min(surrenderMs, lock.leaseMs * renewShare), done).catch(() => undefined);
      if (done.aborted) return false;
      const askedAt = this.#clock.monotonic();
      const renewal = this.#store.renew(lock, token).catch(() => undefined);
      const late = sleep(this.#clock, Math.max(0, renewedAt + lock.leaseMs * surrenderShare - askedAt), done).then(
        () => undefined,
        () => undefined,
      );
      const renewed = await Promise.race([renewal, late]);
      if (done.aborted) return false;
      if (renewed === false) return true;
      if (renewed === true) renewedAt = askedAt;
    }
  }

  /** Not all at the same time. */
  #pollMs({ leaseMs }: Lock): number {
    return Math.min(limits.lockPollMs, leaseMs / 4) * (0.5 + this.#clock.random() / 2);
  }
}

class Office implements Leadership {
  readonly elected = new Signal<{ readonly token: number }>("elected");
  readonly deposed = new Signal<{ readonly token: number }>("deposed");
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #left: () => void;
  token: number | undefined;
  runs: Promise<void> = Promise.resolve();

  constructor(clock: Clock, left: () => void) {
    this.#clock = clock;
    this.#left = left;
  }

  get isLeader(): boolean {
    return this.token !== undefined;
  }
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Ends when the lock is lost, or the office is left. */
  async serve({ token, signal }: Held): Promise<void> {
    this.token = token;
    this.elected.publish({ token });
    const ended = AbortSignal.any([signal, this.stopping]);
    while (!ended.aborted) await sleep(this.#clock, limits.lockPollMs, ended).catch(() => undefined);
    this.token = undefined;
    this.deposed.publish({ token });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.runs;
    this.#left();
  }
}

const heldElsewhere = ({ name }: Lock): Fault =>
  new Fault({
    code: "unavailable",
    type: "lock_held",
    message: `Somebody else holds the lock ${name}. Try again later, or wait longer.`,
    retryAfterMs: 1_000,
  });

const lockLost = ({ name }: Lock): Fault =>
  new Fault({
    code: "aborted",
    type: "lock_lost",
    message: `The lock ${name} was lost: another may hold it. Nothing fenced was written after that.`,
  });

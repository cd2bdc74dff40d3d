import { type Clock, sleep } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import type { Lock } from "../operation/durable/lock.ts";
import type { LockStore } from "./store.ts";

/** The share of a lease after which a holder that could not renew takes its lock for lost: before others may have it. */
const surrenderShare = 0.8;
const renewShare = 1 / 3;
/** How soon it tries again to renew, where the store did not respond. */
const retryShare = 1 / 12;

/** What a lease needs to be kept. */
export interface LeaseHost {
  readonly store: LockStore;
  readonly clock: Clock;
}

/** A lock that was acquired: renewed until it ends, given up before others may have it where it cannot be. */
export class Lease {
  readonly token: number;
  readonly #lock: Lock;
  readonly #host: LeaseHost;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  readonly #over = AbortSignal.any([this.#lost.signal, this.#ended.signal]);
  /** On this process's clock: until then no other holder can have the lock, unless the database's clock jumped. */
  #untilMs: number;

  /** `askedAtMs`: when it was asked for, by `clock.monotonic()`. The database's lease began later, so that this one ends first. */
  constructor(lock: Lock, acquired: { readonly token: number; readonly askedAtMs: number }, host: LeaseHost) {
    this.token = acquired.token;
    this.#lock = lock;
    this.#host = host;
    this.#untilMs = acquired.askedAtMs + lock.leaseMs * surrenderShare;
  }

  /** Aborts when it is lost. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether the lock is held for certain. Asks the clock: after a pause of the process it is right before any timer has run. */
  get holds(): boolean {
    return !this.#over.aborted && this.#leftMs > 0;
  }

  get #leftMs(): number {
    return this.#untilMs - this.#host.clock.monotonic();
  }

  /** Renews until the lease is lost or ended. */
  async keep(): Promise<void> {
    const { store } = this.#host;
    const { leaseMs } = this.#lock;
    let pauseMs = leaseMs * renewShare;
    for (;;) {
      await this.#pause(Math.min(this.#leftMs, pauseMs));
      if (this.#over.aborted) return;
      if (this.#leftMs <= 0) return this.lose();
      const askedAtMs = this.#host.clock.monotonic();
      const renewal = store.renew(this.#lock, this.token).catch(() => undefined);
      const renewed = await this.#inTime(renewal);
      if (renewed === false) return this.lose();
      if (renewed === true) this.#untilMs = askedAtMs + leaseMs * surrenderShare;
      pauseMs = leaseMs * (renewed === undefined ? retryShare : renewShare);
    }
  }

  lose(reason: Fault = lockLost(this.#lock)): void {
    if (!this.#ended.signal.aborted) this.#lost.abort(reason);
  }

  /** Releases the lock at once. Where it is lost the caller does not wait for the database: it may be the database that is gone. */
  async end({ waits = !this.#lost.signal.aborted }: { readonly waits?: boolean } = {}): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    // Where it fails the lease ends by itself.
    const released = this.#host.store.release(this.#lock, this.token).catch(() => undefined);
    if (waits) await released;
  }

  #pause(ms: number): Promise<void> {
    return sleep(this.#host.clock, ms, this.#over).catch(() => undefined);
  }

  /** The store's response, or undefined where it comes too late. */
  async #inTime(renewal: Promise<boolean | undefined>): Promise<boolean | undefined> {
    const answered = new AbortController();
    const late = sleep(this.#host.clock, this.#leftMs, AbortSignal.any([this.#over, answered.signal])).catch(() => undefined);
    const renewed = await Promise.race([renewal, late.then(() => undefined)]);
    answered.abort();
    return renewed;
  }
}

const lockLost = ({ name }: Lock): Fault =>
  new Fault({
    code: "aborted",
    type: "lock_lost",
    message: `The lock ${name} was lost, and another holder may have it. No fenced transaction committed after that. Acquire the lock again.`,
  });

import type { Clock } from "../../core/clock.ts";
import type { LeaseAsk, LeaseGrant, LeaseStore, LeaseStoreSource } from "./lease-store.ts";
import { MemoryQuotaStates, type QuotaAsk, type QuotaGrant } from "./quota-rules.ts";
import { grantLease, type LeaseState, newState, refundOne, takeOne } from "./rules.ts";

/**
 * Keeps leases in one process: for those that share a machine and reach it by messages, and as what other stores are compared with.
 * *Bounds*: a key is forgotten once its bucket is full and no member has a lease of it; looked for as keys come.
 */
export class MemoryLeases implements LeaseStore {
  readonly #clock: Clock;
  readonly #states = new Map<string, LeaseState>();
  readonly #quotas = new MemoryQuotaStates();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keys that are held now. */
  get size(): number {
    return this.#states.size;
  }

  async exchange(member: string, asks: readonly LeaseAsk[]): Promise<readonly LeaseGrant[]> {
    const now = this.#clock.monotonic();
    return asks.map((ask) => grantLease(this.#state(ask, now), { member, ask, now }));
  }

  async take(rate: LeaseAsk["rate"], key: string): Promise<number> {
    const now = this.#clock.monotonic();
    return takeOne(this.#state({ rate, key, held: false }, now), rate, now);
  }

  async refund(rate: LeaseAsk["rate"], key: string): Promise<void> {
    const state = this.#states.get(placeOf(rate, key));
    if (state !== undefined) refundOne(state, rate);
  }

  async quotas(asks: readonly QuotaAsk[]): Promise<readonly QuotaGrant[]> {
    return this.#quotas.settle(asks, this.#clock.monotonic());
  }

  #state(ask: Pick<LeaseAsk, "rate" | "key" | "held">, now: number): LeaseState {
    const place = placeOf(ask.rate, ask.key);
    let state = this.#states.get(place);
    if (state === undefined) {
      this.#forgetSome(now);
      state = newState(ask, now);
    }
    // The one that was used last is the last one that is looked at.
    this.#states.delete(place);
    this.#states.set(place, state);
    return state;
  }

  #forgetSome(now: number): void {
    let looks = 4;
    for (const [place, { fullAt, members }] of this.#states) {
      if (looks-- === 0) return;
      for (const [id, { at }] of members) if (at + 1_000 < now) members.delete(id);
      if (fullAt <= now && members.size === 0) this.#states.delete(place);
    }
  }
}

/** Keeps the leases of several apps in one object: for tests, and for processes that share it by messages. */
export function memoryLeases(leases: LeaseStore): LeaseStoreSource {
  return { name: "memory leases", open: () => leases };
}

function placeOf({ name }: LeaseAsk["rate"], key: string): string {
  return `${name}\n${key}`;
}

import { CallersInTurn, type Turns } from "./turns.ts";

/** Who waits in {@link FairTurns}. */
export interface FairWaiter {
  /** `tenant`, a line break and `actor`, or a text without a line break for one who has no tenant. */
  readonly caller?: string | undefined;
  /** The greater, the more important. *Default*: 1. */
  readonly rank?: number | undefined;
}

/**
 * The most important first; within one importance tenants take turns, and within a tenant its callers do. Where the queue is full, the least important makes
 * room, then the tenant that has the most, as callers do in {@link CallersInTurn}.
 * *Guarantees*: none is taken while one of greater rank waits. A tenant with nothing waiting waits for one of each other tenant of its rank, however many
 * callers these have.
 */
export class FairTurns<W extends FairWaiter> implements Turns<W> {
  /** Takes the newest of each caller first: the response to one that waited long is of no use to a caller who left. */
  newestFirst = false;
  readonly #ranks = new Map<number, TenantsInTurn<W>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(waiter: W): void {
    const rank = rankOf(waiter);
    let tenants = this.#ranks.get(rank);
    if (tenants === undefined) {
      tenants = new TenantsInTurn<W>();
      this.#ranks.set(rank, tenants);
    }
    tenants.add(waiter);
    this.#size++;
  }

  next(): W | undefined {
    let first: TenantsInTurn<W> | undefined;
    let best = Number.NEGATIVE_INFINITY;
    for (const [rank, tenants] of this.#ranks)
      if (tenants.size > 0 && rank > best) {
        best = rank;
        first = tenants;
      }
    return this.#taken(first?.next(this.newestFirst));
  }

  remove(waiter: W): boolean {
    const removed = this.#ranks.get(rankOf(waiter))?.remove(waiter) ?? false;
    if (removed) this.#size--;
    return removed;
  }

  displaceFor(waiter: W): W | undefined {
    const own = rankOf(waiter);
    let last: TenantsInTurn<W> | undefined;
    let least = own;
    for (const [rank, tenants] of this.#ranks)
      if (tenants.size > 0 && rank < least) {
        least = rank;
        last = tenants;
      }
    return this.#taken(last === undefined ? this.#ranks.get(own)?.displaceFor(waiter) : last.dropLast());
  }

  #taken(waiter: W | undefined): W | undefined {
    if (waiter !== undefined) this.#size--;
    return waiter;
  }
}

/** Tenants take turns, and the callers of each. */
class TenantsInTurn<W extends FairWaiter> {
  /** Whose turn is next stands first. None of them is empty. */
  readonly #tenants = new Map<string, CallersInTurn<W>>();

  get size(): number {
    return this.#tenants.size;
  }

  add(waiter: W): void {
    const tenant = tenantOf(waiter);
    const own = this.#tenants.get(tenant) ?? new CallersInTurn<W>();
    own.add(waiter);
    this.#tenants.set(tenant, own);
  }

  next(newest: boolean): W | undefined {
    for (const [tenant, own] of this.#tenants) {
      const next = own.next(newest);
      this.#tenants.delete(tenant);
      if (own.size > 0) this.#tenants.set(tenant, own);
      return next;
    }
    return undefined;
  }

  remove(waiter: W): boolean {
    const tenant = tenantOf(waiter);
    const own = this.#tenants.get(tenant);
    if (!own?.remove(waiter)) return false;
    this.#forget(tenant, own);
    return true;
  }

  displaceFor(waiter: W): W | undefined {
    const tenant = tenantOf(waiter);
    const own = this.#tenants.get(tenant);
    return this.#dropFrom((own?.size ?? 0) + 1) ?? own?.displaceFor(waiter);
  }

  dropLast(): W | undefined {
    return this.#dropFrom(0);
  }

  /** Takes the last of the tenant that has the most, if that is more than `least`. */
  #dropFrom(least: number): W | undefined {
    let most: readonly [string, CallersInTurn<W>] | undefined;
    for (const entry of this.#tenants) if (entry[1].size > (most?.[1].size ?? least)) most = entry;
    if (most === undefined) return undefined;
    const last = most[1].dropLast();
    this.#forget(...most);
    return last;
  }

  #forget(tenant: string, own: CallersInTurn<W>): void {
    if (own.size === 0) this.#tenants.delete(tenant);
  }
}

const rankOf = ({ rank = 1 }: FairWaiter): number => rank;

function tenantOf({ caller = "" }: FairWaiter): string {
  const at = caller.indexOf("\n");
  return at > 0 ? caller.slice(0, at + 1) : caller;
}

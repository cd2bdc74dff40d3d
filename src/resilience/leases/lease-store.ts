import type { Service } from "../../core/service.ts";
import type { RateHost, RateSpec } from "../rate-limit.ts";
import type { QuotaAsk, QuotaGrant } from "./quota-rules.ts";

/** How long what was granted may be spent, after it was asked for. *Units*: milliseconds. */
export const leaseMs = 500;
/** How often a member renews its leases. *Units*: milliseconds. */
export const renewMs = 250;

/** What a member, one process, asks for one key. All of it is data, so that it can cross any wire. */
export interface LeaseAsk {
  readonly rate: Pick<RateSpec, "name" | "ratePerSecond" | "burst">;
  readonly key: string;
  /** Calls that it wants to allow beyond those that it still holds; below 0, so many it returns. May be a fraction. */
  readonly want: number;
  /** Calls per second that its callers ask for, refused ones included. */
  readonly demand: number;
  /** Whether it holds a lease: a store that does not know the key has lost it, and begins without its burst. */
  readonly held: boolean;
}

/** What the store grants for one key. */
export interface LeaseGrant {
  /** Calls that the member may allow within `leaseMs`; at most what it wanted. */
  readonly credits: number;
  /** The member's fair share of the rate. *Units*: calls per second. */
  readonly share: number;
  /** Members that hold a lease of the key, this one included. */
  readonly members: number;
  /** Whether all members together ask for about as much as the rate allows: who has spent its credits refuses until the next renewal. */
  readonly crowded: boolean;
}

/** Where leases of shares are kept, for many processes; `src/testing/conformance/lease-store.ts` has what each one does. It counts by its own clock. */
export interface LeaseStore {
  /** What must be started before the first request and stopped after the last. *Default*: nothing. */
  readonly service?: Service | undefined;
  /** Renews the leases of a member in one round trip; one grant for each ask, in their order. An empty list asks whether it is there. */
  exchange(member: string, asks: readonly LeaseAsk[]): Promise<readonly LeaseGrant[]>;
  /** Takes one without a lease. Returns 0 where it is allowed, otherwise the milliseconds until it would be. */
  take(rate: LeaseAsk["rate"], key: string): Promise<number>;
  /** Returns one that was taken without a lease. */
  refund(rate: LeaseAsk["rate"], key: string): Promise<void>;
  /** Learns of quotas and grants calls of them, in one round trip; one grant for each ask, in their order. *Default*: it keeps none, and each process learns alone. */
  quotas?(asks: readonly QuotaAsk[]): Promise<readonly QuotaGrant[]>;
}

/** Opens a store of leases for one app; opens no connection yet. */
export interface LeaseStoreSource {
  readonly name: string;
  open(host: RateHost): LeaseStore;
}

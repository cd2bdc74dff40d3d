import type { Clock } from "../../core/clock.ts";
import { remoteLimits } from "../limits.ts";
import type { AddressHealth } from "./address-health.ts";
import { weightOf } from "./rendezvous.ts";

/** An address as the balancer sees it. */
export interface Balanced {
  readonly address: string;
  readonly health: AddressHealth;
  /** Whether a connection is open. */
  readonly isConnected: boolean;
  /** The zone that it said last: empty where it has none, undefined until it has replied. */
  readonly zone?: string | undefined;
}

/** What is asked of the balancer for one attempt. */
export interface Asked<A> {
  /** Calls with the same key go to the same address, as long as it is well. */
  readonly key?: string | undefined;
  /** Calls without a key stay in this zone while one there is well and not overloaded. *Default*: zones make no difference. */
  readonly zone?: string | undefined;
  /** What has failed for this call before. */
  readonly without?: ReadonlySet<A>;
}

/**
 * Chooses the address of a call among those that are connected and well: of two taken at random the less loaded, or with a key the one that has the key.
 * With a zone it takes those of that zone first, and all of them once each there is overloaded. One that has not said its zone yet counts as near, so that it says it.
 * Where none is well, it takes the one that was ejected first: some reply is better than none.
 * *Source*: the power of two choices (Mitzenmacher, 2001).
 */
export function choose<A extends Balanced>(
  all: readonly A[],
  { key, zone, without }: Asked<A>,
  clock: Pick<Clock, "monotonic" | "random">,
): A | undefined {
  const now = clock.monotonic();
  const connected = all.filter((one) => one.isConnected);
  const fresh = connected.filter((one) => without?.has(one) !== true);
  const well = fresh.filter(({ health }) => health.admits(now));
  if (well.length > 0) return key === undefined ? lessLoaded(near(well, zone, now), now, clock) : owner(well, key);
  const rest = fresh.length > 0 ? fresh : connected;
  return rest.reduce<A | undefined>(
    (one, other) => (one === undefined || other.health.outUntil < one.health.outUntil ? other : one),
    undefined,
  );
}

function near<A extends Balanced>(well: readonly A[], zone: string | undefined, now: number): readonly A[] {
  if (zone === undefined) return well;
  const here = well.filter((one) => (one.zone ?? zone) === zone && one.health.loadAt(now) < remoteLimits.spillLoad);
  return here.length > 0 ? here : well;
}

function lessLoaded<A extends Balanced>(well: readonly A[], now: number, clock: Pick<Clock, "random">): A | undefined {
  const first = Math.floor(clock.random() * well.length);
  const step = well.length === 1 ? 0 : 1 + Math.floor(clock.random() * (well.length - 1));
  const [one, other] = [well[first] as A, well[(first + step) % well.length] as A];
  return other.health.score(now) < one.health.score(now) ? other : one;
}

function owner<A extends Balanced>(well: readonly A[], key: string): A | undefined {
  let found: A | undefined;
  let most = -1;
  for (const one of well) {
    const weight = weightOf(key, one.address);
    if (weight <= most) continue;
    most = weight;
    found = one;
  }
  return found;
}

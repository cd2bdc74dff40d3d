import { type LeaseAsk, type LeaseGrant, leaseMs, renewMs } from "./lease-store.ts";

/** What a store knows of one member of a key. *Units*: milliseconds of the store's clock; calls per second. */
interface LeaseMember {
  demand: number;
  /** When it renewed last. */
  at: number;
}

/** What a store keeps of one key: when its bucket is full again, and who holds a lease. */
export interface LeaseState {
  fullAt: number;
  readonly members: Map<string, LeaseMember>;
}

/** How much of a rate all demands together must reach before a member that has spent its credits refuses by itself. */
const crowdedAt = 0.95;

/** Takes one, exactly. Returns 0, or the milliseconds until it would be allowed. *Source*: GCRA, ITU-T I.371. */
export function takeOne(state: LeaseState, { ratePerSecond, burst }: LeaseAsk["rate"], now: number): number {
  const intervalMs = 1_000 / ratePerSecond;
  // Kept also where it is refused: a clock that was set back would hold the debt where it is for as long as it went back.
  state.fullAt = Math.min(state.fullAt, now + depthMs({ ratePerSecond, burst }));
  const next = Math.max(state.fullAt, now) + intervalMs;
  const waitMs = next - now - burst * intervalMs;
  if (waitMs > intervalMs / 1_000) return waitMs;
  state.fullAt = next;
  return 0;
}

/** Returns one. */
export function refundOne(state: LeaseState, { ratePerSecond }: LeaseAsk["rate"]): void {
  state.fullAt -= 1_000 / ratePerSecond;
}

/** How far a key may be in debt: its burst, or what accrues until the next renewal, which is leased ahead. */
function depthMs({ ratePerSecond, burst }: Pick<LeaseAsk["rate"], "ratePerSecond" | "burst">): number {
  return Math.max((burst * 1_000) / ratePerSecond, renewMs);
}

/** Makes the state of a key that the store does not know. One that a member holds a lease of was lost: it begins with what one renewal may take. */
export function newState({ rate, held }: Pick<LeaseAsk, "rate" | "held">, now: number): LeaseState {
  return { fullAt: held ? now + depthMs(rate) - renewMs : now, members: new Map() };
}

/**
 * Grants a member its fair share since it renewed last, and a part of what no other member needs until it renews.
 * *Guarantees*: all grants and takes of a key in any time are at most its rate in that time and its depth: its burst, or 250 ms of its rate if that is more. A
 * server's clock that was set back costs at most the depth.
 * *Source*: max-min fairness as in Doorman; the buckets are GCRA.
 */
export function grantLease(
  state: LeaseState,
  { member, ask, now }: { readonly member: string; readonly ask: LeaseAsk; readonly now: number },
): LeaseGrant {
  const { ratePerSecond } = ask.rate;
  const intervalMs = 1_000 / ratePerSecond;
  const depth = depthMs(ask.rate);
  state.fullAt = Math.min(Math.max(state.fullAt, now), now + depth);
  for (const [id, { at }] of state.members) if (at + leaseMs < now || at > now) state.members.delete(id);
  if (ask.demand === 0) {
    // It leaves: what it returns fills the bucket, and never above its brim.
    state.members.delete(member);
    state.fullAt = Math.max(now, state.fullAt + Math.min(0, ask.want) * intervalMs);
    return { credits: 0, share: 0, members: state.members.size, crowded: false };
  }
  const since = Math.min(leaseMs, now - (state.members.get(member)?.at ?? now - renewMs));
  state.members.set(member, { demand: ask.demand, at: now });
  const { shares, spare, total } = fairShares(state.members, ratePerSecond);
  const members = state.members.size;
  const own = shares.get(member) ?? 0;
  const share = own + spare;
  const left = (now + depth - state.fullAt) / intervalMs;
  let others = 0;
  for (const [id, needs] of shares) if (id !== member) others += (needs * renewMs) / 1_000;
  const fair = (share * since) / 1_000;
  const granted = ask.want < 0 ? ask.want : Math.min(ask.want, left, fair + Math.max(0, left - fair - others) / members);
  state.fullAt = Math.max(now, state.fullAt + granted * intervalMs);
  return { credits: Math.max(0, granted), share, members, crowded: total >= ratePerSecond * crowdedAt };
}

/** What each member needs of the rate: its demand, but no more than the level at which all needs fit into it. `spare`: a member's part of what is left. */
function fairShares(members: ReadonlyMap<string, LeaseMember>, rate: number) {
  const sorted = [...members].sort(([, a], [, b]) => a.demand - b.demand);
  const shares = new Map<string, number>();
  let [left, total] = [rate, 0];
  sorted.forEach(([id, { demand }], index) => {
    const share = Math.min(demand, left / (sorted.length - index));
    shares.set(id, share);
    left -= share;
    total += demand;
  });
  return { shares, spare: left / sorted.length, total };
}

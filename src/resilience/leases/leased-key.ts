import type { RateSpec } from "../rate-limit.ts";
import { type LeaseAsk, type LeaseGrant, leaseMs, renewMs } from "./lease-store.ts";

/** How long a member that has lost its store counts by the last share that it had, before it counts by an equal one. *Units*: milliseconds. */
const shareKeptMs = 10_000;

/** What one process knows of one key of a shared rate. *Units*: monotonic milliseconds. */
export class LeasedKey {
  readonly key: string;
  readonly spec: RateSpec;
  /** Requests since the last renewal, refused ones included. */
  asked = 0;
  /** Calls that may be allowed until they lapse. */
  credits = 0;
  /** Refused without asking until then: by what the store said of one call. */
  refusedUntil = Number.NEGATIVE_INFINITY;
  leased = false;
  #lapsesAt = Number.NEGATIVE_INFINITY;
  #crowdedUntil = Number.NEGATIVE_INFINITY;
  #demand = 0;
  #since: number;
  #quiet = 0;
  #share: number | undefined;
  #grantedAt = Number.NEGATIVE_INFINITY;
  #aloneFullAt: number | undefined;

  constructor(spec: RateSpec, key: string, now: number) {
    this.spec = spec;
    this.key = key;
    this.#since = now;
  }

  /** Spends a credit. Returns 0; the milliseconds of a wait; or undefined where the store must decide. */
  spend(now: number): number | undefined {
    if (now < this.#lapsesAt && this.credits > 1 - 1e-9) {
      this.credits--;
      return 0;
    }
    const until = Math.max(this.#crowdedUntil, this.refusedUntil);
    return now < until ? until - now : undefined;
  }

  /** How long the lease that this key has allows nothing more, when all of it is spent; undefined where it has none. */
  untilRenewal(now: number): number | undefined {
    return now < this.#lapsesAt ? Math.max(this.#lapsesAt - leaseMs + renewMs - now, renewMs / 5) : undefined;
  }

  /** Adds one to what is held. Returns false where nothing is. */
  return(now: number): boolean {
    if (now >= this.#lapsesAt) return false;
    this.credits++;
    return true;
  }

  /** Says what to ask at this renewal; undefined where the key needs no lease. What is returned is no longer spent. */
  ask(now: number): LeaseAsk | undefined {
    const elapsedMs = Math.max(renewMs / 5, now - this.#since);
    const current = (this.asked * 1_000) / elapsedMs;
    this.#demand = this.leased ? (this.#demand + current) / 2 : current;
    this.#quiet = this.asked === 0 ? this.#quiet + 1 : 0;
    // Less than about one call a lease: the store decides each.
    const wanted = this.leased ? this.#quiet < 2 : this.asked > 1;
    this.asked = 0;
    this.#since = now;
    if (!wanted && !this.leased) return undefined;
    if (now >= this.#lapsesAt) this.credits = 0;
    const expected = (this.#demand * renewMs) / 1_000;
    const want = wanted ? expected * 1.5 + 2 - this.credits : -this.credits;
    const held = this.leased;
    if (want < 0) this.credits += want;
    if (!wanted) this.leased = false;
    return { rate: this.spec, key: this.key, want, demand: wanted ? this.#demand : 0, held };
  }

  /** Takes what was granted. `sentAt`: when it was asked for. */
  accept(
    { credits, share, crowded }: LeaseGrant,
    { ask, sentAt, now }: { readonly ask: LeaseAsk; readonly sentAt: number; readonly now: number },
  ): void {
    this.#aloneFullAt = undefined;
    if (ask.demand === 0) return;
    this.leased = true;
    this.#share = share;
    this.#grantedAt = now;
    if (now < sentAt + leaseMs) {
      // What was held before lapsed meanwhile, or is renewed with this.
      this.credits = (now < this.#lapsesAt ? this.credits : 0) + credits;
      this.#lapsesAt = sentAt + leaseMs;
    }
    const short = credits < ask.want - 1e-6;
    this.#crowdedUntil = crowded && short ? sentAt + renewMs + renewMs / 5 : Number.NEGATIVE_INFINITY;
  }

  /** Whether it can be forgotten: nothing is known of it that the store does not know. */
  isIdle(now: number): boolean {
    return !this.leased && this.asked === 0 && now >= this.refusedUntil && this.#quiet > 0 && (this.#aloneFullAt ?? 0) <= now;
  }

  /**
   * Decides without the store: by what is still held, then by the last share that it had, and later by an equal part of the rate.
   * *Guarantees*: never more than that share, with that share of the burst; a key whose lease has ended begins without a burst.
   */
  takeAlone(now: number, members: number): number {
    if (now < this.#lapsesAt && this.credits > 1 - 1e-9) {
      this.credits--;
      return 0;
    }
    const { ratePerSecond, burst } = this.spec;
    const kept = this.#share !== undefined && now < this.#grantedAt + shareKeptMs;
    const share = kept ? Math.min(this.#share!, ratePerSecond) : ratePerSecond / members;
    const intervalMs = 1_000 / Math.max(share, 1e-9);
    const burstMs = Math.max(1, (burst * share) / ratePerSecond) * intervalMs;
    this.#aloneFullAt ??= this.#share === undefined ? now : now + burstMs - intervalMs;
    const next = Math.max(this.#aloneFullAt, now) + intervalMs;
    const waitMs = next - now - burstMs;
    if (waitMs > intervalMs / 1_000) return waitMs;
    this.#aloneFullAt = next;
    return 0;
  }
}

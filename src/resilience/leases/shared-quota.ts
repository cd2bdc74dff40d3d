import { learn, nothingLearnt, renew } from "../policies/quota/learnt.ts";
import type { QuotaLesson } from "../policies/quota/lesson.ts";
import { leaseMs, renewMs } from "./lease-store.ts";
import type { QuotaAsk, QuotaGrant } from "./quota-rules.ts";

const resolutionMs = 1_000;

/** What a key needs to know of its store. */
export interface Fleet {
  /** Processes that share the quota, as far as is known. */
  readonly members: number;
  /** The store failed, and has not answered since. */
  readonly gone: boolean;
}

/**
 * What one process knows of the quota of one callee. It makes calls that it was granted, and its part of what is left where it was granted none: until the
 * store has said how much it gets, and while the store is away. *Units*: monotonic milliseconds.
 */
export class SharedQuota {
  readonly #fleet: Fleet;
  readonly #learnt = nothingLearnt();
  /** Granted by the store, and not spent. */
  #credits = 0;
  /** May be made without a grant. */
  #own = Number.POSITIVE_INFINITY;
  /** Made without a grant, and not said yet. */
  #owed = 0;
  /** Left for all, as far as is known. */
  #left = Number.POSITIVE_INFINITY;
  /** Calls that have not taught yet: what is left does not count them. */
  #flying = 0;
  #asked = 0;
  #demand = 0;
  #quiet = 0;
  #since: number;
  #grantedAt = Number.NEGATIVE_INFINITY;
  /** With fewer credits more are asked for early. */
  #low = 1;
  /** The store had less than was wanted. */
  #short = false;
  /** The least that replies said was left, and the store does not know yet. */
  #said: number | undefined;
  #taught = false;

  constructor(fleet: Fleet, now: number) {
    this.#fleet = fleet;
    this.#since = now;
  }

  get limit(): number | undefined {
    return this.#learnt.limit;
  }

  /** Whether the store should be asked before the next renewal. */
  wants = false;

  /** Takes one call. Returns 0, or the milliseconds until one may be made. */
  take(now: number): number {
    const learnt = this.#learnt;
    this.#asked++;
    if (now < learnt.blockedUntil) return learnt.blockedUntil - now;
    if (now >= learnt.resetAt) this.#begin(now);
    if (this.#credits < 1 && this.#own < 1) this.#replenish(now);
    if (this.#credits >= 1) this.#credits--;
    else if (this.#own >= 1) {
      this.#own--;
      this.#owed++;
    } else {
      this.wants = !this.#short;
      const resetMs = learnt.resetAt - now;
      return this.#short || this.#fleet.gone ? resetMs : Math.min(resetMs, renewMs);
    }
    this.#flying++;
    if (this.#credits < this.#low && !this.#short) this.wants = learnt.resetAt !== Number.POSITIVE_INFINITY;
    return 0;
  }

  teach(lesson: QuotaLesson, now: number): void {
    const learnt = this.#learnt;
    this.#flying = Math.max(0, this.#flying - 1);
    this.#taught = true;
    if (lesson.retryAfterMs !== undefined) this.wants = true;
    const held = this.#credits + this.#own;
    learnt.remaining = held;
    const isNew = learn(learnt, lesson, now);
    if (lesson.remaining === undefined || lesson.resetMs === undefined) return;
    if (isNew) {
      this.#credits = 0;
      this.#owed = 0;
      this.#left = this.#said = lesson.remaining;
      this.#own = this.#part(lesson.remaining);
      this.#short = false;
      this.wants = true;
      return;
    }
    const over = held - learnt.remaining;
    if (over > 0) {
      this.#credits -= Math.max(0, over - this.#own);
      this.#own = Math.max(0, this.#own - over);
    }
    // Calls that have ended are counted in what is left.
    this.#owed = Math.min(this.#owed, this.#flying);
    this.#left = Math.min(this.#left, lesson.remaining);
    this.#said = Math.min(this.#said ?? Number.POSITIVE_INFINITY, lesson.remaining);
  }

  /** Says what to ask at this renewal; undefined where nothing was called and nothing is to be returned. */
  ask(now: number): Pick<QuotaAsk, "want" | "owed" | "lesson"> | undefined {
    const learnt = this.#learnt;
    const elapsedMs = Math.max(renewMs / 5, now - this.#since);
    const current = (this.#asked * 1_000) / elapsedMs;
    this.#demand = Math.max(current, (this.#demand + current) / 2);
    this.#quiet = this.#asked === 0 ? this.#quiet + 1 : 0;
    this.#asked = 0;
    this.#since = now;
    this.wants = false;
    if (now >= learnt.resetAt && Number.isFinite(learnt.resetAt)) this.#begin(now);
    const active = this.#quiet < 2;
    if (!active && this.#credits === 0 && this.#owed === 0 && !this.#taught) return undefined;
    const expected = active ? Math.ceil((this.#demand * renewMs * 1.5) / 1_000) + 2 : 0;
    // Just before the next window nothing is returned: it would come too late.
    const least = learnt.resetAt - now < leaseMs ? 0 : -this.#credits;
    const want = Math.max(least, expected - this.#credits);
    this.#low = Math.max(1, expected / 4);
    if (want < 0) this.#credits += want;
    return { want, owed: this.#owed, lesson: this.#lesson(now) };
  }

  /** Takes what was granted. `ask`: what was asked. */
  accept(grant: QuotaGrant, ask: Pick<QuotaAsk, "want" | "owed" | "lesson">, now: number): void {
    const learnt = this.#learnt;
    this.#owed = Math.max(0, this.#owed - ask.owed);
    this.#taught = false;
    this.#grantedAt = now;
    if (this.#said === ask.lesson.remaining) this.#said = undefined;
    if (grant.blockedMs > 0) learnt.blockedUntil = Math.max(learnt.blockedUntil, now + grant.blockedMs);
    if (grant.limit > 0) learnt.limit = grant.limit;
    if (grant.windowMs > 0) learnt.windowMs = grant.windowMs;
    if (!grant.known) {
      // It has lost what it was taught: it is taught again.
      if (Number.isFinite(learnt.resetAt)) [this.#said, this.#taught] = [this.#left, true];
      return;
    }
    const resetAt = now + grant.resetMs;
    const isSame = Math.abs(resetAt - learnt.resetAt) < resolutionMs;
    this.#credits = (isSame ? this.#credits : 0) + grant.credits;
    this.#own = 0;
    this.#left = grant.left;
    this.#short = grant.credits < ask.want;
    learnt.resetAt = resetAt;
  }

  /** Whether it can be forgotten: nothing is known of it, or only what a new one would be granted. */
  isIdle(now: number): boolean {
    const { blockedUntil, resetAt } = this.#learnt;
    return this.#quiet > 1 && now >= blockedUntil && (now >= resetAt || resetAt === Number.POSITIVE_INFINITY);
  }

  #begin(now: number): void {
    renew(this.#learnt, now);
    this.#credits = this.#owed = this.#flying = 0;
    this.#left = this.#learnt.remaining;
    this.#own = this.#part(this.#left);
    this.#said = undefined;
    this.#short = false;
    this.#grantedAt = Number.NEGATIVE_INFINITY;
    this.wants = Number.isFinite(this.#left);
  }

  /** Who has not been granted anything for a while may make one call at once; and its part, once, while the store is away. */
  #replenish(now: number): void {
    if (now < this.#grantedAt + 2 * renewMs || this.#left < 1 || this.#grantedAt === Number.NEGATIVE_INFINITY) return;
    this.#own = this.#fleet.gone ? this.#part(this.#left) : 1;
    this.#grantedAt = this.#fleet.gone ? Number.NEGATIVE_INFINITY : now;
  }

  #part(left: number): number {
    return left < 1 ? 0 : Math.max(1, Math.floor(left / this.#fleet.members));
  }

  #lesson(now: number): QuotaLesson {
    const { limit, windowMs, resetAt, blockedUntil } = this.#learnt;
    if (!this.#taught) return {};
    const known = this.#said !== undefined && resetAt > now && Number.isFinite(resetAt) && Number.isFinite(this.#said);
    return {
      ...(limit !== undefined && { limit }),
      ...(windowMs !== undefined && { windowMs }),
      ...(known && { remaining: this.#said!, resetMs: resetAt - now }),
      ...(blockedUntil > now && { retryAfterMs: blockedUntil - now }),
    };
  }
}

import type { Clock } from "../../core/clock.ts";
import { leaseMs } from "./lease-store.ts";

/** What a process says of its share of one limit. All of it is data, so that it can cross any wire. */
export interface PlacesAsk {
  readonly name: string;
  readonly declared: number;
  /** What it keeps of what it was lent: it holds no more from now on. */
  readonly keep: number;
  /** What it has use for, what it keeps included. */
  readonly want: number;
}

/** What a process is lent of one limit. */
export interface PlacesGrant {
  /** All that it has now. */
  readonly share: number;
  /** It grants none above this, and returns what becomes free: less than `share` where another lacks it. */
  readonly until: number;
  /** Whether it always has one at least: not where there are fewer than processes. */
  readonly assured: boolean;
}

interface Holder {
  share: number;
  want: number;
  /** Since when it has had less than it wants and is due; for the order of those who lack. */
  lacksSince: number | undefined;
  /** It was asked to exchange, and has not yet. */
  nudged: boolean;
}

/**
 * Lends the places of limits to the processes that have them together: in their supervisor.
 *
 * Each has what it wants as far as all do; where they want more than there is, each has an equal part; what none wants is spread. A share is lowered by its holder
 * alone, and counts as held until the holder has said so. A process that has ended keeps its share for the length of a lease: what it held elsewhere, such as
 * connections, ends by then.
 * *Guarantees*: the shares of one limit never exceed what was declared, nothing more is lent where a reload has lowered it. Each of the processes that there should be has a place, where there are enough for all.
 */
export class PlaceLender<M> {
  readonly #limits = new Map<string, LentLimit<M>>();
  readonly #options: LenderOptions<M>;

  constructor(options: LenderOptions<M>) {
    this.#options = options;
  }

  /** Takes what a process says of its limits; one grant for each, in their order. */
  exchange(member: M, asks: readonly PlacesAsk[]): readonly PlacesGrant[] {
    const nudged = new Set<M>();
    const grants = asks.map((ask) => {
      let limit = this.#limits.get(ask.name);
      if (limit === undefined) {
        limit = new LentLimit<M>(ask.declared, this.#options);
        this.#limits.set(ask.name, limit);
      }
      const grant = limit.exchange(member, ask);
      for (const other of limit.nudges()) nudged.add(other);
      return grant;
    });
    for (const other of nudged) this.#options.nudge(other);
    return grants;
  }

  /** A process has ended: others get what it had when its lease is over. */
  ended(member: M): void {
    for (const limit of this.#limits.values()) limit.ended(member);
    this.#options.clock.schedule(leaseMs, () => {
      const nudged = new Set<M>();
      for (const limit of this.#limits.values()) {
        limit.lapsed(member);
        for (const other of limit.nudges()) nudged.add(other);
      }
      for (const other of nudged) this.#options.nudge(other);
    });
  }

  /** All that is lent of a limit, what processes that have ended still keep included. */
  lent(name: string): number {
    return this.#limits.get(name)?.lent ?? 0;
  }
}

/** What a {@link PlaceLender} needs. */
export interface LenderOptions<M> {
  /** How many processes there should be. */
  readonly processes: number;
  readonly clock: Pick<Clock, "monotonic" | "schedule">;
  /** Has a process exchange soon: it has to return something, or can get something. */
  nudge(member: M): void;
}

class LentLimit<M> {
  #declared: number;
  readonly #options: LenderOptions<M>;
  readonly #holders = new Map<M, Holder>();
  /** What those have that have ended. */
  readonly #ended = new Map<M, number>();

  constructor(declared: number, options: LenderOptions<M>) {
    this.#declared = declared;
    this.#options = options;
  }

  get lent(): number {
    let lent = 0;
    for (const { share } of this.#holders.values()) lent += share;
    for (const share of this.#ended.values()) lent += share;
    return lent;
  }

  exchange(member: M, { declared, keep, want }: PlacesAsk): PlacesGrant {
    let holder = this.#holders.get(member);
    if (holder === undefined) {
      // A process that comes in a reload may be of a new release, which declares another limit.
      this.#declared = declared;
      holder = { share: 0, want: 0, lacksSince: undefined, nudged: false };
      this.#holders.set(member, holder);
    }
    holder.nudged = false;
    holder.share = Math.min(keep, holder.share);
    holder.want = want;
    const due = this.#due();
    const own = due.get(holder) ?? 0;
    if (own > holder.share) holder.share += Math.max(0, Math.min(own - holder.share, this.#declared - this.lent - this.#reserved(holder)));
    this.#note(due);
    const { share } = holder;
    return { share, until: this.#anyLacks() ? Math.min(share, own) : share, assured: this.#floor > 0 };
  }

  ended(member: M): void {
    const holder = this.#holders.get(member);
    if (holder === undefined) return;
    this.#holders.delete(member);
    this.#ended.set(member, holder.share);
  }

  lapsed(member: M): void {
    this.#ended.delete(member);
  }

  /** Those who should exchange now: to return what another lacks, or to get what is free. */
  nudges(): readonly M[] {
    const due = this.#due();
    this.#note(due);
    if (!this.#anyLacks()) return [];
    const isFree = this.lent < this.#declared;
    const members: M[] = [];
    for (const [member, holder] of this.#holders) {
      const gives = holder.share > (due.get(holder) ?? 0);
      if (holder.nudged || !(gives || (isFree && holder.lacksSince !== undefined))) continue;
      holder.nudged = true;
      members.push(member);
    }
    return members;
  }

  /** What each process always has. */
  get #floor(): number {
    return this.#declared < Math.max(this.#options.processes, this.#holders.size) ? 0 : 1;
  }

  #wantOf({ want }: Holder): number {
    return Math.max(want, this.#floor);
  }

  /** Places for the processes that are not there. */
  get #absent(): number {
    return this.#floor * Math.max(0, this.#options.processes - this.#holders.size);
  }

  /** Places that are kept free for others: one for each process that has none yet, or is not there. */
  #reserved(except: Holder): number {
    if (this.#floor === 0) return 0;
    return this.#absent + [...this.#holders.values()].filter((holder) => holder !== except && holder.share === 0).length;
  }

  #note(due: ReadonlyMap<Holder, number>): void {
    const now = this.#options.clock.monotonic();
    for (const holder of this.#holders.values()) {
      // Half of an equal part is at hand where no other needs it, so that who begins need not ask first.
      const enough = Math.min(due.get(holder) ?? 0, Math.max(this.#wantOf(holder), Math.floor(this.#part / 2)));
      const lacks = holder.share < enough || (holder.share === 0 && this.#wantOf(holder) > 0);
      holder.lacksSince = lacks ? (holder.lacksSince ?? now) : undefined;
    }
  }

  #anyLacks(): boolean {
    for (const { lacksSince } of this.#holders.values()) if (lacksSince !== undefined) return true;
    return false;
  }

  /** An equal part. */
  get #part(): number {
    return Math.ceil(this.#declared / Math.max(1, this.#holders.size));
  }

  /** What each should have. Where they want more than there is, equal parts, and of what is left over the one that has lacked it for the longest. */
  #due(): ReadonlyMap<Holder, number> {
    const holders = [...this.#holders.values()];
    const part = this.#part;
    const never = Number.POSITIVE_INFINITY;
    const order = holders.toSorted(
      (a, b) =>
        Math.min(this.#wantOf(a), part) - Math.min(this.#wantOf(b), part) ||
        (b.lacksSince ?? never) - (a.lacksSince ?? never) ||
        a.share - b.share,
    );
    let rest = this.#declared - this.#absent;
    const due = new Map<Holder, number>();
    order.forEach((holder, index) => {
      const gets = Math.min(this.#wantOf(holder), Math.floor(rest / (order.length - index)));
      due.set(holder, gets);
      rest -= gets;
    });
    holders.forEach((holder, index) => {
      due.set(holder, (due.get(holder) ?? 0) + Math.floor(rest / holders.length) + (index < rest % holders.length ? 1 : 0));
    });
    return due;
  }
}

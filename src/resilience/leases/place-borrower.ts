import type { Clock, Timer } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { Share, type SharedLimit, type Shares } from "../../core/queue/share.ts";
import type { Service } from "../../core/service.ts";
import { renewMs } from "./lease-store.ts";
import type { PlacesAsk, PlacesGrant } from "./place-lender.ts";

/** The shortest time between two exchanges. *Units*: milliseconds. */
const earliestMs = 20;
/** How often it says all of it, whether it has changed or not: a message may have been lost. *Units*: milliseconds. */
const repeatMs = 1_000;

/** What a {@link PlaceBorrower} needs. */
export interface BorrowerOptions {
  readonly clock: Pick<Clock, "monotonic" | "schedule">;
  /** Asks the lender; in order, and one after the other. */
  exchange(asks: readonly PlacesAsk[]): Promise<readonly PlacesGrant[]>;
}

/** One share, and what the lender knows of it. */
interface Borrowed {
  readonly share: Share;
  /** What was lent, as far as this process knows; the lender counts as much at least. */
  granted: number;
  demand: number;
  /** Whether it always has one at least. */
  assured: boolean;
  said: PlacesAsk | undefined;
}

/**
 * Borrows shares of limits for one process: ahead of need, so that no execution waits for the lender while others leave places unused.
 * *Guarantees*: it holds no more than it was lent. Without the lender it goes on with what it has. While nothing changes it asks once a second.
 */
export class PlaceBorrower implements Shares, Service {
  readonly name = "shares";
  readonly #options: BorrowerOptions;
  readonly #borrowed: Borrowed[] = [];
  #timer: Timer | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #exchangedAt = Number.NEGATIVE_INFINITY;
  #repeatAt = 0;
  #exchanging = false;
  #again = false;
  #nudged = false;
  #isRunning = false;

  constructor(options: BorrowerOptions) {
    this.#options = options;
  }

  borrow(limit: SharedLimit): Share {
    const share = new Share(limit, () => this.#due(true));
    this.#borrowed.push({ share, granted: 0, demand: 0, assured: true, said: undefined });
    return share;
  }

  /** Borrows the first shares: resolves when each is there, or after `limits.processJoinMs`. */
  async start(): Promise<void> {
    this.#isRunning = true;
    const { clock } = this.#options;
    const until = clock.monotonic() + limits.processJoinMs;
    for (;;) {
      await this.#exchange();
      // Where there are fewer places than processes, not each has one.
      const lacks = this.#borrowed.some(({ granted, assured }) => granted === 0 && assured);
      if (!lacks || clock.monotonic() >= until || !this.#isRunning) return;
      await new Promise<void>((resolve) => void clock.schedule(earliestMs, resolve));
    }
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  /** The lender has something to give, or needs something. */
  nudge(): void {
    this.#nudged = true;
    this.#due(true);
  }

  #due(early: boolean): void {
    if (this.#exchanging) {
      this.#again ||= early;
      return;
    }
    const now = this.#options.clock.monotonic();
    const at = Math.max(now, this.#exchangedAt + (early ? earliestMs : renewMs));
    if (!this.#isRunning || at >= this.#dueAt) return;
    this.#timer?.cancel();
    this.#dueAt = at;
    this.#timer = this.#options.clock.schedule(at - now, () => void this.#exchange());
  }

  async #exchange(): Promise<void> {
    if (this.#exchanging) return;
    this.#exchanging = true;
    this.#timer?.cancel();
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#exchangedAt = this.#options.clock.monotonic();
    if (this.#exchangedAt >= this.#repeatAt) this.#nudged = true;
    if (this.#nudged) this.#repeatAt = this.#exchangedAt + repeatMs;
    const asking = this.#borrowed.flatMap((borrowed) => this.#ask(borrowed));
    this.#nudged = false;
    try {
      if (asking.length > 0) {
        const grants = await this.#options.exchange(asking.map(({ said }) => said!));
        for (const [index, borrowed] of asking.entries()) accept(borrowed, grants[index]);
      }
    } catch {
      // It goes on with what it has, and says all of it again.
      for (const borrowed of asking) borrowed.said = undefined;
      this.#again = false;
    } finally {
      this.#exchanging = false;
      const early = this.#again || this.#borrowed.some(returnsSome);
      this.#again = false;
      this.#due(early);
    }
  }

  /** Says what is kept and wanted, where that is something else than before. */
  #ask(borrowed: Borrowed): readonly Borrowed[] {
    const { share, said } = borrowed;
    const { name, declared } = share.limit;
    const held = share.limit.held();
    const wants = share.limit.wants();
    borrowed.demand = Math.max(wants, share.peak, Math.floor(borrowed.demand / 2));
    share.peak = wants;
    const want = Math.min(declared, Math.ceil(borrowed.demand * 1.25));
    const keep = Math.min(borrowed.granted, Math.max(held, share.current));
    if (!this.#nudged && said !== undefined && said.want === want && keep === borrowed.granted) return [];
    borrowed.granted = keep;
    borrowed.said = { name, declared, keep, want };
    return [borrowed];
  }
}

/** Whether it holds less than it was lent, and may not use it. */
function returnsSome({ share, granted }: Borrowed): boolean {
  return granted > Math.max(share.current, share.limit.held());
}

function accept(borrowed: Borrowed, grant: PlacesGrant | undefined): void {
  if (grant === undefined) return;
  const { share } = borrowed;
  borrowed.granted = grant.share;
  borrowed.assured = grant.assured;
  const before = share.current;
  share.current = Math.min(grant.share, grant.until);
  if (share.current !== before) share.limit.changed();
}

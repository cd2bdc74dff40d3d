import type { Clock, Timer } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import { type AuditKeys, beginning } from "./keys.ts";
import type { AuditSignals } from "./signals.ts";
import type { AuditHead, AuditLink, AuditStore, PendingRecord } from "./store.ts";

/** How soon after a commit its records are chained, together with those that come meanwhile. */
const soonMs = 100;
/** A process that lost to another one looks again after up to so long. */
const againMs = 200;

/** What chains records. */
export interface ChainerOptions {
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly keys: AuditKeys;
  readonly signals: AuditSignals;
}

/** Chains what was committed: in this process soon after the commit, and what other processes left whenever it looks. */
export class Chainer {
  readonly #options: ChainerOptions;
  #timer: Timer | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #isOpen = false;

  constructor(options: ChainerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isOpen = true;
    this.#lookIn(0);
  }

  /** Looks no more; waits for what it does. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    this.#timer?.cancel();
    await this.#running;
  }

  committed(): void {
    this.#lookIn(soonMs);
  }

  /** Chains all that is there, and waits for it. *Faults thrown*: those of the store. */
  async chainNow(): Promise<void> {
    for (;;) {
      const { isLost, isMore } = await this.#chain();
      if (!isLost && !isMore) return;
    }
  }

  #lookIn(delayMs: number): void {
    const { clock } = this.#options;
    const dueAt = clock.monotonic() + delayMs;
    if (!this.#isOpen || this.#running !== undefined || dueAt >= this.#dueAt) return;
    this.#timer?.cancel();
    this.#dueAt = dueAt;
    this.#timer = clock.schedule(delayMs, () => {
      this.#running = this.#look().then((nextMs) => {
        this.#running = undefined;
        this.#dueAt = Number.POSITIVE_INFINITY;
        this.#lookIn(nextMs);
      });
    });
  }

  /** Returns when to look next. */
  async #look(): Promise<number> {
    try {
      const { isLost, isMore } = await this.#chain();
      return isLost ? this.#options.clock.random() * againMs : isMore ? 0 : limits.auditPollMs;
    } catch (error) {
      this.#options.signals.failing.publish({ error });
      return limits.auditPollMs;
    }
  }

  async #chain(): Promise<{ readonly isLost: boolean; readonly isMore: boolean }> {
    const { store, keys, signals } = this.#options;
    const pending = await store.pending(limits.auditTurn);
    if (pending.length === 0) return { isLost: false, isMore: false };
    const ends = new Map((await store.headsOf([...new Set(pending.map(({ tenant }) => tenant))])).map((head) => [head.tenant, head]));
    const links = pending.map((record) => linkOf(keys, ends, record));
    const isLinked = await store.link(links);
    if (isLinked) signals.chained.publish({ heads: [...ends.values()] });
    return { isLost: !isLinked, isMore: pending.length === limits.auditTurn };
  }
}

/** Makes the next link of a chain, which is its end from then on. */
function linkOf(keys: AuditKeys, ends: Map<string, AuditHead>, { id, tenant, hash: recordHash, linkedMs }: PendingRecord): AuditLink {
  const end = ends.get(tenant);
  const link = { tenant, n: (end?.n ?? 0) + 1, id, linkedMs, previous: end?.hash ?? beginning, key: keys.current };
  const made = { ...link, hash: keys.link(link, recordHash) ?? "" };
  ends.set(tenant, { tenant, n: made.n, hash: made.hash });
  return made;
}

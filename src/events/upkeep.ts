import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { SubscriptionDefinition } from "./definition.ts";
import type { SubscriptionStats } from "./ports/admin-store.ts";
import type { ReadersHeld } from "./ports/log-store.ts";
import type { EventStore } from "./ports/store.ts";
import type { EventSignals } from "./signals.ts";

/** How often the log gets its next partitions and loses its old ones. */
const keepEveryMs = 60_000;

/** What is done about the log beside reading it: its partitions, the lag of subscriptions, and what keeps readers back. One look at a time. */
export class EventUpkeep {
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #signals: EventSignals;
  readonly #definitions: readonly Pick<SubscriptionDefinition, "name" | "names">[];
  readonly #retentionMs: number;
  #running: Promise<void> | undefined;
  #looksAt = Number.NEGATIVE_INFINITY;
  #keepsAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;
  #held: { readonly xid: string; readonly since: number } | undefined;
  /** What was found last. */
  stats: readonly SubscriptionStats[] = [];
  readersHeld: (ReadersHeld & { readonly ageMs: number }) | undefined;

  constructor(options: {
    readonly store: EventStore;
    readonly clock: Clock;
    readonly signals: EventSignals;
    readonly definitions: readonly Pick<SubscriptionDefinition, "name" | "names">[];
    readonly retentionMs: number;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#signals = options.signals;
    this.#definitions = options.definitions;
    this.#retentionMs = options.retentionMs;
  }

  /** Called with each heartbeat, which does not wait for it. */
  onHeartbeat(): void {
    const now = this.#clock.monotonic();
    if (this.#running !== undefined || this.#isStopped || now < this.#looksAt) return;
    this.#looksAt = now + limits.eventLookMs;
    this.#running = this.#look(now)
      .catch((error: unknown) => {
        if (!this.#isStopped) this.#signals.failing.publish({ error });
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #look(now: number): Promise<void> {
    if (now >= this.#keepsAt) {
      this.#keepsAt = now + keepEveryMs;
      await this.#store.log.keep({ retentionMs: this.#retentionMs, deadLetterMs: limits.eventDeadLetterMs });
    }
    const events = Object.fromEntries(this.#definitions.map(({ name, names }) => [name, names]));
    if (this.#definitions.length > 0) this.stats = await this.#store.admin.stats(events, Object.keys(events));
    const oldest = await this.#store.log.readersHeld();
    if (oldest?.xid !== this.#held?.xid) this.#held = oldest && { xid: oldest.xid, since: now };
    // Its age is hidden where it is of a role that the platform may not see: then it is as old as it was seen here.
    const ageMs = oldest === undefined ? 0 : (oldest.ageMs ?? now - (this.#held?.since ?? now));
    this.readersHeld = oldest !== undefined && ageMs >= limits.eventReadersHeldMs ? { ...oldest, ageMs } : undefined;
    if (this.readersHeld !== undefined) this.#signals.readersHeld.publish(this.readersHeld);
  }
}

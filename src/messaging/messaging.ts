import type { SubscriptionAdmin, SubscriptionStats } from "../events/ports/admin-store.ts";
import { positionText } from "../events/position.ts";
import type { Inbox } from "./inbox/inbox.ts";
import type { InboxStore, ReadRefusedMessage } from "./inbox/store.ts";
import type { InboxUpkeep } from "./inbox/upkeep.ts";
import type { Relay } from "./relay.ts";
import type { MessagingSignals } from "./signals.ts";

/** How far a relay is, or what a subscription has received and not handled. */
export interface MessagingStats extends Pick<SubscriptionStats, "lag" | "lagMs" | "parked" | "stopped" | "deadLetters" | "paused"> {
  readonly name: string;
  readonly broker: string;
  /** In the log. */
  readonly position: string;
}

/** How a subscription receives. */
export interface ReceivingStats extends MessagingStats {
  /** Whether this process receives for it. */
  readonly isReceiving: boolean;
  /** Where each shard of the broker was received to. */
  readonly shards: Readonly<Record<string, string>>;
  /** Messages that the broker has for it; undefined where another process receives, or the broker does not say. */
  readonly brokerLag: number | undefined;
  /** Messages that could not be received. */
  readonly refused: number;
}

/** What controls messages is made of. */
export interface MessagingOptions {
  readonly store: InboxStore;
  readonly admin: Pick<SubscriptionAdmin, "stats">;
  readonly inboxes: readonly Inbox[];
  readonly relays: readonly Relay[];
  readonly upkeep: InboxUpkeep;
  readonly signals: MessagingSignals;
}

/** The messages of an app: shows its relays, and what it receives. */
export class Messaging {
  readonly signals: MessagingSignals;
  readonly #options: MessagingOptions;

  constructor(options: MessagingOptions) {
    this.#options = options;
    this.signals = options.signals;
  }

  /** The relays of this app, each with how far it is. */
  async relays(): Promise<readonly MessagingStats[]> {
    const { relays } = this.#options;
    const stats = await this.#stats(relays.map(({ name, on }) => ({ name, names: on.map((event) => event.name) })));
    return relays.flatMap(({ name, to }) => {
      const own = stats.get(name);
      return own === undefined ? [] : [{ name, broker: to.broker, ...own }];
    });
  }

  /** The subscriptions of this app that receive, each with how far it is. */
  async receiving(): Promise<readonly ReceivingStats[]> {
    const { inboxes, store, upkeep } = this.#options;
    const stats = await this.#stats(inboxes.map(({ definition }) => definition));
    const lags = new Map((await upkeep.look()).map((one) => [one.subscription, one]));
    const found: ReceivingStats[] = [];
    for (const { definition, isReceiving } of inboxes) {
      const { name, receiver } = definition;
      const own = stats.get(name);
      if (own === undefined) continue;
      const { lag: brokerLag, refused = 0 } = lags.get(name) ?? {};
      found.push({
        ...{ name, broker: receiver.broker, ...own, isReceiving, refused, brokerLag },
        shards: Object.fromEntries(await store.positions(name)),
      });
    }
    return found;
  }

  /** Messages that could not be received, the newest first: they are no CloudEvents, or hold what no event may. *Bounds*: a limit of 1 to 1,000. */
  deadLetters({
    subscription,
    limit = 100,
  }: {
    readonly subscription?: string;
    readonly limit?: number;
  } = {}): Promise<readonly ReadRefusedMessage[]> {
    return this.#options.store.deadLetters(subscription, Math.max(1, Math.min(1_000, Math.floor(limit))));
  }

  async #stats(
    of: readonly { readonly name: string; readonly names: readonly string[] }[],
  ): Promise<ReadonlyMap<string, Omit<MessagingStats, "name" | "broker">>> {
    if (of.length === 0) return new Map();
    const events = Object.fromEntries(of.map(({ name, names }) => [name, names]));
    const found = await this.#options.admin.stats(events, Object.keys(events));
    return new Map(
      found.map(({ name, epoch, xid, seq, partitions: _, owned: __, ...stats }) => [
        name,
        { ...stats, position: positionText({ epoch, xid, seq }) },
      ]),
    );
  }
}

import { Fault } from "../core/fault.ts";
import type { Service } from "../core/service.ts";
import { defineSubscription, type SubscriptionDefinition } from "../events/definition.ts";
import type { EventStore } from "../events/ports/store.ts";
import { Locks } from "../locks/locks.ts";
import type { LockStore } from "../locks/store.ts";
import type { Engine } from "../operation/durable/engine.ts";
import { isOfKind } from "../operation/kind.ts";
import type { OpsPage } from "../operation/ops-page.ts";
import type { EngineHost, EngineSource } from "../pipeline/engine-source.ts";
import { Inbox, type ReceivingDefinition } from "./inbox/inbox.ts";
import type { InboxStore } from "./inbox/store.ts";
import { InboxUpkeep } from "./inbox/upkeep.ts";
import { Messaging } from "./messaging.ts";
import { countMessages } from "./metrics.ts";
import { messagingPage } from "./ops-page.ts";
import { isRelay, type Relay } from "./relay.ts";
import { messagingSignals } from "./signals.ts";
import { warnOfMessaging } from "./warnings.ts";

/** Where an app keeps what it receives. */
export interface MessagingEngineSpec {
  readonly store: InboxStore;
  readonly events: EventStore;
  readonly locks: LockStore;
}

/** Receives from brokers what the subscriptions of an app handle. It runs no operations: the log of events does. */
class MessagingEngine implements Engine {
  readonly kinds = [] as const;
  readonly control: Messaging;
  readonly service: Service;
  readonly pages: readonly OpsPage[];

  constructor({ runtime, metrics, name, works, stopping }: EngineHost, { store, events, locks: lockStore }: MessagingEngineSpec) {
    const { registry, clock } = runtime;
    const compiled = [...registry.operations.values()].filter((operation) => isOfKind(operation, "subscription"));
    const definitions = compiled.map((one) => defineSubscription(one, registry.events)).filter(isReceiving);
    const relays = compiled.map(({ operation }) => operation).filter((operation): operation is Relay => isRelay(operation));
    const signals = messagingSignals();
    // Only where something is received: a lock has a limit, which an app without inboxes would list twice.
    const locks = definitions.length > 0 ? new Locks({ store: lockStore, clock, holder: name }) : undefined;
    const committed = (names: ReadonlySet<string>) => runtime.events?.committed(names);
    const inboxes = definitions.flatMap((definition) =>
      locks === undefined ? [] : [new Inbox({ definition, store, admin: events.admin, locks, clock, signals, committed })],
    );
    const upkeep = new InboxUpkeep({ store, clock, inboxes });
    this.control = new Messaging({ store, admin: events.admin, inboxes, relays, upkeep, signals });
    this.pages = definitions.length + relays.length > 0 ? [messagingPage(this.control)] : [];
    if (definitions.length > 0) {
      countMessages(metrics, signals, upkeep);
      warnOfMessaging(runtime, signals);
    }
    stopping.on(() => {
      for (const inbox of inboxes) inbox.close();
    });
    this.service = {
      name: "messaging",
      start: async () => {
        if (!works) return;
        for (const inbox of inboxes) inbox.start();
        if (inboxes.length > 0) upkeep.start();
      },
      stop: async () => {
        await Promise.all([upkeep.stop(), ...inboxes.map((inbox) => inbox.stop())]);
        await locks?.stop(0);
      },
    };
  }

  get starts(): never {
    throw new Fault({ code: "failed_precondition", message: "Messages start no work by themselves. Subscribe to the event." });
  }
}

function isReceiving(definition: SubscriptionDefinition): definition is SubscriptionDefinition & ReceivingDefinition {
  return definition.receiver !== undefined;
}

/** Receives from brokers, and keeps what came in a store. */
export function messagingEngine(spec: MessagingEngineSpec): EngineSource {
  return { open: (host) => new MessagingEngine(host, spec) };
}

/** Finds the messaging among the engines of an app. */
export function messagingOf(engines: readonly Engine[]): Messaging | undefined {
  return engines.find((engine) => engine instanceof MessagingEngine)?.control;
}

import { limits } from "../core/limits.ts";
import type { Metrics } from "../core/metrics.ts";
import type { DomainEvent } from "../operation/events/event.ts";
import { type Subscription, subscription } from "../operation/events/subscription.ts";
import type { MessageSender, SenderSource } from "../operation/messaging/sender.ts";
import { resource } from "../operation/resource.ts";
import { type Backoff, exponential } from "../resilience/backoff.ts";
import { checked } from "./cloud-events/cloud-event.ts";
import { cloudEventOf } from "./cloud-events/envelope.ts";
import { writeCloudEvent } from "./cloud-events/message.ts";

/** What `relay` takes. */
export interface RelaySpec<E extends DomainEvent> {
  /** One line for documents. */
  readonly summary?: string;
  /** The events that it sends. */
  readonly on: readonly [E, ...E[]];
  /** The broker, such as `nats({ … })`. */
  readonly to: SenderSource;
  /** The `source` of the CloudEvents. *Default*: `urn:plimsoll:` and the module of the event. */
  readonly source?: string;
  /** Where its first start begins: with the next event, or with the oldest that is kept. *Default*: `now`. */
  readonly from?: "now" | "beginning";
  /** An event that the broker never takes: its key stops until a person acts, or it becomes a dead letter. *Default*: `stop`, so that none is passed over. */
  readonly onFailure?: "stop" | "dead-letter";
  /** The pauses while the broker does not confirm. *Default*: 100 ms, doubling to 5 s. */
  readonly backoff?: Backoff;
  /** An eighth of how many messages are under way at once, each of another key. It never changes. *Default*: 32. *Bounds*: 1 to 64. */
  readonly partitions?: number;
}

/** A subscription that sends what it handles to a broker. */
export interface Relay<E extends DomainEvent = DomainEvent> extends Subscription<E> {
  readonly to: SenderSource;
}

/** Returns whether an operation is a relay. */
export function isRelay(operation: object): operation is Relay {
  return "to" in operation;
}

/**
 * Declares a relay: it sends every event of its kinds to a broker after the commit that emitted it, as a CloudEvent in the binary form. It is a subscription, with a
 * position of its own that moves once the broker has confirmed.
 * *Guarantees*: at least once, whichever processes crash; the events of one tenant and key in their order; none is passed over, unless a person or `onFailure` says so.
 * The id of a message is that of the event, by which brokers and receivers know what was sent twice.
 * @example export const toBus = relay("orders.to-bus", { on: [orderPlaced], to: nats({ url, stream: "shop", subject: "shop.orders" }) });
 */
export function relay<const E extends DomainEvent>(name: string, spec: RelaySpec<E>): Relay<E> {
  const { on, to, source, summary = `Sends events to ${to.broker}`, from = "now", onFailure = "stop" } = spec;
  const { partitions = limits.relayPartitions, backoff = exponential("100ms", { max: "5s" }) } = spec;
  if (source !== undefined) checked({ id: name, type: name, source });
  const sender = resource<MessageSender>(`${name}.sender`, {
    create: async (host) => counted(await to.openSender(host), { name, broker: to.broker, metrics: host.metrics }),
    dispose: (made) => made.close(),
  });
  const sending = subscription(name, {
    ...{ summary, on, from, onFailure, onUnavailable: "wait", partitions, uses: { sender } },
    budget: { deadline: limits.relaySendMs, concurrency: partitions * limits.relayAtOnce },
    retry: { attempts: limits.relayAttempts, backoff },
    run: async (data, { event, sender: broker, signal }) => {
      const { id, key, name: type } = event;
      const cloudEvent = cloudEventOf(event, data, source ?? `urn:plimsoll:${type.split(".", 1)[0]}`);
      const { headers, body } = writeCloudEvent(cloudEvent, "binary");
      await broker.send({ id, key, type, headers, body: body as string }, signal);
    },
  });
  return { ...sending, to, atOnce: limits.relayAtOnce };
}

/** The same sender, with what it sends counted. */
function counted(
  sender: MessageSender,
  { name, broker, metrics }: { readonly name: string; readonly broker: string; readonly metrics: Metrics },
): MessageSender {
  const sent = metrics.counter({
    name: "plimsoll_messages_sent_total",
    help: "Messages of a relay that the broker confirmed, and attempts that failed.",
    labels: ["relay", "broker", "outcome"],
  });
  return {
    async send(message, signal) {
      try {
        await sender.send(message, signal);
      } catch (error) {
        sent.series(name, broker, "failed").add();
        throw error;
      }
      sent.series(name, broker, "confirmed").add();
    },
    close: () => sender.close(),
  };
}

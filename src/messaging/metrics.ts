import type { Metrics } from "../core/metrics.ts";
import type { InboxUpkeep } from "./inbox/upkeep.ts";
import type { MessagingSignals } from "./signals.ts";

/** Counts the messages that this process receives, and shows how far it is behind its brokers, as it saw that within the last 10 s. */
export function countMessages(metrics: Metrics, signals: MessagingSignals, upkeep: Pick<InboxUpkeep, "found">): void {
  const received = metrics.counter({
    name: "plimsoll_messages_received_total",
    help: "Messages that a subscription received: new events, duplicates that were known by their ids, messages of other types, and dead letters.",
    labels: ["subscription", "broker", "outcome"],
  });
  signals.received.on(({ subscription, broker, events, duplicates, ignored, refused }) => {
    for (const [outcome, count] of Object.entries({ event: events, duplicate: duplicates, ignored, dead_letter: refused }))
      if (count > 0) received.series(subscription, broker, outcome).add(count);
  });
  metrics.gauge({
    name: "plimsoll_inbox_lag_messages",
    help: "Messages that a broker has for a subscription of this process and that it has not received.",
    labels: ["subscription"],
    read: () => upkeep.found.flatMap(({ subscription, lag }) => (lag === undefined ? [] : [{ labels: [subscription], value: lag }])),
  });
  metrics.gauge({
    name: "plimsoll_inbox_dead_letters",
    help: "Messages that could not be received, up to 10,000.",
    labels: ["subscription"],
    read: () => upkeep.found.map(({ subscription, refused }) => ({ labels: [subscription], value: refused })),
  });
}

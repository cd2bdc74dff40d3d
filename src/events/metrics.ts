import type { MetricSpec, Metrics } from "../core/metrics.ts";
import type { SubscriptionStats } from "./ports/admin-store.ts";
import type { EventSignals } from "./signals.ts";
import type { EventUpkeep } from "./upkeep.ts";

const lagBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600] as const;

/** Counts what happens to events in this process, and shows how far subscriptions are, as it saw them within the last 10 s. */
export function countEvents(
  metrics: Metrics,
  {
    signals,
    upkeep,
    owned,
    stalls,
  }: {
    readonly signals: EventSignals;
    readonly upkeep: Pick<EventUpkeep, "stats" | "readersHeld">;
    readonly stalls: () => readonly { readonly projection: string }[];
    readonly owned: () => readonly { readonly subscription: string; readonly partitions: number }[];
  },
): void {
  const labels = ["subscription"];
  const attempts = metrics.counter({
    name: "plimsoll_event_attempts_total",
    help: "Attempts of subscriptions to handle an event, by their outcome.",
    labels: ["subscription", "outcome"],
  });
  const lag = metrics.histogram({
    name: "plimsoll_event_lag_seconds",
    help: "Time from when an event was recorded to the end of the attempt that handled it.",
    labels,
    buckets: lagBuckets,
  });
  signals.handled.on(({ subscription, outcome, lagMs }) => {
    attempts.series(subscription, outcome).add();
    if (outcome === "done") lag.series(subscription).observe(Math.max(0, lagMs) / 1_000);
  });
  const gauge = ({ name, help, value }: Pick<MetricSpec, "name" | "help"> & { readonly value: (stats: SubscriptionStats) => number }) =>
    metrics.gauge({ name, help, labels, read: () => upkeep.stats.map((stats) => ({ labels: [stats.name], value: value(stats) })) });
  gauge({
    name: "plimsoll_subscription_lag_events",
    help: "Events that a subscription has to read yet, up to 10,000.",
    value: ({ lag: unread }) => unread,
  });
  gauge({
    name: "plimsoll_subscription_lag_seconds",
    help: "Age of the oldest event that a subscription has to read yet.",
    value: ({ lagMs }) => lagMs / 1_000,
  });
  gauge({ name: "plimsoll_subscription_parked", help: "Parked events of a subscription, up to 10,000.", value: ({ parked }) => parked });
  gauge({
    name: "plimsoll_subscription_stopped",
    help: "Events of a subscription that wait for a person, up to 10,000.",
    value: ({ stopped }) => stopped,
  });
  gauge({
    name: "plimsoll_subscription_dead_letters",
    help: "Dead letters of a subscription, up to 10,000.",
    value: ({ deadLetters }) => deadLetters,
  });
  metrics.gauge({
    name: "plimsoll_subscription_partitions",
    help: "Partitions of a subscription that this process has.",
    labels,
    read: () => owned().map(({ subscription, partitions }) => ({ labels: [subscription], value: partitions })),
  });
  countStalls(metrics, stalls);
  metrics.gauge({
    name: "plimsoll_event_readers_held_seconds",
    help: "For how long a transaction has kept readers of the log of events back; 0 where none does for long.",
    read: () => (upkeep.readersHeld?.ageMs ?? 0) / 1_000,
  });
}

function countStalls(metrics: Metrics, stalls: () => readonly { readonly projection: string }[]): void {
  metrics.gauge({
    name: "plimsoll_projection_stalled",
    help: "1 for a projection that has events to apply and stands still for long.",
    labels: ["projection"],
    read: () => stalls().map(({ projection }) => ({ labels: [projection], value: 1 })),
  });
}

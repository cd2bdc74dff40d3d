import type { SubscriptionAdmin } from "./admin-store.ts";
import type { EventLogStore } from "./log-store.ts";
import type { ProjectionStore } from "./projection-store.ts";
import type { SubscriptionStore } from "./subscription-store.ts";

/** Keeps the log of events, and the subscriptions that read it. */
export interface EventStore {
  readonly log: EventLogStore;
  readonly subscriptions: SubscriptionStore;
  readonly admin: SubscriptionAdmin;
  readonly projections: ProjectionStore;
}

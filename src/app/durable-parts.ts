import type { AuditTrail } from "../audit/audit.ts";
import type { Events } from "../events/events.ts";
import type { Locks } from "../locks/locks.ts";
import type { Messaging } from "../messaging/messaging.ts";
import type { Sagas } from "../sagas/sagas.ts";
import type { Tasks } from "../tasks/tasks.ts";

/** What an app keeps in its database, each to be shown and controlled. */
export interface DurableParts {
  /** The durable tasks of the app. *Faults thrown*: `failed_precondition` if the app has no database. */
  readonly tasks: Tasks;
  /** The events of the app, and its subscriptions. *Faults thrown*: as `tasks`. */
  readonly events: Events;
  /** The audit trail of the app. *Faults thrown*: as `tasks`, and if the app keeps none. */
  readonly audit: AuditTrail;
  /** The sagas of the app. *Faults thrown*: as `tasks`. */
  readonly sagas: Sagas;
  /** Locks and leadership across all processes. *Faults thrown*: as `tasks`. */
  readonly locks: Locks;
  /** What the app sends to brokers, and receives from them. *Faults thrown*: as `tasks`. */
  readonly messaging: Messaging;
}

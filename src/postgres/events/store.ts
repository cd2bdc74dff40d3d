import type { EventStore } from "../../events/ports/store.ts";
import { borrowed } from "../lender.ts";
import { PostgresSubscriptionAdmin } from "./admin.ts";
import type { AskEvents, EventStoreHost } from "./ask.ts";
import { PostgresEventLog } from "./log.ts";
import { PostgresProjections } from "./projections.ts";
import { PostgresSubscriptions } from "./subscriptions.ts";

/** How long a statement on events may take before its connection is cut. */
const statementMs = 10_000;

/** Keeps events in PostgreSQL. See the migration for how. */
export class PostgresEventStore implements EventStore {
  readonly log: PostgresEventLog;
  readonly subscriptions: PostgresSubscriptions;
  readonly admin: PostgresSubscriptionAdmin;
  readonly projections: PostgresProjections;

  constructor(host: EventStoreHost) {
    const ask: AskEvents = (statement) => borrowed(host, statementMs, (connection) => connection.send(statement));
    this.log = new PostgresEventLog(host, ask);
    this.subscriptions = new PostgresSubscriptions(ask);
    this.admin = new PostgresSubscriptionAdmin(ask);
    this.projections = new PostgresProjections(host, ask);
  }
}

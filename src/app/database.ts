import type { AuditStore } from "../audit/store.ts";
import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import type { LoadLines } from "../core/load-line/load-lines.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Shares } from "../core/queue/share.ts";
import type { Service } from "../core/service.ts";
import type { EventStore } from "../events/ports/store.ts";
import type { LockStore } from "../locks/store.ts";
import type { InboxStore } from "../messaging/inbox/store.ts";
import type { RevocationStoreSource } from "../operation/authentication/revocations.ts";
import type { SessionStore } from "../operation/authentication/session-store.ts";
import type { InvalidationChannelSource } from "../operation/cache/port.ts";
import type { Module } from "../operation/module.ts";
import type { WrittenChannel } from "../operation/online/stream/written.ts";
import type { SearchStore } from "../operation/sourcing/search-store.ts";
import type { Database } from "../operation/transaction.ts";
import type { VaultStore } from "../operation/vault/store.ts";
import type { SagaStore } from "../sagas/ports/store.ts";
import type { ScheduleStore } from "../schedules/store.ts";
import type { TaskStore } from "../tasks/ports/store.ts";

/** Creates a database for the modules of an app, before it starts. */
export interface DatabaseSource {
  open(context: DatabaseContext): Database & KeptByDatabase;
}

/** What a database keeps beside the data of the modules, each for the part of the platform that asks for it. */
export interface KeptByDatabase {
  readonly tasks?: TaskStore;
  readonly schedules?: ScheduleStore;
  readonly events?: EventStore;
  readonly search?: SearchStore;
  readonly sagas?: SagaStore;
  readonly locks?: LockStore;
  readonly inboxes?: InboxStore;
  readonly audit?: AuditStore;
  readonly vault?: VaultStore;
  readonly written?: WrittenChannel;
  readonly revocations?: RevocationStoreSource;
  readonly sessions?: SessionStore;
  readonly invalidations?: InvalidationChannelSource;
  /** What the supervisor of several processes starts before them and stops after them. *Default*: nothing. */
  readonly shared?: Service;
  /** Its connections are a share of those of several processes. Before it starts. */
  shareOf?(shares: Shares): void;
}

/** What an app passes to its database when it creates it. */
export interface DatabaseContext {
  readonly modules: readonly Module[];
  readonly metrics: Metrics;
  /** Where its limits register. */
  readonly loadLines: LoadLines;
  readonly clock: Clock;
  readonly serviceName: string;
}

/** Refuses what needs a database. *Faults*: `tasks_unavailable`. */
export function withoutDatabase(what: string): never {
  throw new Fault({
    code: "failed_precondition",
    type: "tasks_unavailable",
    message: `This app has no ${what}, because it has no database. Give createApp a database.`,
  });
}

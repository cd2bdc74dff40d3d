import type { Clock } from "../core/clock.ts";
import type { DeadlineWheel } from "../core/deadline.ts";
import type { LoadLines } from "../core/load-line/load-lines.ts";
import type { Signal } from "../core/signals.ts";
import type { TraceIds } from "../core/trace.ts";
import type { Rule } from "../operation/access.ts";
import type { AuthenticationScheme, Tenancy } from "../operation/actor.ts";
import type { AuditLog } from "../operation/audit/log.ts";
import type { CacheStoreChange } from "../operation/cache/port.ts";
import type { Starts } from "../operation/durable/start.ts";
import type { EventLog } from "../operation/events/log.ts";
import type { Execution } from "../operation/execution.ts";
import type { OperationKind } from "../operation/kind.ts";
import type { WrittenStreams } from "../operation/online/stream/written.ts";
import type { LogRecord } from "../operation/telemetry.ts";
import type { Database } from "../operation/transaction.ts";
import type { VaultKeys } from "../operation/vault/vault.ts";
import type { RateStoreChange } from "../resilience/rate-limit.ts";
import type { Caches } from "./cache/caches.ts";
import type { Cursors } from "./cursor.ts";
import type { Counts } from "./metrics/counts.ts";
import type { TenantGrants } from "./permissions/tenant-grants.ts";
import type { AppRates, RateLimitOptions } from "./rates/app-rates.ts";
import type { Registry } from "./registry/registry.ts";
import type { Revocations } from "./revocations/revocations.ts";
import type { Shedder } from "./shed/shedder.ts";
import type { Slots } from "./slots.ts";
import type { ProjectionReads } from "./sourcing/reads.ts";
import type { StreamPlaces } from "./stream/places.ts";

/** What an app decides for all of its executions. */
export interface HostOptions {
  readonly tenancy: Tenancy;
  /** How callers sign in, for refusals that say so. */
  readonly scheme: AuthenticationScheme;
  /** Whose word about how important a request is counts. *Default*: no caller's. */
  readonly internalCallers?: Rule | undefined;
  readonly cursors: Cursors;
  /** Checks rows against the schemas named in `sql(…)`, and shows callers the cause of a bug. */
  readonly development: boolean;
  readonly rateLimit: RateLimitOptions;
}

/** What happened, for those who subscribe. */
export interface HostSignals {
  /** Every execution, once, when its reply is out. */
  readonly executed: Signal<Execution>;
  /** Every line of `scope.log`. */
  readonly logged: Signal<LogRecord>;
  /** The event loop stood still; with the operation that entered last before. */
  readonly loopBlocked: Signal<{ readonly blockedMs: number; readonly operation: string | undefined }>;
  /** The store of rates fails or does not answer in time, and processes decide without it; or it decides again. */
  readonly rateStore: Signal<RateStoreChange>;
  /** The store of values of cached queries fails or does not respond in time; or it is used again. */
  readonly cacheStore: Signal<CacheStoreChange>;
  /** A bug was thrown into the open: the process drains and ends. */
  readonly crashed: Signal<{ readonly error: unknown; readonly operation: string | undefined }>;
  /** Nothing runs any more. */
  readonly idle: Signal<undefined>;
}

/** An execution as the watch over the event loop knows it. */
export interface LoopEntry {
  readonly operation: string;
  /** *Units*: milliseconds, of the clock's monotonic time. */
  readonly acceptedAt: number;
}

/** What the pipeline needs of its process: all that the executions of one app share. It knows no execution. */
export interface Host {
  readonly options: HostOptions;
  readonly signals: HostSignals;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly database: Database | undefined;
  readonly wheel: DeadlineWheel;
  readonly ids: TraceIds;
  readonly slots: Slots;
  readonly streams: StreamPlaces;
  /** Where each limit registers. */
  readonly loadLines: LoadLines;
  readonly shedder: Shedder;
  readonly rates: AppRates;
  readonly caches: Caches;
  /** Undefined where the app declares none. */
  readonly revocations: Revocations | undefined;
  /** Undefined where tenants decide nothing. */
  readonly tenantGrants: TenantGrants | undefined;
  /** What the modules count. */
  readonly counts: Counts;
  /** What starts durable work of that kind; undefined where no engine of the app runs it. */
  startsOf(kind: OperationKind): Starts | undefined;
  /** Where events go; undefined where no engine of the app keeps them. */
  readonly events: EventLog | undefined;
  /** What queries know of the projections that they read. */
  readonly projections: ProjectionReads;
  /** Where audited commands are recorded; undefined where the app keeps no audit trail. */
  readonly audit: AuditLog | undefined;
  /** The keys of the vault; undefined where the app has none. */
  readonly vault: VaultKeys | undefined;
  /** What wakes those who follow streams that are kept; undefined where the app has no database that keeps any. */
  readonly written: WrittenStreams | undefined;
  sampled(traceId: string): boolean;
  /** The execution whose handler continued last: when the loop stands still, it is the one that holds it. */
  entered: LoopEntry | undefined;
  /** After it nothing entered for so long that it may have blocked the loop; forgotten at every look at the loop. */
  held: LoopEntry | undefined;
}

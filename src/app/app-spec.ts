import type { Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import type { LimitMode } from "../core/load-line/load-line.ts";
import type { TurnClock } from "../core/turn/turn-clock.ts";
import type { TenantPermissions } from "../operation/access/tenant-permissions.ts";
import type { Grants, Rule } from "../operation/access.ts";
import type { Authenticator, Tenancy } from "../operation/actor.ts";
import type { Module } from "../operation/module.ts";
import type { Override } from "../operation/resource.ts";
import type { SearchStore } from "../operation/sourcing/search-store.ts";
import type { TelemetrySink } from "../operation/telemetry.ts";
import type { CacheOptions } from "../pipeline/cache/caches.ts";
import type { EngineSource } from "../pipeline/engine-source.ts";
import type { RevocationsSpec } from "../pipeline/revocations/revocations.ts";
import type { VaultSource } from "../pipeline/vault/source.ts";
import type { RateStore, WithoutStore } from "../resilience/rate-limit.ts";
import type { TasksSpec } from "../tasks/spec.ts";
import type { DatabaseSource } from "./database.ts";
import type { OpsSpec } from "./ops/ops.ts";
import type { Surface } from "./surface.ts";

/** What one process may do at once. */
export interface ProcessLimits {
  /** Executions that run. *Default*: 1,024. */
  readonly concurrency?: number;
  /** Executions that wait. *Default*: 2,048. */
  readonly queue?: number;
  /** Streams that are open. *Default*: 10,000. */
  readonly streams?: number;
  /** Streams of one caller; callers who have not signed in are counted by address. *Default*: 100. */
  readonly streamsPerCaller?: number;
}

/** The parts of an app: its modules, its edges and its limits. */
export interface AppSpec {
  /** Names the service in telemetry and documents. *Default*: `plimsoll-app`, version `0.0.0`. */
  readonly service?: { readonly name: string; readonly version?: string };
  readonly modules: readonly Module[];
  /** The database of the app, which every query and command needs. */
  readonly database?: DatabaseSource;
  /** *Default*: `none()`. */
  readonly tenancy?: Tenancy;
  /** How callers sign in; without it every caller is anonymous. */
  readonly authentication?: Authenticator | readonly [Authenticator, ...Authenticator[]];
  /**
   * Which permissions each role has, for operations with `access: permission(…)`: for all tenants alike, or with `tenantPermissions` for each of them.
   * *Default*: none.
   * @example permissions: { support: ["orders.read", "orders.refund"], auditor: ["orders.read"] }
   */
  readonly permissions?: Grants | TenantPermissions;
  /** Has every process refuse, within a second, credentials that `revoke` has ended. It needs a database. *Default*: only time ends a token. */
  readonly revocations?: RevocationsSpec;
  /**
   * Admits callers that are services of the same system: the importance that they send (`Plimsoll-Criticality`) counts instead of the one that the
   * operation declares, and so do the timeouts of other protocols, as `grpc-timeout`. *Default*: none. Use a rule that no user can meet.
   * @example internalCallers: role("service")
   */
  readonly internalCallers?: Rule;
  readonly surfaces?: readonly Surface[];
  /** Health and metrics, on a port that is never the public one. */
  readonly ops?: OpsSpec;
  readonly telemetry?: readonly TelemetrySink[];
  /** Values that replace resources. */
  readonly provide?: readonly Override[];
  /** Limits of the queues of tasks. Tasks need a database. */
  readonly tasks?: TasksSpec;
  /** How long events are kept: `retention`, of which subscriptions may need more. *Default*: 7 d. *Bounds*: 1 h to 10 years. */
  readonly events?: { readonly retention?: Duration };
  /** Where search indexes are kept, as in `elasticsearch({ url })` of `plimsoll/search`. *Default*: the database of the app. */
  readonly search?: SearchStore;
  /**
   * Keeps an audit trail, in which audited commands are recorded. `key`: a secret of at least 32 bytes that the database does not have, or several while you rotate
   * them, of which the first makes the hashes. `retention`: how long records are kept. *Default*: 400 d. *Bounds*: 1 d to 100 years; the owner of the database
   * keeps them for 365 d at least.
   */
  readonly audit?: { readonly key: string | readonly string[]; readonly retention?: Duration };
  /**
   * How many sagas one process runs at once, and how long those that have ended are kept. *Defaults*: 500, 7 d. *Bounds*: 1 to 100,000; 1 h to 10 years.
   */
  readonly sagas?: { readonly concurrency?: number; readonly retention?: Duration };
  /** Seals values with keys of tenants and people: `vault({ keys })` of `plimsoll/vault`. It needs a database. *Default*: the app has none. */
  readonly vault?: VaultSource;
  /** What runs durable work of other kinds than the platform's own. The port of engines is not exported yet. */
  readonly engines?: readonly EngineSource[];
  /** What this process does: serve its surfaces, run tasks, or both. Processes that only start tasks need no role for it. *Default*: both. */
  readonly roles?: readonly ("serve" | "worker")[];
  /** What the whole process may do at once. */
  readonly limits?: ProcessLimits;
  /** How much of the outputs of queries with `cache` one process keeps. *Default*: 64 MiB. */
  readonly cache?: CacheOptions;
  /** The rate of one actor, or of one address for callers who have not signed in. *Default*: 1,000 per second, 2,000 at once; `perSecond: 0` switches it off. */
  readonly rateLimit?: RateLimitSpec;
  /**
   * Encrypts the cursors of pages: a secret of at least 32 bytes, or several while you rotate them, of which the first encrypts.
   * *Defaults*: a secret of this process, so that its cursors are valid only in it; 24 h.
   */
  readonly cursors?: { readonly key: string | readonly string[]; readonly ttl?: Duration };
  /** Share of traces that are sampled when the request arrives, 0 to 1. *Default*: 0.01. */
  readonly sample?: number;
  /**
   * Checks rows, and puts the cause of a 500 (message, stack, statement) into its problem document: anyone who can send a request can read it.
   * *Default*: whether `NODE_ENV` is not `production`.
   */
  readonly development?: boolean;
  /** How long a stop waits for running work. *Default*: 30 s. */
  readonly shutdown?: Duration;
  /**
   * How long a stop continues serving after readiness has failed, before it closes its ports, because a router needs a moment to notice it. A stop
   * with `withinMs`, as after a crash, does not wait. *Default*: no delay. *Bounds*: 0 to 5 minutes.
   */
  readonly shutdownDelay?: Duration;
  readonly clock?: Clock;
  /** What tells how old the event loop's turn is, for tests. *Default*: the loop itself; with a clock of its own, one turn that has no age. */
  readonly turns?: TurnClock;
}

/** How many requests a caller may send, and where they are counted. */
export interface RateLimitSpec {
  readonly perSecond: number;
  /** *Default*: twice `perSecond`. */
  readonly burst?: number;
  /** The mode at the start; the ops port can change it. *Default*: `enforce`. */
  readonly mode?: LimitMode;
  /** Where the requests of each caller are counted. *Default*: in this process, each process for itself. */
  readonly store?: RateStore;
  /** How long a request waits for the store. *Default*: 50 ms. */
  readonly answerWithin?: Duration;
  /** What happens to requests while the store fails or is slower. *Default*: `local`: this process counts alone, at the same rate. */
  readonly withoutStore?: WithoutStore;
}

/** Returns the spec with what its surfaces add to the modules. */
export function withSurfaceModules(spec: AppSpec): AppSpec {
  const added = (spec.surfaces ?? []).flatMap(({ modules = [] }) => modules);
  return added.length === 0 ? spec : { ...spec, modules: [...spec.modules, ...added] };
}

// The front door: what an application imports from "plimsoll". Edges have doors of their own.
import "./core/node/version.ts";

export { type App, createApp } from "./app/app.ts";
export type { AppSpec } from "./app/app-spec.ts";
export type { DirectCall } from "./app/direct-call.ts";
export { exitOnFault, supervise } from "./app/supervisor.ts";
export type { FetchCaller, Surface } from "./app/surface.ts";
export type { AuditTrail } from "./audit/audit.ts";
export type { AuditFilter, AuditHead, AuditRecord } from "./audit/store.ts";
export type { AuditProblem, AuditVerdict, AuditVerification } from "./audit/verify.ts";
export type { CheckConfig, CheckException } from "./check/config.ts";
export { type Clock, systemClock } from "./core/clock.ts";
export type { Code } from "./core/code.ts";
export { type Config, type ConfigChanged, type ConfigRefused, config, field } from "./core/config.ts";
export { cpu, cpuFunction } from "./core/cpu.ts";
export type { Duration } from "./core/duration.ts";
export { type Fault, type FaultClass, fail, fault } from "./core/fault.ts";
export { type LimitMode, LoadLine, type LoadLineSpec } from "./core/load-line/load-line.ts";
export { type LoadLineReading, type LoadLines, loadLines, type ModeSwitch } from "./core/load-line/load-lines.ts";
export { personal } from "./core/schema/marks/personal.ts";
export { type NamedUpload, type NamedUploadSpec, type NamedUploads, namedUploads } from "./core/schema/opaque/named-uploads.ts";
export { type RawBodySpec, rawBody } from "./core/schema/opaque/raw-body.ts";
export { type Upload, type UploadSpec, upload } from "./core/schema/opaque/upload.ts";
export { type Uploads, type UploadsSpec, uploads } from "./core/schema/opaque/uploads.ts";
export type { Input, Output, Schema } from "./core/schema/standard.ts";
export { adaptSchema, secret } from "./core/schema.ts";
export { Signal } from "./core/signals.ts";
export type { Leadership } from "./locks/leader-election.ts";
export type { Held } from "./locks/locks.ts";
export { type Relay, type RelaySpec, relay } from "./messaging/relay.ts";
export {
  type GrantsReading,
  type TenantPermissions,
  type TenantPermissionsSpec,
  tenantPermissions,
} from "./operation/access/tenant-permissions.ts";
export { visibleTo } from "./operation/access/visible-to.ts";
export { type Access, type Grants, permission, type RolesByPermission, role, rule, signedIn } from "./operation/access.ts";
export {
  type Actor,
  type AuthenticationScheme,
  type Authenticator,
  type AuthenticatorSpec,
  anonymous,
  authenticator,
  badCredential,
  claim,
  none,
  type Tenancy,
} from "./operation/actor.ts";
export type { Audit, AuditedState, AuditSpec } from "./operation/audit/audit.ts";
export type { Revocation } from "./operation/authentication/revocations.ts";
export type {
  CacheHost,
  CacheStore,
  CacheStoreChange,
  CacheStoreSource,
  StoredRead,
  StoredValue,
} from "./operation/cache/port.ts";
export type { CachePer, CacheSpec, CacheTags } from "./operation/cache/spec.ts";
export type { Budget, DownloadBytes, DownloadPart } from "./operation/contract.ts";
export { type Lock, lock } from "./operation/durable/lock.ts";
export { type Saga, type SagaScope, type StepScope, saga } from "./operation/durable/saga.ts";
export { type MissedOccurrences, type Schedule, schedule } from "./operation/durable/schedule.ts";
export type { SignalOptions, Started, StartOptions, SystemStartOptions, Task } from "./operation/durable/start.ts";
export { discard, snooze, type TaskScope, task } from "./operation/durable/task.ts";
export { type DomainEvent, event } from "./operation/events/event.ts";
export { type HandledEvent, type Subscription, type SubscriptionScope, subscription } from "./operation/events/subscription.ts";
export type { Execution } from "./operation/execution.ts";
export { type Implementation, implement } from "./operation/implement.ts";
export { type CounterMetric, counter, type GaugeMetric, gauge, type HistogramMetric, histogram } from "./operation/metrics/metric.ts";
export { type Module, module } from "./operation/module.ts";
export { action } from "./operation/online/action.ts";
export { command } from "./operation/online/command.ts";
export { query } from "./operation/online/query.ts";
export { type RateCaller, type RateKey, type RateLimit, type RateLimitSpec, rateLimit } from "./operation/online/rate.ts";
export { type PlainHandler, type PlainRoute, type PlainRouteScope, type PlainRouteSpec, route } from "./operation/online/route.ts";
export { override, type Resource, resource } from "./operation/resource.ts";
export type { ActionScope, Page, PageSpec, ReadScope, WriteScope } from "./operation/scope.ts";
export { type Decider, decider, type NewStreamEvent, type StreamEvent } from "./operation/sourcing/decider.ts";
export { type EventStream, eventStream, type OpenStream, type StreamState } from "./operation/sourcing/event-stream.ts";
export { type ProjectedEvent, type Projection, projection } from "./operation/sourcing/projection.ts";
export { json } from "./operation/sql/json.ts";
export { list } from "./operation/sql/list.ts";
export { type Sql, type SqlStatement, sqlFragment } from "./operation/sql.ts";
export { type Backoff, constant, exponential } from "./resilience/backoff.ts";
export type { LeaseAsk, LeaseGrant, LeaseStore, LeaseStoreSource } from "./resilience/leases/lease-store.ts";
export { type LeaseOptions, leasedRates } from "./resilience/leases/leased-rates.ts";
export type { QuotaAsk, QuotaGrant } from "./resilience/leases/quota-rules.ts";
export { memoryRates } from "./resilience/memory-rates.ts";
export type {
  RateHost,
  RateLimiter,
  RateReading,
  RateSpec,
  RateStore,
  RateStoreChange,
  Rates,
  WithoutStore,
} from "./resilience/rate-limit.ts";
export { type ClientRoute, type ClientRoutes, clientRoutes } from "./surface/client/client-routes.ts";

import type { Part } from "../monitored.ts";

/** An alert on what no objective sees, or sees too late. */
export interface AlertSpec {
  readonly name: string;
  /** The part of the app whose metrics it reads. */
  readonly part: Part;
  readonly severity: "page" | "ticket";
  /** How long the condition must hold. */
  readonly for: string;
  /** The condition. `S` stands for the selector of the app's series, as in `job="shop"`. */
  readonly expr: string;
  /** Series with which it must fire, in the notation of promtool with one value a minute, and after how long. */
  readonly fires: { readonly series: Readonly<Record<string, string>>; readonly at: string };
}

const failures = (cause: string) => `sum (increase(plimsoll_failures_total{S,cause=~"${cause}"}[10m]))`;
const failing = (cause: string, values = "0+2x30") => ({ series: { [`plimsoll_failures_total{S,cause="${cause}"}`]: values }, at: "25m" });
const gauge = (metric: string, values: string) => ({ series: { [metric]: values }, at: "25m" });

const ofOperations: readonly AlertSpec[] = [
  {
    ...{ name: "PlimsollDown", part: "operations", severity: "page", for: "2m" },
    expr: "absent(up{S} == 1)",
    fires: gauge('up{S,instance="a"}', "0x30"),
  },
  {
    ...{ name: "PlimsollRestarts", part: "operations", severity: "page", for: "0m" },
    expr: "max (changes(process_start_time_seconds{S}[30m])) > 3",
    fires: gauge("process_start_time_seconds{S}", "0+100x30"),
  },
  {
    ...{ name: "PlimsollServerErrors", part: "operations", severity: "page", for: "2m" },
    expr:
      'sum (increase(plimsoll_slo_failed_total{S,reason!~"slow|given_up"}[5m])) >= 20' +
      ' and sum (increase(plimsoll_slo_failed_total{S,reason!~"slow|given_up"}[5m])) > 0.05 * sum (increase(plimsoll_slo_total{S}[5m]))',
    fires: {
      series: {
        'plimsoll_slo_failed_total{S,operation="a.b",reason="unavailable"}': "0+10x30",
        'plimsoll_slo_total{S,operation="a.b"}': "0+100x30",
      },
      at: "25m",
    },
  },
  {
    ...{ name: "PlimsollBugs", part: "operations", severity: "ticket", for: "0m" },
    expr: 'sum by (operation) (increase(plimsoll_slo_failed_total{S,reason=~"internal|unimplemented"}[15m])) > 0',
    fires: gauge('plimsoll_slo_failed_total{S,operation="a.b",reason="internal"}', "0x20 1x10"),
  },
  {
    ...{ name: "PlimsollOverloaded", part: "operations", severity: "ticket", for: "0m" },
    expr: `${failures("overloaded")} >= 10`,
    fires: failing("overloaded"),
  },
  {
    ...{ name: "PlimsollQueueSaturated", part: "operations", severity: "ticket", for: "10m" },
    expr: "sum by (operation) (plimsoll_queue_depth{S}) > 0",
    fires: gauge('plimsoll_queue_depth{S,operation="a.b"}', "3x30"),
  },
  {
    ...{ name: "PlimsollSlotsSaturated", part: "operations", severity: "ticket", for: "15m" },
    expr: "sum by (operation) (plimsoll_in_flight{S}) / sum by (operation) (plimsoll_concurrency_limit{S}) > 0.9",
    fires: {
      series: { 'plimsoll_in_flight{S,operation="a.b"}': "62x30", 'plimsoll_concurrency_limit{S,operation="a.b"}': "64x30" },
      at: "25m",
    },
  },
  {
    ...{ name: "PlimsollLoopBlocked", part: "operations", severity: "ticket", for: "0m" },
    expr: "sum (increase(plimsoll_loop_blocked_total{S}[10m])) >= 3",
    fires: gauge("plimsoll_loop_blocked_total{S}", "0+1x30"),
  },
  {
    ...{ name: "PlimsollLoopSaturated", part: "operations", severity: "page", for: "10m" },
    expr: "max by (instance) (nodejs_eventloop_delay_p99_seconds{S}) > 0.1",
    fires: gauge('nodejs_eventloop_delay_p99_seconds{S,instance="a"}', "0.3x30"),
  },
];

const ofTheDatabase: readonly AlertSpec[] = [
  {
    ...{ name: "PlimsollDatabaseTimeouts", part: "database", severity: "ticket", for: "0m" },
    expr: `${failures("deadline_database")} >= 5`,
    fires: failing("deadline_database"),
  },
  {
    ...{ name: "PlimsollDatabaseUnavailable", part: "database", severity: "page", for: "1m" },
    expr: `${failures("database_(unavailable|full|failing|read_only)")} >= 3`,
    fires: failing("database_unavailable"),
  },
  {
    ...{ name: "PlimsollPoolSaturated", part: "database", severity: "ticket", for: "5m" },
    expr: `max by (instance) (plimsoll_database_queue_depth{S}) > 0 or ${failures("database_connections_busy")} >= 5`,
    fires: gauge('plimsoll_database_queue_depth{S,instance="a"}', "4x30"),
  },
];

const ofDurableWork: readonly AlertSpec[] = [
  {
    ...{ name: "PlimsollDeadLetters", part: "tasks", severity: "ticket", for: "0m" },
    expr: 'sum by (operation) (increase(plimsoll_slo_failed_total{S,reason="given_up"}[15m])) > 0',
    fires: gauge('plimsoll_slo_failed_total{S,operation="a.b",reason="given_up"}', "0x20 1x10"),
  },
  {
    ...{ name: "PlimsollTaskLag", part: "tasks", severity: "ticket", for: "5m" },
    expr: "histogram_quantile(0.95, sum by (task, le) (rate(plimsoll_task_lag_seconds_bucket{S}[10m]))) > 60",
    fires: {
      series: {
        'plimsoll_task_lag_seconds_bucket{S,task="a.b",le="60"}': "0+1x30",
        'plimsoll_task_lag_seconds_bucket{S,task="a.b",le="300"}': "0+9x30",
        'plimsoll_task_lag_seconds_bucket{S,task="a.b",le="+Inf"}': "0+9x30",
      },
      at: "25m",
    },
  },
  {
    ...{ name: "PlimsollTasksUnserved", part: "tasks", severity: "page", for: "5m" },
    expr: "max by (queue, task) (plimsoll_tasks_unserved{S}) > 0",
    fires: gauge('plimsoll_tasks_unserved{S,queue="mail",task="a.b"}', "5x30"),
  },
  {
    ...{ name: "PlimsollSagasSuspended", part: "sagas", severity: "ticket", for: "5m" },
    expr: 'max by (saga) (plimsoll_sagas{S,state="suspended"}) > 0',
    fires: gauge('plimsoll_sagas{S,saga="a.b",version="1",state="suspended"}', "1x30"),
  },
  {
    ...{ name: "PlimsollRelayLag", part: "subscriptions", severity: "ticket", for: "5m" },
    expr: "max by (subscription) (plimsoll_subscription_lag_seconds{S}) > 60",
    fires: gauge('plimsoll_subscription_lag_seconds{S,subscription="a.b"}', "90x30"),
  },
  {
    ...{ name: "PlimsollSubscriptionStopped", part: "subscriptions", severity: "ticket", for: "5m" },
    expr: "max by (subscription) (plimsoll_subscription_stopped{S}) > 0 or max by (subscription) (plimsoll_subscription_dead_letters{S}) > 0",
    fires: gauge('plimsoll_subscription_stopped{S,subscription="a.b"}', "1x30"),
  },
  {
    ...{ name: "PlimsollProjectionStalled", part: "projections", severity: "ticket", for: "1m" },
    expr: "max by (projection) (plimsoll_projection_stalled{S}) > 0",
    fires: gauge('plimsoll_projection_stalled{S,projection="a.b"}', "1x30"),
  },
  {
    ...{ name: "PlimsollAuditBroken", part: "audit", severity: "page", for: "0m" },
    expr: "sum (plimsoll_audit_problems_total{S}) > 0 or sum (increase(plimsoll_audit_lost_total{S}[15m])) > 0",
    fires: gauge("plimsoll_audit_problems_total{S}", "1x30"),
  },
];

const ofNeighbours: readonly AlertSpec[] = [
  {
    ...{ name: "PlimsollCacheStoreFails", part: "shared-cache", severity: "ticket", for: "0m" },
    expr: "sum (increase(plimsoll_cache_store_failures_total{S}[10m])) >= 5",
    fires: gauge("plimsoll_cache_store_failures_total{S}", "0+2x30"),
  },
  {
    ...{ name: "PlimsollRateStoreFails", part: "shared-rates", severity: "ticket", for: "0m" },
    expr: "sum (increase(plimsoll_rate_store_failures_total{S}[10m])) >= 5",
    fires: gauge("plimsoll_rate_store_failures_total{S}", "0+2x30"),
  },
  {
    ...{ name: "PlimsollUpstreamFails", part: "upstreams", severity: "ticket", for: "2m" },
    expr: `max by (upstream) (plimsoll_upstream_breaker{S,phase="open"}) > 0 or ${failures("deadline_upstream")} >= 5`,
    fires: gauge('plimsoll_upstream_breaker{S,upstream="bank",phase="open"}', "1x30"),
  },
  {
    ...{ name: "PlimsollCertificateEnds", part: "certificates", severity: "ticket", for: "10m" },
    expr: "min by (name) (plimsoll_certificate_expiry_timestamp_seconds{S} - time()) < 14 * 86400",
    fires: gauge('plimsoll_certificate_expiry_timestamp_seconds{S,name="default"}', "900000x30"),
  },
  {
    ...{ name: "PlimsollCertificateEndsSoon", part: "certificates", severity: "page", for: "10m" },
    expr: "min by (name) (plimsoll_certificate_expiry_timestamp_seconds{S} - time()) < 3 * 86400",
    fires: gauge('plimsoll_certificate_expiry_timestamp_seconds{S,name="default"}', "90000x30"),
  },
];

/** Every alert beside those of the objectives, whatever an app has. */
export const alertSpecs: readonly AlertSpec[] = [...ofOperations, ...ofTheDatabase, ...ofDurableWork, ...ofNeighbours];

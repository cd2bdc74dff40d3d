import type { Monitored, Part } from "../monitored.ts";
import { recorded } from "../rules/objectives.ts";
import type { DashboardSpec, PanelSpec } from "./panels.ts";

type Row = PanelSpec & { readonly part?: Part };

const seconds = "plimsoll_operation_seconds";
const quantile = (q: number, by: string, where: string) =>
  `histogram_quantile(${q}, sum by (${by}) (rate(${seconds}_bucket{S,where="total"${where}}[5m])))`;

const app: readonly Row[] = [
  {
    ...{ title: { en: "Executions a second, by outcome", zh: "每秒执行数（按结果）" }, unit: "reqps" },
    queries: [{ expr: `sum by (code) (rate(${seconds}_count{S,where="total"}[5m]))`, legend: "{{code}}" }],
  },
  {
    ...{ title: { en: "Slowest operations, 99th percentile", zh: "最慢的操作（P99）" }, unit: "s" },
    queries: [{ expr: `topk(10, ${quantile(0.99, "operation, le", "")})`, legend: "{{operation}}" }],
  },
  {
    ...{ title: { en: "Failures of the service, by cause", zh: "服务失败（按起因）" } },
    queries: [{ expr: "sum by (cause) (increase(plimsoll_failures_total{S}[5m]))", legend: "{{cause}}" }],
  },
  {
    ...{ title: { en: "Refused by limits", zh: "被上限拒绝" } },
    queries: [{ expr: "topk(10, sum by (limit) (increase(plimsoll_loadline_refused_total{S}[5m])))", legend: "{{limit}}" }],
  },
  {
    ...{ title: { en: "Event loop: 99th percentile of its delay", zh: "事件循环延迟（P99）" }, unit: "s" },
    queries: [{ expr: "max by (instance) (nodejs_eventloop_delay_p99_seconds{S})", legend: "{{instance}}" }],
  },
  {
    ...{ title: { en: "Event loop: share of time that is busy", zh: "事件循环忙碌占比" }, unit: "percentunit" },
    queries: [
      { expr: "max by (instance) (nodejs_eventloop_utilization_ratio{S})", legend: "{{instance}}" },
      { expr: "sum (rate(plimsoll_loop_blocked_seconds_total{S}[5m]))", legend: "blocked" },
    ],
  },
  {
    ...{ title: { en: "Memory", zh: "内存" }, unit: "bytes" },
    queries: [
      { expr: "max by (instance) (process_resident_memory_bytes{S})", legend: "{{instance}} rss" },
      { expr: "max by (instance) (nodejs_heap_used_bytes{S})", legend: "{{instance}} heap" },
    ],
  },
  {
    ...{ title: { en: "Processors in use", zh: "CPU 使用" } },
    queries: [{ expr: "sum by (instance) (rate(process_cpu_seconds_total{S}[5m]))", legend: "{{instance}}" }],
  },
  {
    ...{ title: { en: "Instances", zh: "实例" }, type: "stat" },
    queries: [{ expr: "sum (up{S})", legend: "up" }],
  },
  {
    ...{ part: "certificates", title: { en: "Certificates end", zh: "证书到期" }, unit: "s", type: "stat" },
    queries: [{ expr: "min by (name) (plimsoll_certificate_expiry_timestamp_seconds{S} - time())", legend: "{{name}}" }],
  },
  {
    ...{ part: "upstreams", title: { en: "Requests to upstreams, by outcome", zh: "对上游的请求（按结果）" }, unit: "reqps" },
    queries: [{ expr: "sum by (upstream, outcome) (rate(plimsoll_upstream_requests_total{S}[5m]))", legend: "{{upstream}} {{outcome}}" }],
  },
  {
    ...{ part: "cache", title: { en: "Cached queries, by how they got their value", zh: "缓存查询（按取值方式）" }, unit: "reqps" },
    queries: [{ expr: "sum by (use) (rate(plimsoll_cache_reads_total{S}[5m]))", legend: "{{use}}" }],
  },
];

const operation: readonly Row[] = [
  {
    ...{ title: { en: "Executions a second, by outcome", zh: "每秒执行数（按结果）" }, unit: "reqps" },
    queries: [{ expr: `sum by (code) (rate(${seconds}_count{S,operation="$operation",where="total"}[5m]))`, legend: "{{code}}" }],
  },
  {
    ...{ title: { en: "Latency", zh: "延迟" }, unit: "s" },
    queries: [
      ...[0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, "le", ',operation="$operation"'), legend: `p${q * 100}` })),
      { expr: 'max (plimsoll_slo_within_seconds{S,operation="$operation"})', legend: "within" },
    ],
  },
  {
    ...{ title: { en: "Where the time goes", zh: "时间花在哪里" }, unit: "s" },
    queries: [{ expr: `sum by (where) (rate(${seconds}_sum{S,operation="$operation",where!="total"}[5m]))`, legend: "{{where}}" }],
  },
  {
    ...{ title: { en: "In flight and waiting, beside the line", zh: "运行与排队（对照载重线）" } },
    queries: [
      { expr: 'sum (plimsoll_in_flight{S,operation="$operation"})', legend: "in flight" },
      { expr: 'sum (plimsoll_queue_depth{S,operation="$operation"})', legend: "waiting" },
      { expr: 'sum (plimsoll_concurrency_limit{S,operation="$operation"})', legend: "line" },
    ],
  },
  {
    ...{ title: { en: "Failures, by reason", zh: "失败（按原因）" } },
    queries: [{ expr: 'sum by (reason) (increase(plimsoll_slo_failed_total{S,operation="$operation"}[5m]))', legend: "{{reason}}" }],
  },
  {
    ...{ title: { en: "Statements an execution", zh: "每次执行的语句数" } },
    queries: [
      {
        expr: `sum (rate(plimsoll_statements_total{S,operation="$operation"}[5m])) / sum (rate(${seconds}_count{S,operation="$operation",where="total"}[5m]))`,
        legend: "statements",
      },
    ],
  },
];

const durable: readonly Row[] = [
  {
    ...{ part: "tasks", title: { en: "Attempts of tasks a second, by outcome", zh: "任务尝试（按结果）" }, unit: "reqps" },
    queries: [{ expr: "sum by (outcome) (rate(plimsoll_task_attempts_total{S}[5m]))", legend: "{{outcome}}" }],
  },
  {
    ...{ part: "tasks", title: { en: "Lag of tasks, 95th percentile", zh: "任务延迟（P95）" }, unit: "s" },
    queries: [
      {
        expr: "histogram_quantile(0.95, sum by (task, le) (rate(plimsoll_task_lag_seconds_bucket{S}[5m])))",
        legend: "{{task}}",
      },
    ],
  },
  {
    ...{ part: "tasks", title: { en: "Tasks that run", zh: "正在运行的任务" } },
    queries: [{ expr: "sum (plimsoll_tasks_running{S})", legend: "running" }],
  },
  {
    ...{ part: "tasks", title: { en: "Durable work that was given up", zh: "被放弃的持久任务" } },
    queries: [{ expr: 'sum by (operation) (increase(plimsoll_slo_failed_total{S,reason="given_up"}[1h]))', legend: "{{operation}}" }],
  },
  {
    ...{ part: "subscriptions", title: { en: "Lag of subscriptions", zh: "订阅延迟" }, unit: "s" },
    queries: [{ expr: "max by (subscription) (plimsoll_subscription_lag_seconds{S})", legend: "{{subscription}}" }],
  },
  {
    ...{ part: "subscriptions", title: { en: "Parked, stopped and dead letters of subscriptions", zh: "订阅中被搁置、停止的事件与死信" } },
    queries: [
      { expr: "max by (subscription) (plimsoll_subscription_parked{S})", legend: "{{subscription}} parked" },
      { expr: "max by (subscription) (plimsoll_subscription_stopped{S})", legend: "{{subscription}} stopped" },
      { expr: "max by (subscription) (plimsoll_subscription_dead_letters{S})", legend: "{{subscription}} dead letters" },
    ],
  },
  {
    ...{ part: "sagas", title: { en: "Runs of sagas, by their end", zh: "saga 运行（按结束方式）" }, unit: "reqps" },
    queries: [{ expr: "sum by (saga, end) (rate(plimsoll_saga_runs_total{S}[5m]))", legend: "{{saga}} {{end}}" }],
  },
];

const database: readonly Row[] = [
  {
    ...{ title: { en: "Connections", zh: "连接" } },
    queries: [
      { expr: "sum (plimsoll_database_connections{S})", legend: "open" },
      { expr: "sum (plimsoll_database_connections_idle{S})", legend: "idle" },
    ],
  },
  {
    ...{ title: { en: "Executions that wait for a connection", zh: "等待连接的执行" } },
    queries: [{ expr: "sum (plimsoll_database_queue_depth{S})", legend: "waiting" }],
  },
  {
    ...{ title: { en: "Time in the database, by operation", zh: "数据库时间（按操作）" }, unit: "s" },
    queries: [{ expr: `topk(10, sum by (operation) (rate(${seconds}_sum{S,where="database"}[5m])))`, legend: "{{operation}}" }],
  },
  {
    ...{ title: { en: "Statements a second, by operation", zh: "每秒语句数（按操作）" }, unit: "reqps" },
    queries: [{ expr: "topk(10, sum by (operation) (rate(plimsoll_statements_total{S}[5m])))", legend: "{{operation}}" }],
  },
  {
    ...{ title: { en: "Failures of the database, and deadlines that passed in it", zh: "数据库失败与超时" } },
    queries: [
      { expr: 'sum by (cause) (increase(plimsoll_failures_total{S,cause=~"database_.+|deadline_database"}[5m]))', legend: "{{cause}}" },
    ],
  },
];

function objectives(service: string): readonly Row[] {
  const from = `{service="${service}"}`;
  return [
    {
      ...{
        title: { en: "Budget for errors that is left, of 30 days", zh: "剩余错误预算（30 天）" },
        unit: "percentunit",
        type: "stat",
        width: 24,
      },
      queries: [{ expr: `sort(${recorded.budgetLeft}${from})`, legend: "{{operation}}" }],
    },
    {
      ...{ title: { en: "Burn within an hour: above 1, the objective is missed", zh: "一小时消耗速度（大于 1 则无法达成目标）" } },
      queries: [{ expr: `topk(10, ${recorded.burn}1h${from})`, legend: "{{operation}}" }],
    },
    {
      ...{ title: { en: "Burn within three days", zh: "三天消耗速度" } },
      queries: [{ expr: `topk(10, ${recorded.burn}3d${from})`, legend: "{{operation}}" }],
    },
    {
      ...{ title: { en: "Failures within an hour", zh: "一小时内的失败" } },
      queries: [{ expr: `topk(10, ${recorded.failures}1h${from})`, legend: "{{operation}}" }],
    },
    {
      ...{ title: { en: "Executions that count within an hour", zh: "一小时内计入的执行" } },
      queries: [{ expr: `topk(10, ${recorded.events}1h${from})`, legend: "{{operation}}" }],
    },
  ];
}

/** The dashboards of an app: those of parts that it does not have are left out. */
export function dashboardSpecs({ service, parts }: Monitored): readonly DashboardSpec[] {
  const has = (rows: readonly Row[]) => rows.filter(({ part }) => part === undefined || parts.has(part));
  const uid = (name: string) => `plimsoll-${service}-${name}`.slice(0, 40);
  const all: readonly DashboardSpec[] = [
    { uid: uid("app"), title: { en: "App", zh: "应用" }, panels: has(app) },
    { uid: uid("operation"), title: { en: "Operation", zh: "操作" }, choosesOperation: true, panels: has(operation) },
    { uid: uid("tasks"), title: { en: "Tasks", zh: "任务" }, panels: has(durable) },
    { uid: uid("database"), title: { en: "Database", zh: "数据库" }, panels: parts.has("database") ? database : [] },
    { uid: uid("slo"), title: { en: "Objectives", zh: "服务目标" }, panels: objectives(service) },
  ];
  return all.filter(({ panels }) => panels.length > 0);
}

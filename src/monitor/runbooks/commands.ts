/** A command of a runbook: what it shows is the text of that key, in both languages. It needs `OPS` and `PROM`, which the runbook sets. */
export interface RunbookCommand {
  readonly shows: keyof typeof shown;
  readonly line: string;
}

/** What the commands of runbooks show. */
export const shown = {
  value: { en: "What the alert sees now.", zh: "告警当前看到的数值。" },
  ready: { en: "Whether the app accepts work, and why not.", zh: "应用是否接受请求，以及原因。" },
  lines: { en: "Every limit, how much of it is in use, and what it refused.", zh: "每条上限、当前用量与被拒绝的数量。" },
  reasons: { en: "Failures by operation and reason, within an hour.", zh: "一小时内按操作和原因统计的失败。" },
  causes: { en: "Failures by cause, within an hour.", zh: "一小时内按起因统计的失败。" },
  times: { en: "Where the time of the operations goes.", zh: "各操作的时间花在哪里。" },
  pool: { en: "Connections in use, and executions that wait for one.", zh: "正在使用的连接，以及等待连接的执行。" },
  starts: { en: "When each process started.", zh: "各进程的启动时间。" },
  tasks: { en: "Tasks by queue and state, and the dead letters with their faults.", zh: "按队列和状态列出的任务，以及死信及其错误。" },
  events: { en: "Each subscription: how far it is, what is parked or stopped.", zh: "每个订阅的进度，以及被搁置或停止的事件。" },
  projections: { en: "Each projection, and why it stands still.", zh: "每个投影，以及它停住的原因。" },
  sagas: { en: "What is suspended, and at which step.", zh: "被挂起的 saga 及其所在步骤。" },
  audit: { en: "The state of the audit trail.", zh: "审计日志的状态。" },
  certificates: { en: "Days until each certificate ends.", zh: "每张证书距到期的天数。" },
} as const satisfies Readonly<Record<string, { readonly en: string; readonly zh: string }>>;

const ops = (path: string) => `curl -sS "$OPS${path}"`;
const query = (expr: string) => `promtool query instant "$PROM" '${expr}'`;

const lines: RunbookCommand = { shows: "lines", line: ops("/loadlines") };
const reasons: RunbookCommand = {
  shows: "reasons",
  line: query("sum by (operation, reason) (increase(plimsoll_slo_failed_total{S}[1h])) > 0"),
};
const causes: RunbookCommand = { shows: "causes", line: query("sum by (cause) (increase(plimsoll_failures_total{S}[1h])) > 0") };
const times: RunbookCommand = {
  shows: "times",
  line: query('topk(10, sum by (operation, where) (rate(plimsoll_operation_seconds_sum{S,where!="total"}[5m])))'),
};
const pool: RunbookCommand = { shows: "pool", line: query('{__name__=~"plimsoll_database_.+",S}') };
const ready: RunbookCommand = { shows: "ready", line: ops("/readyz") };
const starts: RunbookCommand = { shows: "starts", line: query("process_start_time_seconds{S}") };
const tasks: RunbookCommand = { shows: "tasks", line: ops("/tasks") };
const events: RunbookCommand = { shows: "events", line: ops("/events") };

/** The commands of each runbook, behind the one that shows what the alert sees. */
export const commands: Readonly<Record<string, readonly RunbookCommand[]>> = {
  PlimsollBudgetBurn: [reasons, causes, times, lines],
  PlimsollDown: [ready, starts],
  PlimsollRestarts: [starts, causes],
  PlimsollServerErrors: [reasons, causes, ready],
  PlimsollBugs: [reasons],
  PlimsollOverloaded: [lines, times],
  PlimsollQueueSaturated: [lines, times],
  PlimsollSlotsSaturated: [lines, times],
  PlimsollLoopBlocked: [times, reasons],
  PlimsollLoopSaturated: [times, lines],
  PlimsollDatabaseTimeouts: [times, pool],
  PlimsollDatabaseUnavailable: [ready, causes, pool],
  PlimsollPoolSaturated: [pool, times, lines],
  PlimsollDeadLetters: [reasons, tasks],
  PlimsollTaskLag: [tasks, lines],
  PlimsollTasksUnserved: [tasks],
  PlimsollSagasSuspended: [{ shows: "sagas", line: ops("/sagas") }],
  PlimsollRelayLag: [events],
  PlimsollSubscriptionStopped: [events],
  PlimsollProjectionStalled: [{ shows: "projections", line: ops("/projections") }],
  PlimsollAuditBroken: [{ shows: "audit", line: ops("/audit") }],
  PlimsollCacheStoreFails: [causes, times],
  PlimsollRateStoreFails: [causes, lines],
  PlimsollUpstreamFails: [causes, times, lines],
  PlimsollCertificateEnds: [{ shows: "certificates", line: query("(plimsoll_certificate_expiry_timestamp_seconds{S} - time()) / 86400") }],
  PlimsollCertificateEndsSoon: [
    { shows: "certificates", line: query("(plimsoll_certificate_expiry_timestamp_seconds{S} - time()) / 86400") },
  ],
};

import { codes } from "../core/code.ts";
import { limits } from "../core/limits.ts";
import { isError, readThrown } from "../core/value/thrown.ts";
import type { ChildSpan, Execution } from "../operation/execution.ts";
import type { ServiceIdentity } from "../operation/telemetry.ts";
import { encode, numberText, quote } from "./json-text.ts";

type AttributeValue = string | number | boolean;

const kinds = { internal: 1, server: 2, client: 3 } as const;
const statusError = 2;
const hasRemoteFlag = 0x100;
const remoteFlag = 0x200;

/** The names that OTLP has for what is sent: of the resource, of its scope, and of the list in it. */
const lists = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
} as const;

/** What is the same in every batch: who sends it. What is sent goes between the two. */
export function envelope(
  what: keyof typeof lists,
  service: ServiceIdentity,
  extra: Readonly<Record<string, string>>,
): { readonly open: Uint8Array; readonly close: Uint8Array } {
  const resource = attributesText({
    "service.name": service.name,
    "service.version": service.version,
    "service.instance.id": service.instance,
    "telemetry.sdk.name": "plimsoll",
    "telemetry.sdk.language": "nodejs",
    ...extra,
  });
  const [resources, scopes, list] = lists[what];
  return {
    open: encode(`{"${resources}":[{"resource":{"attributes":${resource}},"${scopes}":[{"scope":{"name":"plimsoll"},"${list}":[`),
    close: encode("]}]}]}"),
  };
}

/** Whether an outcome is our failure: it is exported whatever the head decided, and its span has the status ERROR. */
export function isFailure(outcome: Execution["outcome"]): boolean {
  return outcome !== "ok" && (codes[outcome].breaker || codes[outcome].level === "error");
}

/**
 * Writes an execution and its child spans as OTLP spans, separated by commas.
 * *Source*: OTLP 1.x, JSON encoding; OpenTelemetry semantic conventions for HTTP servers and errors.
 */
export function spansText(execution: Execution, tenant: string | undefined): string {
  const start = execution.startedAt;
  const { facts, parentSpanId, outcome } = execution;
  const failed = isFailure(outcome);
  let text = spanText(execution, {
    spanId: execution.spanId,
    parentSpanId,
    name: facts === undefined ? execution.operation : facts.title,
    kind: facts === undefined ? kinds.internal : kinds.server,
    flags: hasRemoteFlag | (parentSpanId === undefined ? 0 : remoteFlag),
    start,
    durationMs: execution.durationMs,
    attributes: executionAttributes(execution, tenant),
  });
  if (failed) text += failureText(execution);
  text += "}";
  for (const child of execution.spans ?? []) text += `,${childText(execution, child)}`;
  return text;
}

interface SpanParts {
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly flags: number;
  /** Wall time, since the Unix epoch. *Units*: milliseconds. */
  readonly start: number;
  readonly durationMs: number;
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>;
}

function spanText({ traceId, sampled, traceState }: Execution, span: SpanParts): string {
  const state = traceState === undefined ? "" : `,"traceState":${quote(traceState)}`;
  const parent = span.parentSpanId === undefined ? "" : `,"parentSpanId":${quote(span.parentSpanId)}`;
  return (
    `{"traceId":${quote(traceId)},"spanId":${quote(span.spanId)}${parent}${state},"flags":${span.flags | (sampled ? 1 : 0)}` +
    `,"name":${quote(span.name)},"kind":${span.kind},"startTimeUnixNano":"${nanosText(span.start)}"` +
    `,"endTimeUnixNano":"${nanosText(span.start + span.durationMs)}","attributes":${attributesText(span.attributes)}`
  );
}

function childText(execution: Execution, child: ChildSpan): string {
  const text = spanText(execution, {
    spanId: child.spanId,
    parentSpanId: child.parentSpanId,
    name: child.name,
    kind: kinds[child.kind],
    flags: hasRemoteFlag,
    start: execution.startedAt + child.startMs,
    durationMs: child.durationMs,
    attributes: child.attributes,
  });
  return `${text}${child.failed ? `,"status":{"code":${statusError}}` : ""}}`;
}

function executionAttributes(execution: Execution, tenant: string | undefined): Record<string, AttributeValue | undefined> {
  const { facts, fault, refusal, upstreamMs } = execution;
  const attributes: Record<string, AttributeValue | undefined> = {
    ...facts?.attributes,
    "error.type": isFailure(execution.outcome) ? (fault?.type ?? execution.outcome) : undefined,
    "plimsoll.operation": execution.operation,
    "plimsoll.module": execution.module,
    "plimsoll.kind": execution.kind,
    "plimsoll.surface": execution.surface,
    "plimsoll.code": execution.outcome,
    "plimsoll.fault": fault?.type,
    "plimsoll.request_id": execution.requestId,
    "plimsoll.tenant": tenant,
    "plimsoll.actor_kind": execution.actorKind,
    "plimsoll.attempt": execution.attempt,
    "plimsoll.replayed": execution.replayed,
    "plimsoll.cache": execution.cache,
    "plimsoll.stream.items": execution.stream?.items,
    "plimsoll.stream.ended": execution.stream?.ended,
    "plimsoll.late": execution.late || undefined,
    "plimsoll.deadline_ms": execution.deadlineMs,
    "plimsoll.queued_ms": execution.queuedMs,
    "plimsoll.running_ms": execution.runningMs,
    "plimsoll.database_ms": execution.databaseMs,
    "plimsoll.statements": execution.statements,
    "plimsoll.refusal.limit": refusal?.limit,
    "plimsoll.refusal.value": refusal?.value,
    "plimsoll.refusal.load": refusal?.load,
    "plimsoll.refusal.mode": refusal?.mode,
    "plimsoll.refusal.retry_after_ms": refusal?.mode === "enforce" ? fault?.retryAfterMs : undefined,
  };
  if (upstreamMs !== undefined) for (const name of Object.keys(upstreamMs)) attributes[`plimsoll.upstream_ms.${name}`] = upstreamMs[name];
  return attributes;
}

function failureText(execution: Execution): string {
  const { fault, outcome } = execution;
  const status = `,"status":{"code":${statusError},"message":${quote(outcome)}}`;
  const cause = fault?.cause;
  if (outcome !== "internal" || !isError(cause)) return status;
  const { name, message, stack } = readThrown(cause);
  const exception = attributesText({ "exception.type": name, "exception.message": message, "exception.stacktrace": stack });
  const at = nanosText(execution.startedAt + execution.durationMs);
  return `${status},"events":[{"timeUnixNano":"${at}","name":"exception","attributes":${exception}}]`;
}

/** Writes attributes as OTLP; those that are undefined are left out. */
export function attributesText(attributes: Readonly<Record<string, AttributeValue | undefined>>): string {
  let text = "[";
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (value === undefined) continue;
    text += `${text.length === 1 ? "" : ","}{"key":${quote(key)},"value":${valueText(value)}}`;
  }
  return `${text}]`;
}

function valueText(value: AttributeValue): string {
  if (typeof value === "boolean") return `{"boolValue":${value}}`;
  if (typeof value === "string") return `{"stringValue":${quote(value.slice(0, limits.noteChars))}}`;
  if (Number.isSafeInteger(value)) return `{"intValue":"${value}"}`;
  return Number.isFinite(value) ? `{"doubleValue":${numberText(value)}}` : `{"stringValue":"${value}"}`;
}

/** Writes milliseconds as nanoseconds, which do not fit into a double: microseconds do, and the last three digits are zero. */
export function nanosText(ms: number): string {
  const micros = Math.round(ms * 1_000);
  return micros > 0 ? `${micros}000` : "0";
}

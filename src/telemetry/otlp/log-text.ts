import { type Code, codes, type Level } from "../../core/code.ts";
import { limits } from "../../core/limits.ts";
import { messageOf, readThrown } from "../../core/value/thrown.ts";
import type { Execution } from "../../operation/execution.ts";
import type { LogRecord } from "../../operation/telemetry.ts";
import { quote } from "../json-text.ts";
import { attributesText, nanosText } from "../otlp-span.ts";
import type { Redaction } from "../redaction.ts";

/** *Source*: SeverityNumber of the OpenTelemetry log data model. */
const severities: Readonly<Record<Level, number>> = { debug: 5, info: 9, warn: 13, error: 17 };

/** Writes a `scope.log` record as OTLP. What the user gave is one attribute of JSON, without the values of listed keys. */
export function logText(record: LogRecord, redaction: Redaction): string {
  const { level, message, fields, at, operation, requestId, traceId, spanId } = record;
  // A caller in JavaScript may pass any value.
  const words: unknown = message;
  const body = typeof words === "string" ? words.slice(0, limits.logFieldChars) : messageOf(words);
  const attributes = attributesText({ "plimsoll.operation": operation, "plimsoll.request_id": requestId });
  const given = fields === undefined ? "" : `,{"key":"plimsoll.fields","value":{"stringValue":${quote(redaction.json(fields))}}}`;
  return recordText({ level, at, traceId, spanId, body, attributes: `${attributes.slice(0, -1)}${given}]` });
}

/** Writes the failure of an execution as an OTLP log record, with its cause. */
export function failureText(execution: Execution, outcome: Code): string {
  const { fault, operation, requestId, traceId, spanId, startedAt, durationMs } = execution;
  const { level } = codes[outcome];
  const cause = fault?.cause === undefined ? undefined : readThrown(fault.cause);
  const attributes = attributesText({
    "plimsoll.operation": operation,
    "plimsoll.request_id": requestId,
    "plimsoll.code": outcome,
    "plimsoll.fault": fault?.type,
    "plimsoll.duration_ms": durationMs,
    "exception.type": cause?.name,
    "exception.message": cause?.message,
    "exception.stacktrace": outcome === "internal" ? cause?.stack : undefined,
  });
  const body = `${operation} failed with ${outcome}`;
  return recordText({ level, at: startedAt + durationMs, traceId, spanId, body, attributes });
}

interface RecordParts {
  readonly level: Level;
  readonly at: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly body: string;
  readonly attributes: string;
}

function recordText({ level, at, traceId, spanId, body, attributes }: RecordParts): string {
  const ids = traceId === "" ? "" : `,"traceId":${quote(traceId)},"spanId":${quote(spanId)}`;
  return (
    `{"timeUnixNano":"${nanosText(at)}","severityNumber":${severities[level]},"severityText":"${level.toUpperCase()}"` +
    `,"body":{"stringValue":${quote(body)}}${ids},"attributes":${attributes}}`
  );
}

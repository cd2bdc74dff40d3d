import { codes, type Level } from "../core/code.ts";
import { limits } from "../core/limits.ts";
import type { Execution, HttpFacts } from "../operation/execution.ts";
import type { LogRecord } from "../operation/telemetry.ts";
import { escapeText, flat, millisText, numberText, quote, TimeText } from "./json-text.ts";
import type { Redaction } from "./redaction.ts";

/** How the lines of one log are written. */
export interface LineFormatOptions {
  readonly redaction: Redaction;
  readonly tenant: (id: string | undefined) => string | undefined;
  readonly actorId: (id: string | undefined) => string | undefined;
}

/** How a line weighs an outcome; success is `info`. */
export function levelOf(outcome: Execution["outcome"]): Level {
  return outcome === "ok" ? "info" : codes[outcome].level;
}

/**
 * What is the same in most lines of one operation, written once and kept in one piece: the fewer pieces a line is put together from, the less
 * it costs, here and when the batch is written.
 */
class OperationText {
  readonly #heads = new Map<string, string>();
  #attempt = -1;
  #deadlineMs = -1;
  #budget = "";
  #last: HttpFacts | undefined;
  #statements = -1;
  #http = "";

  /** From the time to the request id. */
  head(execution: Execution): string {
    const key = execution.surface === "http" ? execution.outcome : `${execution.outcome} ${execution.surface}`;
    let head = this.#heads.get(key);
    if (head === undefined) {
      head = flat(
        `","level":"${levelOf(execution.outcome)}","operation":${quote(execution.operation)},"module":${quote(execution.module)}` +
          `,"kind":"${execution.kind}","criticality":"${execution.criticality}","surface":${quote(execution.surface)},"code":"${execution.outcome}","request_id":"`,
      );
      this.#heads.set(key, head);
    }
    return head;
  }

  /** From the actor to the duration. */
  budget(execution: Execution): string {
    if (execution.attempt !== this.#attempt || execution.deadlineMs !== this.#deadlineMs) {
      this.#attempt = execution.attempt;
      this.#deadlineMs = execution.deadlineMs;
      this.#budget = flat(`,"attempt":${numberText(this.#attempt)},"deadline_ms":${millisText(this.#deadlineMs)},"duration_ms":`);
    }
    return this.#budget;
  }

  /** From the time in the database to the request's size. */
  http(http: HttpFacts, statements: number): string {
    const last = this.#last;
    if (
      last === undefined ||
      statements !== this.#statements ||
      http.status !== last.status ||
      http.route !== last.route ||
      http.method !== last.method
    ) {
      this.#last = http;
      this.#statements = statements;
      this.#http = flat(
        `,"statements":${numberText(statements)},"http":{"method":${quote(http.method)},"route":${quote(http.route)}` +
          `,"status":${numberText(http.status)},"request_bytes":`,
      );
    }
    return this.#http;
  }
}

const rememberedCallers = 10_000;

/**
 * Writes executions and `scope.log` records as JSON, each one line with its line break.
 * *Guarantees*: every line parses, whatever callers put into ids, notes and messages; it never throws.
 */
export class LineFormat {
  readonly #options: LineFormatOptions;
  readonly #time = new TimeText();
  readonly #operations = new Map<string, OperationText>();
  readonly #callers = new Map<string, Map<string | undefined, string>>();

  constructor(options: LineFormatOptions) {
    this.#options = options;
  }

  execution(execution: Execution): string {
    const { operation, http } = execution;
    let texts = this.#operations.get(operation);
    if (texts === undefined) {
      texts = new OperationText();
      this.#operations.set(operation, texts);
    }
    return (
      '{"time":"' +
      this.#time.at(execution.startedAt + execution.durationMs) +
      texts.head(execution) +
      escapeText(execution.requestId) +
      '","trace_id":"' +
      escapeText(execution.traceId) +
      '","span_id":"' +
      escapeText(execution.spanId) +
      this.#callerText(execution) +
      texts.budget(execution) +
      millisText(execution.durationMs) +
      ',"queued_ms":' +
      millisText(execution.queuedMs) +
      ',"running_ms":' +
      millisText(execution.runningMs) +
      ',"database_ms":' +
      millisText(execution.databaseMs) +
      (http === undefined
        ? `,"statements":${numberText(execution.statements)}`
        : `${texts.http(http, execution.statements)}${numberText(http.requestBytes)},"response_bytes":${numberText(http.responseBytes)}}`) +
      this.#rare(execution) +
      "}\n"
    );
  }

  record(record: LogRecord): string {
    const fields = record.fields === undefined ? "" : `,"fields":${this.#options.redaction.json(record.fields)}`;
    const message = record.message.slice(0, limits.logFieldChars);
    return (
      `{"time":"${this.#time.at(record.at)}","level":"${record.level}","operation":${quote(record.operation)},"message":${quote(message)}` +
      `,"request_id":${quote(record.requestId)},"trace_id":${quote(record.traceId)},"span_id":${quote(record.spanId)}${fields}}\n`
    );
  }

  /** From the span id to the attempt. */
  #callerText({ tenant, actorKind, actorId }: Execution): string {
    let texts = this.#callers.get(actorKind);
    if (texts === undefined) {
      texts = new Map();
      this.#callers.set(actorKind, texts);
    }
    let text = texts.get(tenant);
    if (text === undefined) {
      const name = this.#options.tenant(tenant);
      text = flat(`"${name === undefined ? "" : `,"tenant":${quote(name)}`},"actor_kind":"${actorKind}"`);
      // Tenants come and go: what is remembered of them has a bound.
      if (texts.size >= rememberedCallers) texts.clear();
      texts.set(tenant, text);
    }
    const actor = actorId === undefined ? undefined : this.#options.actorId(actorId);
    return actor === undefined ? text : `${text},"actor_id":${quote(actor)}`;
  }

  /** What most executions do not have. */
  #rare(execution: Execution): string {
    const { upstreamMs, notes, refusal, fault, parentSpanId } = execution;
    let text = parentSpanId === undefined ? "" : `,"parent_span_id":${quote(parentSpanId)}`;
    if (execution.replayed) text += ',"replayed":true';
    if (upstreamMs !== undefined) text += `,"upstream_ms":${timesText(upstreamMs)}`;
    if (notes !== undefined) text += `,"notes":${this.#options.redaction.json(notes)}`;
    if (refusal !== undefined) {
      text += `,"refusal":{"limit":${quote(refusal.limit)},"value":${numberText(refusal.value)},"load":${numberText(refusal.load)},"mode":"${refusal.mode}"}`;
    }
    if (fault !== undefined) {
      text += `,"fault":${quote(fault.type)}`;
      if (fault.cause !== undefined && execution.outcome !== "ok") text += causeText(fault.cause, execution.outcome === "internal");
    }
    return text;
  }
}

function timesText(times: Readonly<Record<string, number>>): string {
  let text = "{";
  for (const name of Object.keys(times)) text += `${text.length === 1 ? "" : ","}${quote(name)}:${millisText(times[name]!)}`;
  return `${text}}`;
}

function causeText(cause: unknown, withStack: boolean): string {
  if (!(cause instanceof Error)) return `,"error":{"message":${quote(messageOf(cause))}}`;
  const stack = withStack && typeof cause.stack === "string" ? `,"stack":${quote(cause.stack.slice(0, limits.logFieldChars))}` : "";
  const inner = cause.cause === undefined ? "" : `,"cause":${quote(messageOf(cause.cause))}`;
  return `,"error":{"name":${quote(String(cause.name))},"message":${quote(messageOf(cause))}${inner}${stack}}`;
}

/** Reads the message of anything that was thrown. *Guarantees*: never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return (thrown instanceof Error ? String(thrown.message) : String(thrown)).slice(0, limits.noteChars);
  } catch {
    return "something that cannot be written";
  }
}

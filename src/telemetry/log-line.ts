import { codes, type Level } from "../core/code.ts";
import { limits } from "../core/limits.ts";
import { messageOf, readThrown } from "../core/value/thrown.ts";
import type { Execution, SurfaceFacts } from "../operation/execution.ts";
import { StatementError } from "../operation/sql/statement-error.ts";
import type { LogRecord } from "../operation/telemetry.ts";
import { encode, type LineBytes, millisText, numberText, quote } from "./json-text.ts";
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

const rememberedCallers = 10_000;
const keptTimes = 8;
const nothing: Uint8Array = new Uint8Array(0);
const traceKey = encode('","trace_id":"');
const spanKey = encode('","span_id":"');
const queuedKey = encode(',"queued_ms":');
const runningKey = encode(',"running_ms":');
const databaseKey = encode(',"database_ms":');
const responseKey = encode(',"response_bytes":');
const endOfObject = encode("}");
const endOfLine = encode("}\n");

/** Writes wall times as RFC 3339; the last milliseconds are kept, for executions end close to each other. */
class TimeText {
  readonly #times: number[] = new Array(keptTimes).fill(Number.NaN);
  readonly #texts: Uint8Array[] = new Array(keptTimes).fill(nothing);

  /** From the start of the line to the end of the time. *Units*: milliseconds since the Unix epoch. */
  at(ms: number): Uint8Array {
    const time = ms >= 0 && ms < 8.64e15 ? Math.floor(ms) : 0;
    const slot = time % keptTimes;
    if (this.#times[slot] !== time) {
      this.#times[slot] = time;
      this.#texts[slot] = encode(`{"time":"${new Date(time).toISOString()}`);
    }
    return this.#texts[slot]!;
  }
}

/** What is the same in most lines of one operation, encoded once: the fewer pieces a line is put together from, the less it costs. */
class OperationText {
  readonly #heads = new Map<string, Uint8Array>();
  #attempt = -1;
  #deadlineMs = -1;
  #budget = nothing;
  #labels: SurfaceFacts["labels"] | undefined;
  #statements = -1;
  #facts = nothing;

  /** From the time to the request id. */
  head(execution: Execution): Uint8Array {
    const key = execution.surface === "http" ? execution.outcome : `${execution.outcome} ${execution.surface}`;
    let head = this.#heads.get(key);
    if (head === undefined) {
      head = encode(
        `","level":"${levelOf(execution.outcome)}","operation":${quote(execution.operation)},"kind":"${execution.kind}"` +
          `${execution.criticality === "default" ? "" : `,"criticality":"${execution.criticality}"`}` +
          `${execution.surface === "http" ? "" : `,"surface":${quote(execution.surface)}`},"code":"${execution.outcome}","request_id":"`,
      );
      this.#heads.set(key, head);
    }
    return head;
  }

  /** From the actor to the duration. */
  budget(execution: Execution): Uint8Array {
    if (execution.attempt !== this.#attempt || execution.deadlineMs !== this.#deadlineMs) {
      this.#attempt = execution.attempt;
      this.#deadlineMs = execution.deadlineMs;
      this.#budget = encode(
        `${this.#attempt === 1 ? "" : `,"attempt":${numberText(this.#attempt)}`},"deadline_ms":${millisText(this.#deadlineMs)},"duration_ms":`,
      );
    }
    return this.#budget;
  }

  /** From the time in the database to the request's size. */
  facts({ name, labels }: SurfaceFacts, statements: number): Uint8Array {
    if (labels !== this.#labels || statements !== this.#statements) {
      this.#labels = labels;
      this.#statements = statements;
      let text = `${statementsText(statements)},${quote(name)}:{`;
      for (const label in labels) {
        const value = labels[label] as string | number;
        text += `${quote(label)}:${typeof value === "number" ? numberText(value) : quote(value)},`;
      }
      this.#facts = encode(`${text}"request_bytes":`);
    }
    return this.#facts;
  }
}

/**
 * Writes executions and `scope.log` records as JSON, each one line with its line break. What is as in most executions is left out: criticality
 * `default`, surface `http`, attempt 1, no time in the database, no statements, and a span id that is the request id.
 * *Guarantees*: every line parses, whatever callers put into ids, notes and messages; it never throws.
 */
export class LineFormat {
  readonly #options: LineFormatOptions;
  readonly #time = new TimeText();
  readonly #operations = new Map<string, OperationText>();
  readonly #callers = new Map<string, Map<string | undefined, Uint8Array>>();

  constructor(options: LineFormatOptions) {
    this.#options = options;
  }

  execution(execution: Execution, line: LineBytes): void {
    const { operation, facts } = execution;
    let texts = this.#operations.get(operation);
    if (texts === undefined) {
      texts = new OperationText();
      this.#operations.set(operation, texts);
    }
    line.piece(this.#time.at(execution.startedAt + execution.durationMs));
    line.piece(texts.head(execution));
    line.text(execution.requestId);
    line.piece(traceKey);
    line.text(execution.traceId);
    if (execution.spanId !== execution.requestId) {
      line.piece(spanKey);
      line.text(execution.spanId);
    }
    this.#caller(execution, line);
    line.piece(texts.budget(execution));
    line.millis(execution.durationMs);
    line.piece(queuedKey);
    line.millis(execution.queuedMs);
    line.piece(runningKey);
    line.millis(execution.runningMs);
    if (execution.databaseMs > 0) {
      line.piece(databaseKey);
      line.millis(execution.databaseMs);
    }
    if (facts === undefined) line.json(statementsText(execution.statements));
    else {
      line.piece(texts.facts(facts, execution.statements));
      line.integer(facts.requestBytes);
      line.piece(responseKey);
      line.integer(facts.responseBytes);
      line.piece(endOfObject);
    }
    line.json(this.#rare(execution));
    line.piece(endOfLine);
  }

  record(record: LogRecord, line: LineBytes): void {
    const fields = record.fields === undefined ? "" : `,"fields":${this.#options.redaction.json(record.fields)}`;
    // A caller in JavaScript may pass any value.
    const words: unknown = record.message;
    const message = quote(typeof words === "string" ? words.slice(0, limits.logFieldChars) : messageOf(words));
    line.piece(this.#time.at(record.at));
    line.json(
      `","level":"${record.level}","operation":${quote(record.operation)},"message":${message},"request_id":${quote(record.requestId)}` +
        `,"trace_id":${quote(record.traceId)},"span_id":${quote(record.spanId)}${fields}`,
    );
    line.piece(endOfLine);
  }

  /** From the span id to the attempt. */
  #caller({ tenant, actorKind, actorId }: Execution, line: LineBytes): void {
    let texts = this.#callers.get(actorKind);
    if (texts === undefined) {
      texts = new Map();
      this.#callers.set(actorKind, texts);
    }
    let text = texts.get(tenant);
    if (text === undefined) {
      const name = this.#options.tenant(tenant);
      text = encode(`"${name === undefined ? "" : `,"tenant":${quote(name)}`},"actor_kind":"${actorKind}"`);
      // The cache has a bound, because the number of tenants has none.
      if (texts.size >= rememberedCallers) texts.clear();
      texts.set(tenant, text);
    }
    line.piece(text);
    const actor = actorId === undefined ? undefined : this.#options.actorId(actorId);
    if (actor !== undefined) line.json(`,"actor_id":${quote(actor)}`);
  }

  /** What most executions do not have. */
  #rare(execution: Execution): string {
    const { upstreamMs, notes, refusal, fault, parentSpanId } = execution;
    let text = parentSpanId === undefined ? "" : `,"parent_span_id":${quote(parentSpanId)}`;
    if (execution.replayed) text += ',"replayed":true';
    if (execution.cache !== undefined) text += `,"cache":"${execution.cache}"`;
    const { stream } = execution;
    if (stream !== undefined)
      text += `,"stream":{"items":${numberText(stream.items)},"bytes":${numberText(stream.bytes)},"opened_ms":${millisText(stream.openedMs)},"ended":"${stream.ended}"}`;
    if (execution.late) text += ',"late":true';
    if (upstreamMs !== undefined) text += `,"upstream_ms":${timesText(upstreamMs)}`;
    if (notes !== undefined) text += `,"notes":${this.#options.redaction.json(notes)}`;
    if (refusal !== undefined) {
      text += `,"refusal":{"limit":${quote(refusal.limit)},"value":${numberText(refusal.value)},"load":${numberText(refusal.load)},"mode":"${refusal.mode}"`;
      const retryAfterMs = refusal.mode === "enforce" ? fault?.retryAfterMs : undefined;
      text += retryAfterMs === undefined ? "}" : `,"retry_after_ms":${numberText(retryAfterMs)}}`;
    }
    if (fault !== undefined) {
      text += `,"fault":${quote(fault.type)}`;
      if (fault.cause !== undefined && execution.outcome !== "ok") text += causeText(fault.cause, execution.outcome === "internal");
    }
    return text;
  }
}

function statementsText(statements: number): string {
  return statements === 0 ? "" : `,"statements":${numberText(statements)}`;
}

function timesText(times: Readonly<Record<string, number>>): string {
  let text = "{";
  for (const name of Object.keys(times)) text += `${text.length === 1 ? "" : ","}${quote(name)}:${millisText(times[name]!)}`;
  return `${text}}`;
}

function causeText(cause: unknown, withStack: boolean): string {
  const { name, message, stack, cause: inner } = readThrown(cause);
  if (name === undefined) return `,"error":{"message":${quote(message)}}`;
  const innerText = inner === undefined ? "" : `,"cause":${quote(messageOf(inner))}`;
  const stackText = withStack && stack !== undefined ? `,"stack":${quote(stack)}` : "";
  const statement = StatementError.is(cause) ? statementText(cause) : "";
  return `,"error":{"name":${quote(name)},"message":${quote(message)}${innerText}${statement}${stackText}}`;
}

/** What a developer needs to find a statement that failed. */
function statementText({ statement, code, position, writtenAt }: StatementError): string {
  const sqlstate = code === undefined ? "" : `,"sqlstate":${quote(code)}`;
  const place = position === undefined ? "" : `,"position":${numberText(position)}`;
  const line = writtenAt === undefined ? "" : `,"written_at":${quote(writtenAt)}`;
  return `,"statement":${quote(statement.slice(0, limits.logFieldChars))}${sqlstate}${place}${line}`;
}

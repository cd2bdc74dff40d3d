import type { ChildSpan } from "../../operation/execution.ts";
import type { Statement } from "../../operation/transaction.ts";

/** How many spans one execution keeps. */
export const maxSpans = 64;

/** A statement that was answered. *Units*: milliseconds; its start is counted from that of the execution. */
export interface TimedStatement {
  readonly statement: Statement;
  readonly startMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
}

/** Makes the span of a statement. */
export function statementSpan(
  { statement: { text }, ...times }: TimedStatement,
  ids: { readonly spanId: string; readonly parentSpanId: string },
): ChildSpan {
  const [name = "statement"] = text.trimStart().split(/\s/, 1);
  return { ...times, ...ids, name, kind: "client", attributes: { "db.system.name": "postgresql", "db.query.text": text } };
}

import type { Code } from "../core/code.ts";
import type { Fault } from "../core/fault.ts";

export type OperationKind = "query" | "command" | "action" | "task";
export type Criticality = "critical" | "default" | "sheddable";

/** A span inside an execution: a `scope.span`, a statement or an upstream call. */
export interface ChildSpan {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** Start, after the start of the execution. *Units*: milliseconds. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly kind: "internal" | "client";
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly failed: boolean;
}

/** What an HTTP surface adds to an execution. */
export interface HttpFacts {
  readonly method: string;
  /** The route's template, never the target with its values. */
  readonly route: string;
  readonly status: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** Which limit refused, and what was seen. */
export interface Refusal {
  readonly limit: string;
  readonly value: number;
  readonly load: number;
  /** `measure` reports what it would have refused and refuses nothing. */
  readonly mode: "enforce" | "measure";
}

/**
 * The one wide event of an execution: everything that logs, metrics and traces tell of it. Published once, when the reply is out.
 * *Units*: milliseconds. `durationMs` = queued + running + database + the upstreams.
 */
export interface Execution {
  readonly operation: string;
  readonly module: string;
  readonly kind: OperationKind;
  readonly criticality: Criticality;
  /** Where it came from: `http`, `fetch`, `direct`, `task`. */
  readonly surface: string;
  readonly outcome: Code | "ok";
  readonly fault: Fault | undefined;
  readonly requestId: string;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** The decision at the head: the caller's, or one in a hundred. Errors and slow executions are exported besides. */
  readonly sampled: boolean;
  readonly tenant: string | undefined;
  readonly actorKind: "anonymous" | "user" | "service" | "system";
  readonly actorId: string | undefined;
  readonly attempt: number;
  /** Answered from the idempotency record. */
  readonly replayed: boolean;
  /** Wall time, since the Unix epoch. */
  readonly startedAt: number;
  readonly deadlineMs: number;
  readonly durationMs: number;
  readonly queuedMs: number;
  readonly runningMs: number;
  readonly databaseMs: number;
  readonly upstreamMs: Readonly<Record<string, number>> | undefined;
  readonly statements: number;
  readonly notes: Readonly<Record<string, unknown>> | undefined;
  readonly spans: readonly ChildSpan[] | undefined;
  readonly refusal: Refusal | undefined;
  readonly http: HttpFacts | undefined;
}

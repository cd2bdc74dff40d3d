import type { Code } from "../core/code.ts";
import type { Fault } from "../core/fault.ts";
import type { OperationKind } from "./kind.ts";

/** How important an operation is: under load, `sheddable` is refused first and `critical` last. */
export type Criticality = "critical" | "default" | "sheddable";

const ranks: Readonly<Record<Criticality, 0 | 1 | 2>> = { sheddable: 0, default: 1, critical: 2 };

/** The place of an importance in the order of refusal: 0 is refused first. */
export const rankOf = (criticality: Criticality): 0 | 1 | 2 => ranks[criticality];

/** The header in which an internal caller says how important its request is. */
export const criticalityHeader = "plimsoll-criticality";

/** Reads what a caller says of how important its request is; undefined where it is none of the three words. */
export function readCriticality(text: string | undefined): Criticality | undefined {
  return text === "critical" || text === "default" || text === "sheddable" ? text : undefined;
}

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

/** What a surface adds to the wide event of an execution, in words of its own. Telemetry shows it and reads nothing into it. */
export interface SurfaceFacts {
  /** The name of their object in a log line, as in `http`. It is none of the line's own names. */
  readonly name: string;
  /** The name of the span, as in `POST /v1/orders`. */
  readonly title: string;
  /** What many executions have alike, as method, route and status; one object stands for all of them, so that its text is made once. */
  readonly labels: Readonly<Record<string, string | number>>;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The same as attributes of a span, by their names in OpenTelemetry; read for those that are exported. */
  readonly attributes: Readonly<Record<string, string | number>>;
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
 * Why a stream ended. `complete`: its handler had no more. `left`: the client did. `unread`: the client was too slow. `idle`: the handler was. `longest`: it was open
 * for as long as it may. `stopping`: the process stops. `failed`: the handler did.
 */
export type StreamEnd = "complete" | "left" | "unread" | "idle" | "longest" | "stopping" | "failed";

/** What the wide event says of a stream. */
export interface StreamFacts {
  /** Items that were handed to the surface. */
  readonly items: number;
  readonly bytes: number;
  /** How long after its acceptance it opened. *Units*: milliseconds. */
  readonly openedMs: number;
  readonly ended: StreamEnd;
}

/**
 * Is the wide event of an execution: all facts that logs, metrics and traces have about it. It is published once, when the response is sent.
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
  /** The caller's `tracestate`, as it came. */
  readonly traceState?: string | undefined;
  /** Whether the trace is sampled: as the caller decided, or one in a hundred. Errors and slow executions are always exported. */
  readonly sampled: boolean;
  readonly tenant: string | undefined;
  readonly actorKind: "anonymous" | "user" | "service" | "system";
  readonly actorId: string | undefined;
  readonly attempt: number;
  /** Whether the response is the stored one of an idempotency record. */
  readonly replayed: boolean;
  /**
   * How a cached query got its output: from memory (`hit`), from the store that processes share (`stored`), past its end (`stale`), by its own run (`load`), or by
   * that of another caller (`joined`). Undefined where there is no cache.
   */
  readonly cache?: "hit" | "stored" | "stale" | "load" | "joined" | undefined;
  /** Wall time, since the Unix epoch. */
  readonly startedAt: number;
  readonly deadlineMs: number;
  readonly durationMs: number;
  /** Whether it succeeded after its deadline, because its handler blocked the event loop. */
  readonly late: boolean;
  readonly queuedMs: number;
  readonly runningMs: number;
  readonly databaseMs: number;
  readonly upstreamMs: Readonly<Record<string, number>> | undefined;
  readonly statements: number;
  readonly notes: Readonly<Record<string, unknown>> | undefined;
  readonly spans: readonly ChildSpan[] | undefined;
  readonly refusal: Refusal | undefined;
  /** What was streamed, and why it ended; undefined where no stream opened. */
  readonly stream?: StreamFacts | undefined;
  /** What its surface says of it: `http` and `fetch` do. */
  readonly facts: SurfaceFacts | undefined;
}

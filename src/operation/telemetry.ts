import type { Clock } from "../core/clock.ts";
import type { Level } from "../core/code.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Signal } from "../core/signals.ts";
import type { ChildSpan, Execution } from "./execution.ts";
import type { OperationKind } from "./kind.ts";

/** One `scope.log` line, with the ids of the execution that wrote it. */
export interface LogRecord {
  readonly level: Level;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
  /** Wall time, since the Unix epoch. *Units*: milliseconds. */
  readonly at: number;
  readonly operation: string;
  readonly requestId: string;
  readonly traceId: string;
  readonly spanId: string;
}

/** Who is telling: it names every span and distinguishes the instances of a service. */
export interface ServiceIdentity {
  readonly name: string;
  readonly version: string;
  readonly instance: string;
}

/** What a sink may know of an operation before it runs. */
export interface OperationIdentity {
  readonly name: string;
  readonly module: string;
  readonly kind: OperationKind;
}

/** All that a sink can subscribe to. */
export interface TelemetrySources {
  readonly executed: Signal<Execution>;
  readonly logged: Signal<LogRecord>;
  readonly metrics: Metrics;
  readonly operations: readonly OperationIdentity[];
  readonly service: ServiceIdentity;
  readonly clock: Clock;
}

/** An execution while it runs, for a sink that follows the flow of calls. */
export interface ActiveExecution {
  readonly operation: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  /** Since the start of the execution. *Units*: milliseconds. */
  elapsedMs(): number;
  /** Wall time, since the Unix epoch. *Units*: milliseconds. */
  readonly startedAt: number;
  /** Adds a span to the wide event; bounded by the execution that keeps them, and ignored once there is an outcome. */
  addSpan(span: ChildSpan): void;
  /** Adds notes to the wide event, as `scope.note` does. */
  note?(notes: Readonly<Record<string, unknown>>): void;
}

/**
 * Where telemetry goes. A sink only subscribes: nothing that it does may slow, fail or change an execution.
 * *Guarantees asked of an implementation*: bounded memory; what does not fit is dropped and counted; `stop` flushes within a bound and never rejects.
 */
export interface TelemetrySink {
  readonly name: string;
  /** The share of traces that this sink wants sampled at the head, from 0 to 1; an app takes the largest. */
  readonly sample?: number;
  /** Subscribes; called once, before the first execution. Rejects when the sink cannot work, and says what to do. */
  attach(sources: TelemetrySources): void | Promise<void>;
  stop(): Promise<void>;
  /** What `GET /metrics` on the ops port answers, where the sink has something to show. */
  expose?(): { readonly contentType: string; readonly body: string };
  /** Runs a handler inside the sink's own context; only sinks that need one pay for it. */
  around?<T>(active: ActiveExecution, run: () => T): T;
}

import type { Clock } from "../../src/core/clock.ts";
import { systemClock } from "../../src/core/clock.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { Signal } from "../../src/core/signals.ts";
import { HttpFacts } from "../../src/http/reply/facts.ts";
import type { Execution } from "../../src/operation/execution.ts";
import type { LogRecord, TelemetrySources } from "../../src/operation/telemetry.ts";

/** All that a sink subscribes to, without an app. */
export function sources(clock: Clock = systemClock): TelemetrySources {
  return {
    executed: new Signal<Execution>("executed"),
    logged: new Signal<LogRecord>("logged"),
    metrics: new Metrics(),
    operations: [{ name: "orders.place", module: "orders", kind: "command" }],
    service: { name: "shop", version: "1.2.3", instance: "i-1" },
    clock,
  };
}

/** A successful execution over HTTP; `change` says what is different. */
export function execution(change: Partial<Execution> = {}): Execution {
  return {
    operation: "orders.place",
    module: "orders",
    kind: "command",
    criticality: "critical",
    surface: "http",
    outcome: "ok",
    fault: undefined,
    requestId: "01900000-0000-7000-8000-000000000000",
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    spanId: "00f067aa0ba902b7",
    parentSpanId: undefined,
    sampled: false,
    tenant: "acme",
    actorKind: "user",
    actorId: "user-7",
    attempt: 1,
    replayed: false,
    late: false,
    startedAt: Date.UTC(2026, 10, 21, 12, 0, 0, 250),
    deadlineMs: 300,
    durationMs: 12.3456,
    queuedMs: 0,
    runningMs: 2.3456,
    databaseMs: 4,
    upstreamMs: { payments: 6 },
    statements: 3,
    notes: undefined,
    spans: undefined,
    refusal: undefined,
    facts: new HttpFacts({ method: "POST", route: "/v1/orders", status: 201 }, 210, 60),
    ...change,
  };
}

export function record(change: Partial<LogRecord> = {}): LogRecord {
  const { requestId, traceId, spanId, operation, startedAt } = execution();
  return { level: "info", message: "reserved", fields: undefined, at: startedAt, operation, requestId, traceId, spanId, ...change };
}

export type { LogDestination } from "./log-writer.ts";
export { type LogsOptions, logs } from "./logs.ts";
export { type OtelApiOptions, otelApi } from "./otel/api.ts";
export { type OtlpOptions, type OtlpSink, otlp } from "./otlp.ts";
export { type PrometheusOptions, prometheus } from "./prometheus.ts";
export type { IdentityPolicy } from "./redaction.ts";
export type { SpanBatchFact } from "./span-queue.ts";

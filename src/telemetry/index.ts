export type { LogDestination } from "./log-writer.ts";
export { type LogsOptions, logs } from "./logs.ts";
export { type PrometheusOptions, prometheus } from "./prometheus.ts";
export type { IdentityPolicy } from "./pseudonym.ts";

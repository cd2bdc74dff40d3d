import type { App } from "plimsoll";

/** How an app's connections to PostgreSQL stand, as its metrics show them. */
export function connectionGauges(app: App): { readonly open: number; readonly idle: number; readonly waiting: number } {
  const gauge = (name: string): number => {
    for (const metric of app.metrics.all())
      if (metric.name === name) for (const reading of metric.all()) if ("value" in reading) return reading.value;
    return Number.NaN;
  };
  return {
    open: gauge("plimsoll_database_connections"),
    idle: gauge("plimsoll_database_connections_idle"),
    waiting: gauge("plimsoll_database_queue_depth"),
  };
}

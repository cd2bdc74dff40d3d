import type { Criticality } from "../operation/execution.ts";
import { isOfKind } from "../operation/kind.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { Registry } from "../pipeline/registry/registry.ts";

/** What an app has that is worth an alert of its own: its metrics are there only then. */
export const parts = [
  "operations",
  "database",
  "tasks",
  "sagas",
  "subscriptions",
  "projections",
  "schedules",
  "audit",
  "cache",
  "shared-cache",
  "shared-rates",
  "upstreams",
  "certificates",
] as const;
/** The name of such a part. */
export type Part = (typeof parts)[number];

/** One operation with what it declares of its load and of its objective. */
export interface MonitoredOperation {
  readonly name: string;
  readonly module: string;
  readonly summary: string;
  readonly criticality: Criticality;
  /** The share of executions that is to be good. */
  readonly success: number;
  /** Infinite where no caller waits. *Units*: milliseconds. */
  readonly withinMs: number;
  readonly deadlineMs: number;
  readonly isDurable: boolean;
}

/** All that alerts, dashboards and runbooks are made of. */
export interface Monitored {
  readonly service: string;
  /** The value of the label `job` with which Prometheus scrapes the app. */
  readonly job: string;
  readonly operations: readonly MonitoredOperation[];
  readonly parts: ReadonlySet<Part>;
}

/** What the declarations of an app do not say. */
export interface MonitoredSpec {
  readonly service: string;
  /** *Default*: the name of the service. */
  readonly job?: string | undefined;
  /** Parts that no operation shows, such as certificates. */
  readonly also?: readonly Part[];
}

/** Reads from an app's registry what is to be monitored. */
export function monitoredOf({ operations, projections }: Pick<Registry, "operations" | "projections">, spec: MonitoredSpec): Monitored {
  const all = [...operations.values()];
  const found: readonly [Part, boolean][] = [
    ["operations", true],
    ["database", all.some(({ traits }) => traits.transaction !== "none" || traits.durable)],
    ["tasks", all.some((operation) => isOfKind(operation, "task"))],
    ["sagas", all.some((operation) => isOfKind(operation, "saga"))],
    ["subscriptions", all.some((operation) => isOfKind(operation, "subscription"))],
    ["projections", projections.size > 0],
    ["audit", all.some(({ audit }) => audit !== undefined)],
    ["cache", all.some(({ cache }) => cache !== undefined)],
  ];
  const own = found.filter(([, has]) => has).map(([part]) => part);
  return {
    service: spec.service,
    job: spec.job ?? spec.service,
    operations: all.map(describe),
    parts: new Set([...own, ...(spec.also ?? [])]),
  };
}

function describe({ name, module, criticality, objective, limits, traits, operation }: CompiledOperation): MonitoredOperation {
  const { success, withinMs } = objective;
  const { deadlineMs } = limits;
  return {
    ...{ name, module, criticality, success, withinMs, deadlineMs, isDurable: traits.durable },
    summary: operation.spec.summary ?? name,
  };
}

import assert from "node:assert";
import { auditEngine, auditOf } from "../audit/engine.ts";
import { type Duration, toMs } from "../core/duration.ts";
import { limits } from "../core/limits.ts";
import { eventEngine, eventsOf } from "../events/engine.ts";
import { messagingEngine, messagingOf } from "../messaging/engine.ts";
import type { Engine } from "../operation/durable/engine.ts";
import type { SearchStore } from "../operation/sourcing/search-store.ts";
import type { EngineHost, EngineSource } from "../pipeline/engine-source.ts";
import { invalidApp } from "../pipeline/registry/registry.ts";
import type { Runtime } from "../pipeline/runtime.ts";
import { writtenEngine } from "../pipeline/stream/written.ts";
import type { VaultSource } from "../pipeline/vault/source.ts";
import { sagaEngine, sagasOf } from "../sagas/engine.ts";
import { taskEngine, tasksOf } from "../tasks/engine.ts";
import type { TasksSpec } from "../tasks/spec.ts";
import type { KeptByDatabase } from "./database.ts";

export { auditOf, eventsOf, messagingOf, sagasOf, tasksOf };

/** What decides which engines an app has. */
export interface EnginesSpec {
  readonly tasks?: TasksSpec;
  readonly events?: { readonly retention?: Duration };
  readonly search?: SearchStore;
  readonly audit?: { readonly key: string | readonly string[]; readonly retention?: Duration };
  readonly sagas?: { readonly concurrency?: number; readonly retention?: Duration };
  readonly vault?: VaultSource;
  readonly engines?: readonly EngineSource[];
}

/** Lists the engines of an app: those that it was given, and a line for each of the platform's own that its database can keep the work of. */
export function engineSources(
  { tasks = {}, events = {}, sagas = {}, search, audit, vault, engines = [] }: EnginesSpec,
  kept: KeptByDatabase = {},
): readonly EngineSource[] {
  return [
    // First: others open what they read with its keys.
    ...(kept.vault && vault ? [vault.engine(kept.vault)] : []),
    ...engines,
    ...(kept.written ? [writtenEngine(kept.written)] : []),
    ...(kept.tasks && kept.schedules ? [taskEngine({ store: kept.tasks, schedules: kept.schedules, spec: tasks })] : []),
    ...(kept.audit && audit ? [auditEngine({ store: kept.audit, key: audit.key, retentionMs: auditRetentionOf(audit) })] : []),
    ...(kept.events
      ? [
          eventEngine({
            store: kept.events,
            search: search ?? kept.search,
            retentionMs: retentionOf("events", events, limits.eventRetentionMs),
          }),
        ]
      : []),
    // After the log: a subscription is declared before the first message comes.
    ...(kept.events && kept.inboxes && kept.locks
      ? [messagingEngine({ store: kept.inboxes, events: kept.events, locks: kept.locks })]
      : []),
    ...(kept.sagas ? [sagaEngine({ store: kept.sagas, ...sagasSpecOf(sagas) })] : []),
  ];
}

/** Opens the engines of an app. */
export function openEngines(sources: readonly EngineSource[], host: EngineHost): readonly Engine[] {
  return sources.map((source) => {
    const engine = source.open(host);
    host.runtime.add(engine);
    return engine;
  });
}

/**
 * Refuses what is kept by an engine that the app does not have. An app that is only described, and never started, needs none.
 * *Faults thrown*: `failed_precondition` of type `app_invalid`, which names each.
 */
export function refuseUnkept(runtime: Pick<Runtime, "registry" | "engineOf" | "events">): void {
  const { operations, projections } = runtime.registry;
  const durable = [...operations.values()].filter(
    ({ operation: { kind }, traits }) => traits.durable && runtime.engineOf(kind) === undefined,
  );
  const unread = runtime.events === undefined ? [...projections.keys()] : [];
  const problems = [...durable.map(({ operation }) => operation), ...unread].map(({ name, kind }) => ({
    ...{ where: name, field: kind },
    message: `A ${kind} is kept by a database${kind.includes("/") ? " or an engine of its kind" : ""}, and this app has none that does. Give createApp one, such as embedded().`,
  }));
  if (problems.length > 0) throw invalidApp(problems);
}

const hourMs = 3_600_000;

const dayMs = 24 * hourMs;

function auditRetentionOf({ retention }: { readonly retention?: Duration }): number {
  const ms = retention === undefined ? limits.auditRetentionMs : toMs(retention);
  assert(ms >= dayMs && ms <= 36_500 * dayMs, `createApp({ audit }): the retention is ${ms} ms. Write a duration from 1d to 36500d.`);
  return ms;
}

function retentionOf(what: string, { retention }: { readonly retention?: Duration }, standardMs: number): number {
  const ms = retention === undefined ? standardMs : toMs(retention);
  assert(ms >= hourMs && ms <= 87_600 * hourMs, `createApp({ ${what} }): the retention is ${ms} ms. Write a duration from 1h to 3650d.`);
  return ms;
}

function sagasSpecOf(sagas: NonNullable<EnginesSpec["sagas"]>) {
  const { concurrency = limits.sagaConcurrency } = sagas;
  assert(
    Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 100_000,
    `createApp({ sagas }): concurrency is ${concurrency}. Write a whole number from 1 to 100000.`,
  );
  return { concurrency, retentionMs: retentionOf("sagas", sagas, limits.sagaRetentionMs) };
}

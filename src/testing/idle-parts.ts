import { type App, runtimeOf } from "../app/app.ts";
import type { AppSpec } from "../app/app-spec.ts";
import { isOfKind, type OperationKind } from "../operation/kind.ts";

/** One sort of durable work of an app, as `runUntilIdle` looks at it. */
export interface IdlePart {
  /** Calls with the name of each attempt that ends. Returns what ends that. */
  onEnded(count: (name: string) => void): () => void;
  /** Looks at once. `busy`: what runs or is due, each in words; `nextDueMs`: of what is due later. */
  look(): Promise<{ readonly busy: readonly string[]; readonly nextDueMs: number | undefined }>;
}

/** Lists what an app runs. An app that runs nothing has its tasks, which say so. */
export function idlePartsOf(app: App, { roles, modules, tasks }: Pick<AppSpec, "roles" | "modules" | "tasks">): readonly IdlePart[] {
  const { operations, projections } = runtimeOf(app).registry;
  const namesOf = (what: OperationKind) =>
    new Set([...operations.values()].flatMap(({ operation }) => (isOfKind(operation, what) ? [operation.name] : [])));
  const subscriptions = namesOf("subscription");
  const sagas = namesOf("saga");
  const works = roles?.includes("worker") ?? true;
  const others = [
    ...(works && subscriptions.size + projections.size > 0 ? [eventsPart(app, subscriptions)] : []),
    ...(works && sagas.size > 0 ? [sagasPart(app, sagas)] : []),
  ];
  const hasTasks = namesOf("task").size > 0 || tasks?.queues !== undefined || modules.some(({ schedules = [] }) => schedules.length > 0);
  return [...(hasTasks || others.length === 0 ? [tasksPart(app)] : []), ...others];
}

function tasksPart({ tasks }: App): IdlePart {
  return {
    onEnded: (count) => tasks.signals.ended.on(({ task }) => count(task)),
    async look() {
      const { running, nextDueMs } = await tasks.lookNow();
      const found = (await tasks.stats()).filter((stats) => stats.running > 0 || (stats.waiting > 0 && !stats.paused));
      const queues = found.map((stats) => `in the queue ${stats.queue} ${stats.running} run and ${stats.waiting} wait`);
      const busy = queues.length === 0 && running > 0 ? ["a handler runs"] : queues;
      return { busy: busy.length === 0 && isDue(nextDueMs) ? ["a task or an occurrence of a schedule is due"] : busy, nextDueMs };
    },
  };
}

function eventsPart({ events }: App, subscriptions: ReadonlySet<string>): IdlePart {
  return {
    onEnded(count) {
      const offs = [
        events.signals.handled.on(({ subscription }) => count(subscription)),
        events.signals.projected.on(({ projection }) => count(projection)),
        events.signals.skipped.on(({ projection }) => count(projection)),
      ];
      return () => offs.forEach((off) => void off());
    },
    async look() {
      const nextDueMs = await events.lookNow();
      const read = (await events.subscriptions()).filter(({ name, lag, paused }) => subscriptions.has(name) && lag > 0 && !paused);
      const projected = (await events.projections.list()).filter(({ lag, rebuild, paused }) => (lag > 0 || rebuild) && !paused);
      const busy = [
        ...read.map(({ name, lag }) => `${name} has ${lag} events to handle`),
        ...projected.map(({ name, lag, rebuild }) => `${name} has ${lag} events to apply${rebuild === undefined ? "" : " and is rebuilt"}`),
        ...(isDue(nextDueMs) ? ["an event that was parked is due"] : []),
      ];
      return { busy, nextDueMs };
    },
  };
}

function sagasPart({ sagas }: App, names: ReadonlySet<string>): IdlePart {
  return {
    onEnded: (count) => sagas.signals.ended.on(({ saga }) => count(saga)),
    async look() {
      const nextDueMs = await sagas.lookNow();
      const running = (await sagas.counts()).filter(({ name, state }) => state === "running" && names.has(name));
      const busy = running.map(({ name, count }) => `${count} of the saga ${name} run`);
      return { busy: busy.length === 0 && isDue(nextDueMs) ? ["a saga is due"] : busy, nextDueMs };
    },
  };
}

function isDue(ms: number | undefined): boolean {
  return ms !== undefined && ms <= 0;
}

import { Fault } from "../core/fault.ts";
import type { Service } from "../core/service.ts";
import type { Engine } from "../operation/durable/engine.ts";
import type { EventLog } from "../operation/events/log.ts";
import { isOfKind } from "../operation/kind.ts";
import type { OpsPage } from "../operation/ops-page.ts";
import type { SearchStore } from "../operation/sourcing/search-store.ts";
import type { EngineHost, EngineSource } from "../pipeline/engine-source.ts";
import { CodeNotes } from "./code-notes.ts";
import { defineSubscription } from "./definition.ts";
import { Events } from "./events.ts";
import { countEvents } from "./metrics.ts";
import { eventsPage } from "./ops-page.ts";
import { openedStore } from "./personal/opened-store.ts";
import type { ProjectionStore } from "./ports/projection-store.ts";
import type { EventStore } from "./ports/store.ts";
import { defineProjection } from "./projections/definition.ts";
import { InlineProjections } from "./projections/inline.ts";
import { projectionsPage } from "./projections/ops-page.ts";
import { Projections } from "./projections/projections.ts";
import { Projector } from "./projections/projector.ts";
import { ProjectionWatch } from "./projections/watch.ts";
import { KeptProjections } from "./search/kept.ts";
import { eventSignals } from "./signals.ts";
import { EventUpkeep } from "./upkeep.ts";
import { warnOfEvents } from "./warnings.ts";
import { EventWorker } from "./worker/worker.ts";

/** How an app keeps events, everything filled in. */
export interface EventEngineSpec {
  readonly store: EventStore;
  readonly retentionMs: number;
  /** Where search indexes are; undefined where the app has none. */
  readonly search?: SearchStore | undefined;
}

/** Keeps the events of an app, and runs its subscriptions. */
class EventEngine implements Engine {
  readonly kinds = ["subscription"] as const;
  readonly control: Events;
  readonly service: Service;
  readonly events: EventLog;
  readonly pages: readonly OpsPage[];

  constructor({ runtime, metrics, name, works, stopping }: EngineHost, { store, retentionMs, search }: EventEngineSpec) {
    const { registry, clock } = runtime;
    const subscriptions = [...registry.operations.values()].filter((operation) => isOfKind(operation, "subscription"));
    const definitions = subscriptions.map((compiled) => defineSubscription(compiled, registry.events));
    const signals = eventSignals();
    const projections = [...registry.projections.values()].map((compiled) => defineProjection(compiled, registry.events));
    const kept = new KeptProjections(projections, { search, store: store.projections, clock });
    const projectors = projections.map(
      (definition) => new Projector({ runtime, definition, signals, store: withProjections(store, kept.of(definition.name)) }),
    );
    const eventsOfProjection = new Map(projections.map(({ name, names }) => [name, names]));
    const isUsed = definitions.length > 0 || registry.events.size > 0;
    const upkeep = new EventUpkeep({ store, clock, signals, definitions: [...definitions, ...projections], retentionMs });
    const notes = new CodeNotes({ store: store.subscriptions, clock, signals, definitions });
    const watch = new ProjectionWatch({ clock, signals, upkeep, projectors });
    const onHeartbeat = () => {
      upkeep.onHeartbeat();
      watch.look();
    };
    const worker = works && isUsed ? new EventWorker({ name, runtime, store, definitions, projectors, signals, onHeartbeat }) : undefined;
    const lookNow = async () => worker?.lookNow();
    const tables = new Projections({ storeOf: (name) => kept.of(name), admin: store.admin, definitions: projections, watch, lookNow });
    const inline = new InlineProjections(store.projections, projections);
    this.control = new Events({
      ...{ admin: store.admin, definitions: [...definitions, ...projections], signals, lookNow, projections: tables },
    });
    this.events = {
      append: (...row) => store.log.append(...row),
      project: inline.isUsed ? (...emitted) => inline.before(...emitted) : undefined,
      load: (...read) => store.log.load(...read),
      keepSnapshot: (snapshot) => store.log.keepSnapshot(snapshot),
      find: (index, ask) => kept.find(index, ask),
      freshness: (name) => store.projections.freshness(name, eventsOfProjection.get(name) ?? []),
      horizon: () => store.log.horizon(),
      onProjected: (listener) => signals.projected.on(({ projection }) => listener(projection)),
      committed: (names) => {
        worker?.committed(names);
        store.log.notify(names);
      },
    };
    this.pages = [eventsPage(this.control, upkeep), ...(projections.length > 0 ? [projectionsPage(this.control)] : [])];
    if (isUsed) {
      countEvents(metrics, { signals, upkeep, owned: () => worker?.partitions ?? [], stalls: () => watch.stalls });
      signals.handled.on(({ subscription, outcome }) => {
        if (outcome === "done" || outcome === "dead_lettered" || outcome === "stopped")
          registry.operations.get(subscription)?.objective.countEnd(outcome === "done");
      });
      warnOfEvents(runtime, signals);
    }
    stopping.on(() => worker?.close());
    this.service = {
      name: "events",
      start: async () => {
        await inline.start();
        await worker?.declare();
        // Of subscriptions that exist, and before the first event is read: what this code takes decides which events wait for newer code.
        await notes.start();
        await worker?.start();
      },
      stop: async () => {
        await Promise.all([notes.stop(), upkeep.stop(), worker?.stop()]);
      },
    };
  }

  get starts(): never {
    throw new Fault({
      code: "failed_precondition",
      type: "subscription_not_started",
      message: "A subscription is not started: it handles the events that commands emit. Emit one of its events.",
    });
  }
}

const withProjections = ({ log, subscriptions, admin }: EventStore, projections: ProjectionStore): EventStore => ({
  ...{ log, subscriptions, admin, projections },
});

/** Keeps events in a store, and runs the subscriptions of all modules. */
export function eventEngine(spec: EventEngineSpec): EngineSource {
  return { open: (host) => new EventEngine(host, { ...spec, store: openedStore(spec.store, host.runtime.vault) }) };
}

/** Finds the events among the engines of an app. */
export function eventsOf(engines: readonly Engine[]): Events | undefined {
  return engines.find((engine) => engine instanceof EventEngine)?.control;
}

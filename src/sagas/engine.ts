import type { Service } from "../core/service.ts";
import type { Engine } from "../operation/durable/engine.ts";
import type { Starts } from "../operation/durable/start.ts";
import { isOfKind } from "../operation/kind.ts";
import type { OpsPage } from "../operation/ops-page.ts";
import type { EngineHost, EngineSource } from "../pipeline/engine-source.ts";
import { defineSaga } from "./definition.ts";
import { countSagas } from "./metrics.ts";
import { isGoodEnd } from "./objective.ts";
import { sagasPage } from "./ops-page.ts";
import type { SagaStore } from "./ports/store.ts";
import { Sagas } from "./sagas.ts";
import { sagaSignals } from "./signals.ts";
import { SagaStarter } from "./starts/starter.ts";
import { SagaUpkeep } from "./upkeep.ts";
import { warnOfSagas } from "./warnings.ts";
import { SagaWorker } from "./worker/worker.ts";

/** How an app keeps and runs sagas, everything filled in. */
export interface SagaEngineSpec {
  readonly store: SagaStore;
  readonly concurrency: number;
  readonly retentionMs: number;
}

/** Sagas as an engine of the app. */
class SagaEngine implements Engine {
  readonly kinds = ["saga"] as const;
  readonly control: Sagas;
  readonly service: Service;
  readonly starts: Starts;
  readonly pages: readonly OpsPage[];

  constructor({ runtime, metrics, name, works, stopping }: EngineHost, { store, concurrency, retentionMs }: SagaEngineSpec) {
    const { registry, clock } = runtime;
    const sagas = [...registry.operations.values()].filter((operation) => isOfKind(operation, "saga"));
    const definitions = new Map(sagas.map((compiled) => [compiled.name, defineSaga(compiled)]));
    const signals = sagaSignals();
    const upkeep = new SagaUpkeep({ admin: store.admin, clock, signals, retentionMs });
    const isUsed = definitions.size > 0;
    const worker =
      works && isUsed
        ? new SagaWorker({
            name,
            runtime,
            store,
            definitions,
            concurrency,
            signals,
            startChild: (child) => starter.startChild(child),
            onHeartbeat: () => upkeep.onHeartbeat(),
          })
        : undefined;
    const starter = new SagaStarter({ store, clock, definitions, worker });
    this.starts = starter;
    const wake = () => starter.committed(new Set(definitions.keys()));
    const lookNow = async () => worker?.lookNow();
    this.control = new Sagas({ admin: store.admin, clock, starter, definitions, signals, lookNow, wake });
    this.pages = [sagasPage(this.control)];
    if (isUsed) {
      countSagas(metrics, { signals, upkeep, running: () => worker?.running ?? 0 });
      signals.ended.on(({ saga, state, fault }) => {
        const isGood = isGoodEnd(state, fault);
        if (isGood !== undefined) definitions.get(saga)?.compiled.objective.countEnd(isGood);
      });
      warnOfSagas(runtime, signals);
    }
    stopping.on(() => worker?.close());
    this.service = {
      name: "sagas",
      start: async () => worker?.start(),
      stop: async () => {
        await Promise.all([upkeep.stop(), worker?.stop()]);
      },
    };
  }
}

/** Keeps sagas in a store, and runs those of all modules. */
export function sagaEngine(spec: SagaEngineSpec): EngineSource {
  return { open: (host) => new SagaEngine(host, spec) };
}

/** Finds the sagas among the engines of an app. */
export function sagasOf(engines: readonly Engine[]): Sagas | undefined {
  return engines.find((engine) => engine instanceof SagaEngine)?.control;
}

import type { Metrics } from "../core/metrics.ts";
import type { Signal } from "../core/signals.ts";
import type { Engine } from "../operation/durable/engine.ts";
import type { Module } from "../operation/module.ts";
import type { Runtime } from "./runtime.ts";

/** What an engine gets of the app that it belongs to. */
export interface EngineHost {
  /** Runs the work: it knows the operations of the app, its database and its clock. */
  readonly runtime: Runtime;
  readonly modules: readonly Module[];
  /** Where it shows what it counts. */
  readonly metrics: Metrics;
  /** The name of the service. */
  readonly name: string;
  /** Whether this process runs work, or only starts it. */
  readonly works: boolean;
  /** The app takes no new work from now on; the engine's service is stopped when what runs has ended. */
  readonly stopping: Signal<undefined>;
}

/** Makes an engine for one app, before it starts. */
export interface EngineSource {
  /** *Faults thrown*: what is wrong with the operations of its kinds. */
  open(host: EngineHost): Engine;
}

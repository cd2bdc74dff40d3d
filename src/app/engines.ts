import type { EngineSource } from "../pipeline/engine-source.ts";
import { taskEngine } from "../tasks/engine.ts";
import type { TasksSpec } from "../tasks/spec.ts";
import type { KeptByDatabase } from "./database.ts";

/** What decides which engines an app has. */
export interface EnginesSpec {
  readonly tasks?: TasksSpec;
  readonly engines?: readonly EngineSource[];
}

/** Lists the engines of an app: those that it was given, and a line for each of the platform's own that its database can keep the work of. */
export function engineSources({ tasks = {}, engines = [] }: EnginesSpec, kept: KeptByDatabase = {}): readonly EngineSource[] {
  return [...engines, ...(kept.tasks && kept.schedules ? [taskEngine({ store: kept.tasks, schedules: kept.schedules, spec: tasks })] : [])];
}

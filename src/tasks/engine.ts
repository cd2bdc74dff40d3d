import type { Service } from "../core/service.ts";
import type { Engine } from "../operation/durable/engine.ts";
import type { Starts } from "../operation/durable/start.ts";
import type { OpsPage } from "../operation/ops-page.ts";
import type { EngineSource } from "../pipeline/engine-source.ts";
import type { ScheduleStore } from "../schedules/store.ts";
import { tasksPage } from "./ops-page.ts";
import type { TaskStore } from "./ports/store.ts";
import type { TasksSpec } from "./spec.ts";
import { Tasks } from "./tasks.ts";

/** Tasks as an engine of the app. */
class TaskEngine implements Engine {
  readonly kinds = ["task"] as const;
  readonly tasks: Tasks;
  readonly service: Service;
  readonly starts: Starts;
  readonly pages: readonly OpsPage[];

  constructor(tasks: Tasks) {
    this.tasks = tasks;
    this.service = tasks.service;
    this.starts = tasks.starts;
    this.pages = [tasksPage(tasks)];
  }
}

/** What tasks and the schedules that start work are kept in, and how queues are served. */
export interface TaskEngineSpec {
  readonly store: TaskStore;
  readonly schedules: ScheduleStore;
  readonly spec: TasksSpec;
}

/** Runs tasks that a store keeps, and with its heartbeat the schedules of all modules. */
export function taskEngine({ store, schedules, spec }: TaskEngineSpec): EngineSource {
  return {
    open: ({ modules, ...host }) => {
      const declared = modules.flatMap((module) => module.schedules ?? []);
      return new TaskEngine(new Tasks({ ...host, store, spec, schedules: { declared, store: schedules } }));
    },
  };
}

/** Finds the tasks among the engines of an app. */
export function tasksOf(engines: readonly Engine[]): Tasks | undefined {
  return engines.find((engine) => engine instanceof TaskEngine)?.tasks;
}

import assert from "node:assert";
import { Fault } from "../core/fault.ts";
import type { Metrics } from "../core/metrics.ts";
import type { AnySchema, Input } from "../core/schema/standard.ts";
import type { Service } from "../core/service.ts";
import type { Signal } from "../core/signals.ts";
import type { Schedule } from "../operation/durable/schedule.ts";
import type { Durable, Started, Starts, Task } from "../operation/durable/start.ts";
import { isOfKind } from "../operation/kind.ts";
import type { Uses } from "../operation/resource.ts";
import type { Runtime } from "../pipeline/runtime.ts";
import { countSchedules } from "../schedules/metrics.ts";
import { Scheduler, type ScheduleState } from "../schedules/scheduler.ts";
import { type ScheduleSignals, scheduleSignals } from "../schedules/signals.ts";
import type { ScheduleStore } from "../schedules/store.ts";
import { TaskControl } from "./control.ts";
import { defineTask } from "./definition.ts";
import { countTasks } from "./metrics.ts";
import type { TaskStore } from "./ports/store.ts";
import { type TaskSignals, taskSignals } from "./signals.ts";
import type { ManyStart, OutsideStart, TasksSpec } from "./spec.ts";
import { taskRow } from "./starts/row.ts";
import { TaskStarter } from "./starts/starter.ts";
import { Upkeep } from "./upkeep/upkeep.ts";
import { warnOfFailures } from "./upkeep/warnings.ts";
import { TaskWorker } from "./worker/worker.ts";

/** What the tasks of an app need; everything filled in. */
export interface TasksOptions {
  readonly runtime: Runtime;
  readonly store: TaskStore;
  readonly spec: TasksSpec;
  /** The schedules of all modules, and what keeps them. */
  readonly schedules: { readonly declared: readonly Schedule[]; readonly store: ScheduleStore };
  readonly metrics: Metrics;
  readonly name: string;
  /** Whether this process runs tasks, or only starts them. */
  readonly works: boolean;
  readonly stopping: Signal<undefined>;
}

/** The tasks of an app: starts them, runs them, and shows and controls them. */
export class Tasks extends TaskControl {
  /** What an app starts and stops. */
  readonly service: Service;
  readonly signals: TaskSignals & { readonly schedules: ScheduleSignals } = { ...taskSignals(), schedules: scheduleSignals() };
  readonly #runtime: Runtime;
  readonly #starter: TaskStarter;
  readonly #worker: TaskWorker | undefined;
  readonly #scheduler: Scheduler;
  readonly #beats: (() => Promise<void>)[] = [];
  readonly #upkeep: Upkeep;

  constructor(options: TasksOptions) {
    const { runtime, store, spec, schedules, metrics, name, works, stopping } = options;
    const tasks = [...runtime.registry.operations.values()].filter((operation) => isOfKind(operation, "task"));
    const definitions = new Map(tasks.map((compiled) => [compiled.name, defineTask(compiled)]));
    super({ store, clock: runtime.clock, queues: [...new Set([...definitions.values()].map(({ queue }) => queue))] });
    this.#runtime = runtime;
    const wakeOwn = (queues: ReadonlySet<string>) => this.#worker?.wake(queues);
    this.#starter = new TaskStarter({ store, clock: runtime.clock, definitions, wakeOwn });
    if (works && (schedules.declared.length > 0 || definitions.size > 0 || spec.queues !== undefined))
      this.#worker = new TaskWorker({
        ...{ name, runtime, store, definitions, queues: spec.queues ?? {}, signals: this.signals, stopping },
        onHeartbeat: () => this.#onHeartbeat(),
      });
    this.#upkeep = new Upkeep({ store: store.admin, clock: runtime.clock, signals: this.signals });
    countTasks(metrics, { signals: this.signals, running: () => this.#worker?.running ?? 0, upkeep: this.#upkeep });
    this.signals.ended.on(({ task, outcome }) => {
      if (outcome === "completed" || outcome === "dead_lettered")
        definitions.get(task)?.compiled.objective.countEnd(outcome === "completed");
    });
    countSchedules(metrics, this.signals.schedules);
    warnOfFailures(runtime, this.signals, this.signals.schedules);
    this.#scheduler = new Scheduler({
      ...{ schedules: schedules.declared, store: schedules.store, clock: runtime.clock, signals: this.signals.schedules },
      startsOf: (work) => this.#startsOf(work),
    });
    this.service = { name: "tasks", start: () => this.#start(), stop: () => this.#stop() };
  }

  /** What running operations start tasks with. */
  get starts(): Starts {
    return this.#starter;
  }

  /** The schedules of this app, each with its last and next occurrence. */
  get schedules(): readonly ScheduleState[] {
    return this.#scheduler.list();
  }

  /** Stops a schedule in all processes. *Faults thrown*: `not_found` of type `schedule_unknown`. */
  pauseSchedule(name: string): Promise<void> {
    return this.#scheduler.pause(name);
  }

  /** Resumes a schedule with its next occurrence; those during the pause are skipped. */
  resumeSchedule(name: string): Promise<void> {
    return this.#scheduler.resume(name);
  }

  /** Whether this process runs tasks. */
  get works(): boolean {
    return this.#worker !== undefined;
  }

  /** Runs `work` with the worker's regular look at the database, at most once in a second and a half. */
  eachHeartbeat(work: () => Promise<void>): void {
    this.#beats.push(work);
  }

  /** Starts a task, which is durable when this resolves. Calls at the same time share writes. */
  start<I extends AnySchema, U extends Uses>(task: Task<I, U>, input: Input<I>, options: OutsideStart = {}): Promise<Started> {
    return this.#starter.startRow(this.#rowOf(task, input, options));
  }

  /**
   * Starts many tasks and returns their ids. It checks all inputs before it writes the first; then it writes them in parts, each of which is durable as a
   * whole or not at all. The options hold for all tasks. `key`: a text, to which the index of each task is added, or a function that returns the key of
   * each. A task whose key was used before is not started again, so you can repeat the call if its outcome is unknown.
   * *Bounds*: `limits.taskBatch` tasks and `limits.taskBatchBytes` of input in each write.
   * *Faults thrown*: `invalid_argument`; `failed_precondition` of type `task_key_mismatch`; `unavailable`.
   * @example await app.tasks.startMany(sendReceipt, orders, { key: ({ orderId }) => orderId });
   */
  startMany<I extends AnySchema, U extends Uses>(
    task: Task<I, U>,
    inputs: readonly Input<I>[],
    { key, ...options }: ManyStart<Input<I>> = {},
  ): Promise<readonly string[]> {
    const keyOf = typeof key === "string" ? (_: unknown, index: number) => `${key}:${index}` : key;
    return this.#starter.startMany(inputs.length, (index) => {
      const input = inputs[index]!;
      return this.#rowOf(task, input, { ...options, ...(keyOf && { key: keyOf(input, index) }) });
    });
  }

  /**
   * Looks for due tasks, retries and occurrences of schedules now, without waiting for the worker's next look. Returns how many tasks run in this
   * process, and in how many milliseconds of database time the next one is due.
   * *Faults thrown*: `failed_precondition` of type `tasks_not_run` if this process runs no tasks.
   */
  async lookNow(): Promise<{ readonly running: number; readonly nextDueMs: number | undefined }> {
    const worker = this.#worker;
    if (worker === undefined)
      throw new Fault({
        code: "failed_precondition",
        type: "tasks_not_run",
        message: 'This app runs no tasks. Give createApp modules with tasks, and the role "worker".',
      });
    const taskDueMs = await worker.lookNow();
    await this.#scheduler.lookNow();
    const dueMs = Math.min(taskDueMs ?? Number.POSITIVE_INFINITY, this.#scheduler.nextDueMs ?? Number.POSITIVE_INFINITY);
    return { running: worker.running, nextDueMs: Number.isFinite(dueMs) ? dueMs : undefined };
  }

  #rowOf(task: Task, input: unknown, { tenant, actor, ...options }: OutsideStart) {
    const definition = this.#starter.definitionOf(task);
    const from = { tenant, actorId: actor, traceparent: undefined };
    return taskRow(definition, { id: this.#runtime.clock.uuid(), from, input, options });
  }

  /** Schedules are looked through before the app has taken up this engine. */
  #startsOf({ name, kind }: Durable): Starts {
    const starts = isOfKind({ kind }, "task") ? this.#starter : this.#runtime.startsOf(kind);
    if (starts === undefined) assert.fail(`${name} is a ${kind}, and no engine of this app runs one. Give createApp the engine.`);
    return starts;
  }

  async #start(): Promise<void> {
    if (this.#worker === undefined) return;
    await this.#scheduler.start();
    await this.#worker.start();
  }

  async #stop(): Promise<void> {
    await Promise.all([this.#scheduler.stop(), this.#upkeep.stop()]);
    await this.#worker?.stop();
  }

  async #onHeartbeat(): Promise<number | undefined> {
    await this.#scheduler.fireDue();
    this.#upkeep.onHeartbeat();
    for (const work of this.#beats) await work();
    return this.#scheduler.nextDueMs;
  }
}

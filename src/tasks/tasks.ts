import { sleep } from "../core/clock.ts";
import { type Duration, toMs } from "../core/duration.ts";
import type { Metrics } from "../core/metrics.ts";
import type { AnySchema, Input } from "../core/schema.ts";
import type { Service } from "../core/service.ts";
import type { Signal } from "../core/signals.ts";
import type { Schedule } from "../operation/durable/schedule.ts";
import type { Started, StartOptions, Task } from "../operation/durable/task.ts";
import type { Uses } from "../operation/resource.ts";
import type { Runtime } from "../pipeline/runtime.ts";
import { defineTask, type TaskDefinition } from "./definition.ts";
import { countTasks } from "./metrics.ts";
import type { QueueSpec } from "./queue-worker.ts";
import { taskRow } from "./row.ts";
import { countSchedules } from "./schedules/metrics.ts";
import { type ScheduledStart, Scheduler, type ScheduleState } from "./schedules/scheduler.ts";
import { type ScheduleSignals, scheduleSignals } from "./schedules/signals.ts";
import { type TaskSignals, taskSignals } from "./signals.ts";
import { TaskStarter } from "./starter.ts";
import type { DeadTask, QueueStats, TaskState, TaskStore } from "./store.ts";
import { TaskWorker } from "./worker.ts";

/** How an app keeps and runs tasks. */
export interface TasksSpec {
  /** How queues are served; those that are not named here are served by the defaults. */
  readonly queues?: Readonly<Record<string, QueueSpec>>;
}

/** Who starts a task from outside any operation. */
export interface OutsideStart extends StartOptions {
  readonly tenant?: string;
  /** On whose behalf. */
  readonly actor?: string;
}

const statsBound = 100_000;
const expireEveryTicks = 40;
const quietMs = 10_000;
const drainLookMs = 50;

/** The tasks of an app: what starts them, what runs them, and what people ask about them. */
export class Tasks {
  /** What an app starts and stops. */
  readonly service: Service;
  readonly signals: TaskSignals & { readonly schedules: ScheduleSignals } = { ...taskSignals(), schedules: scheduleSignals() };
  readonly #runtime: Runtime;
  readonly #store: TaskStore;
  readonly #starter: TaskStarter;
  readonly #worker: TaskWorker | undefined;
  readonly #scheduler: Scheduler;
  readonly #definitions: ReadonlyMap<string, TaskDefinition>;
  readonly #onTick: (() => Promise<void>)[] = [];
  #ticks = 0;

  constructor(options: {
    readonly runtime: Runtime;
    readonly store: TaskStore;
    readonly spec: TasksSpec;
    readonly schedules: readonly Schedule[];
    readonly metrics: Metrics;
    readonly name: string;
    /** Whether this process runs tasks, or only starts them. */
    readonly works: boolean;
    readonly stopping: Signal<undefined>;
  }) {
    const { runtime, store, spec, schedules, metrics, name, works, stopping } = options;
    this.#runtime = runtime;
    this.#store = store;
    const tasks = [...runtime.registry.operations.values()].filter(({ kind }) => kind === "task");
    this.#definitions = new Map(tasks.map((compiled) => [compiled.name, defineTask(compiled)]));
    const wakeOwn = (queues: ReadonlySet<string>) => this.#worker?.wake(queues);
    this.#starter = new TaskStarter({ store, clock: runtime.clock, definitions: this.#definitions, wakeOwn });
    const scheduled = schedules.length > 0;
    if (works && (scheduled || this.#definitions.size > 0 || spec.queues !== undefined))
      this.#worker = new TaskWorker({
        ...{ name, runtime, store, definitions: this.#definitions, queues: spec.queues ?? {}, signals: this.signals, stopping },
        onTick: () => this.#tick(),
      });
    countTasks(metrics, { signals: this.signals, running: () => this.#worker?.running ?? 0 });
    countSchedules(metrics, this.signals.schedules);
    runtime.tasks = this.#starter;
    this.#logFailures();
    this.#scheduler = new Scheduler({
      ...{ schedules, store: store.schedules, clock: runtime.clock, signals: this.signals.schedules },
      prepare: (start) => this.#prepare(start),
      wake: (queues) => {
        wakeOwn(queues);
        store.tell([...queues]);
      },
    });
    this.service = { name: "tasks", start: () => this.#start(), stop: () => this.#stop() };
  }

  /** How the schedules of this app stand. */
  get schedules(): readonly ScheduleState[] {
    return this.#scheduler.list();
  }

  /** Starts nothing of a schedule any more, in the whole fleet. *Faults thrown*: `not_found` of type `schedule_unknown`. */
  pauseSchedule(name: string): Promise<void> {
    return this.#scheduler.pause(name);
  }

  /** Goes on with its next tick; those of the pause are not made up for. */
  resumeSchedule(name: string): Promise<void> {
    return this.#scheduler.resume(name);
  }

  /** Whether this process runs tasks. */
  get works(): boolean {
    return this.#worker !== undefined;
  }

  /** The queues of all tasks that this app knows. */
  get queues(): readonly string[] {
    return [...new Set([...this.#definitions.values()].map(({ queue }) => queue))];
  }

  /** Runs `work` with the worker's regular look at the database, at most once in a second and a half. */
  eachTick(work: () => Promise<void>): void {
    this.#onTick.push(work);
  }

  /** Starts a task. It is durable when this resolves; callers at the same time share durable writes. */
  start<I extends AnySchema, U extends Uses>(task: Task<I, U>, input: Input<I>, options: OutsideStart = {}): Promise<Started> {
    return this.#starter.startRow(this.#rowOf(task, input, options));
  }

  /** Starts many, a thousand in each durable write; returns their ids. Options hold for all of them; a key does not. */
  async startMany<I extends AnySchema, U extends Uses>(
    task: Task<I, U>,
    inputs: readonly Input<I>[],
    options: Omit<OutsideStart, "key" | "delay" | "at"> = {},
  ): Promise<readonly string[]> {
    const rows = inputs.map((input) => this.#rowOf(task, input, options));
    await this.#starter.startMany(rows);
    return rows.map(({ id }) => id);
  }

  /** What waits, runs and failed, by queue. *Bounds*: counts end at 100,000. */
  stats(queues: readonly string[] = this.queues): Promise<readonly QueueStats[]> {
    return this.#store.admin.stats(queues, statsBound);
  }

  /** Dead letters, the last ones first. */
  dead({ name, limit = 100 }: { readonly name?: string; readonly limit?: number } = {}): Promise<readonly DeadTask[]> {
    return this.#store.admin.dead(name, Math.min(limit, 1_000));
  }

  /** Gives dead letters a new life: one by its id, those of one task, or all; returns how many. *Default*: at most 1,000. */
  async revive({
    id,
    name,
    limit = 1_000,
  }: {
    readonly id?: string;
    readonly name?: string;
    readonly limit?: number;
  } = {}): Promise<number> {
    const revived = await this.#store.admin.revive({ id, name, limit });
    this.#store.tell(this.queues);
    return revived;
  }

  /** Nothing more of a queue is begun, in the whole fleet. */
  pause(queue: string): Promise<void> {
    return this.#store.admin.pause(queue, true);
  }

  /**
   * Pauses a queue, and waits until none of it runs any more, in the whole fleet: false where that takes longer than `within`. It stays paused.
   * *Default*: 30 s. *Guarantees*: what a dead worker had counts until others may take it.
   */
  async drain(queue: string, { within = "30s" }: { readonly within?: Duration } = {}): Promise<boolean> {
    const { clock } = this.#runtime;
    const until = clock.monotonic() + toMs(within);
    await this.pause(queue);
    for (;;) {
      const [stats] = await this.stats([queue]);
      if (stats?.running === 0) return true;
      if (clock.monotonic() + drainLookMs > until) return false;
      await sleep(clock, drainLookMs);
    }
  }

  async resume(queue: string): Promise<void> {
    await this.#store.admin.pause(queue, false);
    this.#store.tell([queue]);
  }

  /** Cancels what has not begun, and aborts the signal of what runs: `running`. */
  cancel(id: string): Promise<"cancelled" | "running" | "unknown"> {
    return this.#store.admin.cancel(id);
  }

  state(id: string): Promise<TaskState> {
    return this.#store.admin.state(id);
  }

  /** At most one line in ten seconds: a database that is gone fails every look at it. */
  #logFailures(): void {
    const { clock, signals } = this.#runtime;
    let quietUntil = Number.NEGATIVE_INFINITY;
    const warn = (message: string, error: unknown) => {
      if (clock.monotonic() < quietUntil) return;
      quietUntil = clock.monotonic() + quietMs;
      const fields = { error: error instanceof Error ? error.message : String(error) };
      const ids = { requestId: "", traceId: "", spanId: "" };
      signals.logged.publish({ level: "warn", message, fields, at: clock.now(), operation: "plimsoll.tasks", ...ids });
    };
    this.signals.failing.on(({ error }) => warn("The worker cannot reach its tasks. It goes on trying.", error));
    this.signals.schedules.failed.on(({ schedule, error }) =>
      warn(`The schedule ${schedule} cannot start its task. It goes on trying.`, error),
    );
  }

  #rowOf(task: Task, input: unknown, { tenant, actor, ...options }: OutsideStart) {
    const definition = this.#starter.definitionOf(task);
    const from = { tenant, actorId: actor, traceparent: undefined };
    return taskRow(definition, { id: this.#runtime.clock.uuid(), from, input, options });
  }

  async #start(): Promise<void> {
    if (this.#worker === undefined) return;
    await this.#scheduler.start();
    await this.#worker.start();
  }

  async #stop(): Promise<void> {
    await this.#scheduler.stop();
    await this.#worker?.stop();
  }

  #prepare({ task, input, key, tenant, priority }: ScheduledStart) {
    const options = { key, ...(tenant !== undefined && { tenant }), ...(priority !== undefined && { priority }) };
    const row = this.#rowOf(task, input, options);
    return { id: row.id, queue: row.queue, statement: this.#store.insertionOne(row) };
  }

  async #tick(): Promise<number | undefined> {
    await this.#scheduler.tick();
    if (++this.#ticks % expireEveryTicks === 0) await this.#store.admin.expire();
    for (const work of this.#onTick) await work();
    return this.#scheduler.nextDueMs;
  }
}

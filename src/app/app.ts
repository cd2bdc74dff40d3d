import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../core/clock.ts";
import { type Duration, toMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits as defaults } from "../core/limits.ts";
import { Metrics } from "../core/metrics.ts";
import type { AnySchema, Input, Output } from "../core/schema.ts";
import { type Service, startAll, stopAll } from "../core/service.ts";
import { Signal } from "../core/signals.ts";
import type { Authenticator } from "../operation/actor.ts";
import { none, type Tenancy } from "../operation/actor.ts";
import type { Action, Command, LimitMode, Query } from "../operation/contract.ts";
import type { Module } from "../operation/module.ts";
import type { Override, Uses } from "../operation/resource.ts";
import type { TelemetrySink } from "../operation/telemetry.ts";
import type { Database } from "../operation/transaction.ts";
import { cursors } from "../pipeline/cursor.ts";
import { buildRegistry } from "../pipeline/registry.ts";
import { Runtime, type RuntimeSignals } from "../pipeline/runtime.ts";
import { Locks } from "../tasks/locks/locks.ts";
import type { TaskStore } from "../tasks/store.ts";
import { Tasks, type TasksSpec } from "../tasks/tasks.ts";
import { callDirectly, type DirectCall } from "./direct-call.ts";
import { registerGauges } from "./gauges.ts";
import { LoopMonitor } from "./loop-monitor.ts";
import { Ops, type OpsSpec } from "./ops.ts";
import { Resources } from "./resources.ts";
import type { Surface } from "./surface.ts";

/** What an app is made of: the one place where modules and edges meet. */
export interface AppSpec {
  /** Names the service in telemetry and documents. *Default*: `plimsoll-app`, version `0.0.0`. */
  readonly service?: { readonly name: string; readonly version?: string };
  readonly modules: readonly Module[];
  /** Needed by every query and command. */
  readonly database?: DatabaseSource;
  /** *Default*: `none()`. */
  readonly tenancy?: Tenancy;
  /** Who asks; without it everybody is anonymous. */
  readonly authentication?: Authenticator;
  readonly surfaces?: readonly Surface[];
  /** Health and metrics, on a port that is never the public one. */
  readonly ops?: OpsSpec;
  readonly telemetry?: readonly TelemetrySink[];
  /** Values in the place of resources. */
  readonly provide?: readonly Override[];
  /** How tasks are run. Without a database that keeps them there are none. */
  readonly tasks?: TasksSpec;
  /** What this process does: serve its surfaces, run tasks, or both. Processes that only start tasks need no role for it. *Default*: both. */
  readonly roles?: readonly ("http" | "worker")[];
  /** Of the whole process. *Defaults*: 1,024 at once, 2,048 waiting. */
  readonly limits?: { readonly concurrency?: number; readonly queue?: number };
  /** Of one actor, or of one address where nobody signed in. *Default*: 1,000 per second, 2,000 at once; `perSecond: 0` switches it off. */
  readonly rateLimit?: { readonly perSecond: number; readonly burst?: number; readonly mode?: LimitMode };
  /**
   * Seals the cursors of pages: a secret of at least 32 bytes, or several while they are rotated, of which the first seals.
   * *Defaults*: a secret of this process alone, so that cursors end with it; 24 h.
   */
  readonly cursors?: { readonly key: string | readonly string[]; readonly ttl?: Duration };
  /** Share of traces that are kept from the head, 0 to 1. *Default*: 0.01. */
  readonly sample?: number;
  /** Checks rows and more. *Default*: whether `NODE_ENV` is not `production`. */
  readonly development?: boolean;
  /** How long a stop waits for what runs. *Default*: 30 s. */
  readonly shutdown?: Duration;
  readonly clock?: Clock;
}

/** A database that is told, before it starts, which modules it serves. */
export interface DatabaseSource {
  open(context: DatabaseContext): Database & { readonly tasks?: TaskStore };
}

export interface DatabaseContext {
  readonly modules: readonly Module[];
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly serviceName: string;
}

/** A running or startable application. */
export interface App extends Service {
  readonly signals: RuntimeSignals & { readonly stopping: Signal<undefined> };
  readonly runtime: Runtime;
  readonly metrics: Metrics;
  /** Its durable tasks. *Faults thrown* where the app has no database that keeps them: `failed_precondition`. */
  readonly tasks: Tasks;
  /** Locks and leadership in the whole fleet. *Faults thrown*: as `tasks`. */
  readonly locks: Locks;
  /** Whether it takes new work. */
  readonly ready: boolean;
  /**
   * Runs an operation, internal ones included, on the way of every request: for programs, seeds and tests.
   * *Faults thrown*: those that any caller would see.
   * @example await app.call(importProducts, { products }, { actor: system });
   */
  call<I extends AnySchema, O extends AnySchema>(
    operation: Query<I, O> | Command<I, O> | Action<I, O, Uses>,
    input: Input<I>,
    call?: DirectCall,
  ): Promise<Output<O>>;
  /** Refuses new work, lets what runs finish, and lets everything go. `withinMs`: how long it waits. *Default*: `shutdown`. */
  stop(options?: { readonly withinMs?: number }): Promise<void>;
  /** Answers a web `Request` through the same pipeline; the first HTTP surface does it. Needs `start`, not a port. */
  fetch(request: Request): Promise<Response>;
  /** Where the surfaces and the ops port listen. */
  readonly urls: { readonly surfaces: readonly string[]; readonly ops: string | undefined };
}

/**
 * Puts an application together. Nothing is opened before `start`.
 * *Faults thrown*: `failed_precondition` of type `app_invalid` with all problems of the modules at once.
 * @example
 * const app = createApp({ modules: [orders], database: embedded({ directory: ".data" }), surfaces: [http({ port: 3000 })] });
 * await app.start();
 */
export function createApp(spec: AppSpec): App {
  return new RunningApp(spec);
}

class RunningApp implements App {
  readonly name: string;
  readonly runtime: Runtime;
  readonly metrics = new Metrics();
  readonly signals: App["signals"];
  readonly #spec: AppSpec;
  readonly #services: readonly Service[];
  readonly #resources: Resources;
  readonly #ops: Ops | undefined;
  readonly #tasks: Tasks | undefined;
  readonly #locks: Locks | undefined;
  #state: "new" | "ready" | "stopping" | "stopped" = "new";
  #stopped: Promise<void> | undefined;

  constructor(spec: AppSpec) {
    this.#spec = spec;
    const { clock = systemClock, modules, cursors: { key = clock.randomBytes(32), ttl = defaults.cursorTtlMs } = {} } = spec;
    this.name = spec.service?.name ?? "plimsoll-app";
    const registry = buildRegistry(modules);
    const database = spec.database?.open({ modules, metrics: this.metrics, clock, serviceName: this.name });
    this.runtime = new Runtime(registry, {
      clock,
      database,
      tenancy: spec.tenancy ?? none(),
      cursors: cursors({ key, ttlMs: toMs(ttl), clock }),
      development: spec.development ?? process.env.NODE_ENV !== "production",
      sample: spec.sample ?? 0.01,
      concurrency: spec.limits?.concurrency ?? defaults.processConcurrency,
      queue: spec.limits?.queue ?? defaults.processQueue,
      rateLimit: {
        perSecond: spec.rateLimit?.perSecond ?? defaults.ratePerSecond,
        burst: spec.rateLimit?.burst ?? (spec.rateLimit ? spec.rateLimit.perSecond * 2 : defaults.rateBurst),
        maxKeys: defaults.rateKeys,
        mode: spec.rateLimit?.mode ?? "enforce",
      },
    });
    this.signals = { ...this.runtime.signals, stopping: new Signal("stopping") };
    if (database?.tasks !== undefined) {
      this.#locks = new Locks({ store: database.tasks.locks, clock, holder: this.name });
      this.#tasks = new Tasks({
        ...{
          runtime: this.runtime,
          store: database.tasks,
          spec: spec.tasks ?? {},
          schedules: modules.flatMap(({ schedules = [] }) => schedules),
          metrics: this.metrics,
          name: this.name,
        },
        works: spec.roles?.includes("worker") ?? true,
        stopping: this.signals.stopping,
      });
    }
    this.#resources = new Resources(registry, spec.provide ?? []);
    this.#ops = spec.ops && new Ops(spec.ops, { ready: () => this.#readiness(), sinks: spec.telemetry ?? [], tasks: this.#tasks });
    registerGauges(this.metrics, this.runtime);
    this.#services = this.#plan();
  }

  get locks(): Locks {
    if (this.#locks !== undefined) return this.#locks;
    throw new Fault({
      code: "failed_precondition",
      type: "tasks_unavailable",
      message: "This app keeps no locks. Give createApp a database.",
    });
  }

  get tasks(): Tasks {
    if (this.#tasks !== undefined) return this.#tasks;
    throw new Fault({
      code: "failed_precondition",
      type: "tasks_unavailable",
      message: "This app keeps no tasks. Give createApp a database.",
    });
  }

  get ready(): boolean {
    return this.#state === "ready";
  }

  get urls() {
    const surfaces = (this.#spec.surfaces ?? []).flatMap((surface) => (surface.url === undefined ? [] : [surface.url]));
    return { surfaces, ops: this.#ops?.url };
  }

  async start(): Promise<void> {
    if (this.#state === "ready") return;
    await startAll(this.#services);
    this.#state = "ready";
  }

  stop(options: { readonly withinMs?: number } = {}): Promise<void> {
    this.#stopped ??= this.#stop(options.withinMs ?? toMs(this.#spec.shutdown ?? defaults.shutdownMs));
    return this.#stopped;
  }

  call<I extends AnySchema, O extends AnySchema>(operation: Query<I, O>, input: Input<I>, call?: DirectCall): Promise<Output<O>> {
    return callDirectly(this.runtime, operation, { ...call, input }) as Promise<Output<O>>;
  }

  async fetch(request: Request): Promise<Response> {
    const surface = this.#spec.surfaces?.find((candidate) => candidate.fetch !== undefined);
    if (surface?.fetch === undefined)
      throw new Fault({ code: "failed_precondition", message: "app.fetch needs an HTTP surface. Add http({ port: false }) to createApp." });
    return surface.fetch(request);
  }

  /** Everything with a lifetime, in the order of its start; it stops in reverse. */
  #plan(): readonly Service[] {
    const { surfaces = [], telemetry = [] } = this.#spec;
    const { clock, registry } = this.runtime;
    const version = this.#spec.service?.version ?? "0.0.0";
    const operations = [...registry.operations.values()].map(({ name, module, kind }) => ({ name, module, kind }));
    const sinks = telemetry.map((sink) => ({
      name: sink.name,
      start: async () => {
        const { executed, logged } = this.runtime.signals;
        const service = { name: this.name, version, instance: randomUUID() };
        await sink.attach({ executed, logged, metrics: this.metrics, operations, service, clock });
      },
      stop: () => sink.stop(),
    }));
    this.runtime.surround(telemetry);
    const host = {
      runtime: this.runtime,
      authenticator: this.#spec.authentication,
      service: { name: this.name, version },
      stopping: this.signals.stopping,
    };
    const served = this.#spec.roles?.includes("http") === false ? [] : surfaces;
    const ways = served.map((surface) => ({ name: surface.name, start: () => surface.start(host), stop: () => surface.stop() }));
    return [
      ...sinks,
      new LoopMonitor(this.runtime),
      ...(this.#ops ? [this.#ops] : []),
      ...(this.runtime.database ? [this.runtime.database] : []),
      this.#resources,
      ...(this.#tasks ? [this.#tasks.service] : []),
      ...ways,
    ];
  }

  async #readiness(): Promise<string | undefined> {
    if (this.#state !== "ready") return `the app is ${this.#state === "new" ? "starting" : this.#state}`;
    try {
      await this.runtime.database?.ping();
      return undefined;
    } catch {
      return "the database does not answer";
    }
  }

  async #stop(withinMs: number): Promise<void> {
    this.#state = "stopping";
    this.signals.stopping.publish(undefined);
    const { surfaces = [] } = this.#spec;
    await Promise.all(surfaces.map((surface) => surface.close()));
    await Promise.all([this.runtime.drain(withinMs), this.#locks?.stop(withinMs)]);
    await stopAll(this.#services);
    this.#state = "stopped";
  }
}

import assert from "node:assert";
import { keepProcess, systemClock, type Timer } from "../core/clock.ts";
import { toMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits as defaults } from "../core/limits.ts";
import { LoadLines, linesOf } from "../core/load-line/load-lines.ts";
import { sharedLines } from "../core/load-line/shared-lines.ts";
import { Metrics } from "../core/metrics.ts";
import type { AnySchema, Input, Output } from "../core/schema/standard.ts";
import { type Service, startAll, stopAll } from "../core/service.ts";
import { Signal } from "../core/signals.ts";
import { LoopTurns } from "../core/turn/loop-turns.ts";
import { stillTurn } from "../core/turn/turn-clock.ts";
import { Locks } from "../locks/locks.ts";
import { arePerTenant } from "../operation/access/tenant-permissions.ts";
import { type Authenticator, none } from "../operation/actor.ts";
import { bearer } from "../operation/authentication/bearer.ts";
import { chain } from "../operation/authentication/chain.ts";
import type { Action, Command, Query, StreamAction, StreamQuery } from "../operation/contract.ts";
import type { Engine } from "../operation/durable/engine.ts";
import type { Uses } from "../operation/resource.ts";
import type { TelemetrySink } from "../operation/telemetry.ts";
import { refuseInsideCalls } from "../pipeline/away/inside-calls.ts";
import { type Cursors, cursors } from "../pipeline/cursor.ts";
import type { EngineSource } from "../pipeline/engine-source.ts";
import type { HostSignals } from "../pipeline/host.ts";
import { buildRegistry, type SurfaceCompiler } from "../pipeline/registry/registry.ts";
import { Runtime } from "../pipeline/runtime.ts";
import { accessPage, accessPath } from "./access/page.ts";
import { type AppSpec, withSurfaceModules } from "./app-spec.ts";
import { type KeptByDatabase, withoutDatabase } from "./database.ts";
import { callDirectly, type DirectCall } from "./direct-call.ts";
import type { DurableParts } from "./durable-parts.ts";
import { auditOf, engineSources, eventsOf, messagingOf, openEngines, refuseUnkept, sagasOf, tasksOf } from "./engines.ts";
import { registerGauges } from "./gauges.ts";
import { loadLinesPage } from "./load-lines/page.ts";
import { showLoadLines } from "./load-lines/show.ts";
import { LoopMonitor } from "./loop-monitor.ts";
import { exposeAll } from "./ops/expose.ts";
import { Ops, type OpsSources } from "./ops/ops.ts";
import { checkOptions } from "./options.ts";
import type { AppParts } from "./processes/app-parts.ts";
import type { SupervisorLink } from "./processes/link.ts";
import { memberVariable } from "./processes/member-variable.ts";
import { supervisorRates } from "./processes/rates.ts";
import { Resources } from "./resources.ts";
import type { FetchCaller, Surface } from "./surface.ts";

/** An application, from `createApp` to its stop. */
export interface App extends Service, DurableParts {
  readonly signals: HostSignals & { readonly stopping: Signal<undefined> };
  readonly metrics: Metrics;
  /** Every limit of the process: how much it admits and refuses, and its mode. */
  readonly loadLines: LoadLines;
  /** Whether the app accepts new work. */
  readonly ready: boolean;
  /**
   * Opens the parts of the app, and then accepts work. Calls at the same time share one start.
   * *Guarantees*: until the app has stopped, or its start has failed, the process does not exit by itself, even if the app loses its database.
   * `keepsProcess: false` switches this off.
   */
  start(options?: { readonly keepsProcess?: boolean }): Promise<void>;
  /**
   * Runs an operation, also an internal one, through the same pipeline as a request: for programs, seeds and tests.
   * *Faults thrown*: those that a caller would get.
   * @example await app.call(importProducts, { products }, { actor: system });
   */
  call<I extends AnySchema, O extends AnySchema>(
    operation: Query<I, O> | Command<I, O> | Action<I, O, Uses>,
    input: Input<I>,
    call?: DirectCall,
  ): Promise<Output<O>>;
  /**
   * Runs an operation that streams, like `call`, and returns its items once it has opened. A caller who stops to iterate ends it.
   * *Faults thrown*: those that a caller would get; while it is iterated, those after the first item.
   * @example for await (const progress of await app.stream(watchImport, { importId })) …
   */
  stream<I extends AnySchema, S extends AnySchema>(
    operation: StreamQuery<I, S, Uses> | StreamAction<I, S, Uses>,
    input: Input<I>,
    call?: DirectCall,
  ): Promise<AsyncIterable<Output<S>>>;
  /** Refuses new work, lets running work finish, and closes all parts; it waits for a start in progress first. `withinMs`: how long it waits for running work. *Default*: `shutdown`. */
  stop(options?: { readonly withinMs?: number }): Promise<void>;
  /**
   * Handles a web `Request` through the same pipeline, with the first HTTP surface. It needs `start`, but no port.
   * Pass the peer's address, which a `Request` does not have: callers who have not signed in are limited by it; without it they all share one rate.
   * @example app.fetch(request, { address: socket.remoteAddress })
   */
  fetch(request: Request, caller?: FetchCaller): Promise<Response>;
  /** Where the surfaces and the ops port listen. */
  readonly urls: { readonly surfaces: readonly string[]; readonly ops: string | undefined };
}

/**
 * Creates an application from modules and edges, and checks both. It opens nothing before `start`.
 * *Faults thrown*: `failed_precondition` of type `app_invalid` with all problems of the modules at once.
 * @example
 * const app = createApp({ modules: [orders], database: embedded({ directory: ".data" }), surfaces: [http({ port: 3000 })] });
 * await app.start();
 */
export function createApp(spec: AppSpec): App {
  return new RunningApp(spec);
}

/** The runtime behind an app, for what tests an app from within; an application has no use for it. Anything that `createApp` did not make is a bug. */
export function runtimeOf(app: App): Runtime {
  assert(app instanceof RunningApp, "only an app that createApp made has a runtime");
  return app.runtime;
}

/** The surfaces of an app, for what describes what it serves. Anything that `createApp` did not make is a bug. */
export function surfacesOf(app: App): readonly Surface[] {
  assert(app instanceof RunningApp, "only an app that createApp made has surfaces");
  return app.surfaces;
}

/** For what runs an app in several processes. Anything that `createApp` did not make is a bug. */
export function partsOf(app: App): AppParts {
  assert(app instanceof RunningApp, "only an app that createApp made has parts");
  return app.parts();
}

class RunningApp implements App {
  readonly name: string;
  readonly runtime: Runtime;
  readonly metrics = new Metrics();
  readonly loadLines: LoadLines;
  readonly signals: App["signals"];
  readonly #spec: AppSpec;
  readonly #authenticator: Authenticator | undefined;
  #cursors: Cursors;
  #services: readonly Service[];
  #link: SupervisorLink | undefined;
  readonly #resources: Resources;
  readonly #ops: Ops | undefined;
  readonly #engines: readonly Engine[];
  readonly #database: KeptByDatabase | undefined;
  readonly #locks: Locks | undefined;
  #state: "new" | "starting" | "ready" | "stopping" | "stopped" = "new";
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #kept: Timer | undefined;

  constructor(given: AppSpec) {
    const spec = withSurfaceModules(given);
    this.#spec = spec;
    const { clock = systemClock, modules } = spec;
    this.#cursors = this.#makeCursors(clock.randomBytes(32));
    this.name = spec.service?.name ?? "plimsoll-app";
    this.loadLines = new LoadLines(clock);
    const registry = buildRegistry(modules, [
      (_, operations, report) => checkOptions(spec, operations, report),
      // Checked in every role, so that an invalid app starts in no process.
      ...(spec.surfaces ?? []).map(
        (surface): SurfaceCompiler =>
          (declared, operations, report) =>
            surface.compile?.(declared, operations, report),
      ),
    ]);
    const database = spec.database?.open({ modules, metrics: this.metrics, loadLines: this.loadLines, clock, serviceName: this.name });
    const declared = spec.authentication && chain(spec.authentication);
    this.#authenticator = declared?.open?.({ clock, sessions: database?.sessions }) ?? declared;
    this.runtime = new Runtime(registry, {
      ...{
        clock,
        turns: spec.turns ?? (clock === systemClock ? new LoopTurns() : stillTurn),
        metrics: this.metrics,
        loadLines: this.loadLines,
        modules,
      },
      database,
      tenancy: spec.tenancy ?? none(),
      scheme: this.#authenticator ?? bearer,
      internalCallers: spec.internalCallers,
      cursors: { seal: (cursor) => this.#cursors.seal(cursor), open: (cursor, use) => this.#cursors.open(cursor, use) },
      development: spec.development ?? process.env.NODE_ENV !== "production",
      sample: spec.sample ?? 0.01,
      concurrency: spec.limits?.concurrency ?? defaults.processConcurrency,
      queue: spec.limits?.queue ?? defaults.processQueue,
      streams: spec.limits,
      cache: { ...spec.cache, app: this.name, channel: database?.invalidations },
      tenantPermissions: arePerTenant(spec.permissions) ? spec.permissions : undefined,
      revocations: spec.revocations && { ...spec.revocations, source: database?.revocations },
      rateLimit: {
        app: this.name,
        perSecond: spec.rateLimit?.perSecond ?? defaults.ratePerSecond,
        burst: spec.rateLimit?.burst ?? (spec.rateLimit ? spec.rateLimit.perSecond * 2 : defaults.rateBurst),
        maxKeys: defaults.rateKeys,
        mode: spec.rateLimit?.mode ?? "enforce",
        // One of several processes counts together with the others.
        store:
          spec.rateLimit?.store ?? (process.env[memberVariable] === undefined ? undefined : supervisorRates(() => this.#link?.channel)),
        withoutStore: spec.rateLimit?.withoutStore,
        answerWithinMs: spec.rateLimit?.answerWithin === undefined ? undefined : toMs(spec.rateLimit.answerWithin),
      },
    });
    this.signals = { ...this.runtime.signals, stopping: new Signal("stopping") };
    this.#database = database;
    if (database?.locks !== undefined) this.#locks = new Locks({ store: database.locks, clock, holder: this.name });
    this.#engines = this.#openEngines(engineSources(spec, database));
    const host = { clock, metrics: this.metrics, service: this.name, rates: this.runtime.rates };
    this.#resources = new Resources(registry, { provide: spec.provide ?? [], host, loadLines: this.loadLines });
    this.#ops = spec.ops && new Ops(spec.ops, this.#opsSources);
    registerGauges(this.metrics, this.runtime);
    for (const line of [...sharedLines(), ...linesOf(this.#authenticator), ...linesOf(this.#locks)]) this.loadLines.register(line);
    showLoadLines(this.loadLines, this.metrics, this.runtime.signals);
    this.#services = this.#plan();
  }

  get surfaces(): readonly Surface[] {
    return this.#spec.surfaces ?? [];
  }

  parts(): AppParts {
    const { shutdown = defaults.shutdownMs, shutdownDelay = 0 } = this.#spec;
    return {
      ...{ surfaces: this.#served, shutdownMs: toMs(shutdown), shutdownDelayMs: Math.min(toMs(shutdownDelay), defaults.shutdownDelayMs) },
      secret: this.runtime.clock.randomBytes(32),
      ops: this.#spec.ops,
      shared: this.#database?.shared,
      sinks: this.#spec.telemetry ?? [],
      pages: [accessPath, ...this.#engines.flatMap(({ pages }) => pages.map(({ path }) => path))],
      attach: (sink, metrics) => this.#attach(sink, metrics),
      join: (link) => {
        this.#link = link;
        // A cursor of one process is good in all of them.
        this.#cursors = this.#makeCursors(Buffer.from(link.hello.secret, "base64"));
        this.runtime.shareOf(link.shares);
        this.#database?.shareOf?.(link.shares);
        link.serveOps(this.#opsSources, this.loadLines);
        this.#services = this.#plan();
      },
    };
  }

  /** `secret`: for an app that declares none. */
  #makeCursors(secret: Buffer): Cursors {
    const { clock = systemClock, cursors: { key = secret, ttl = defaults.cursorTtlMs } = {} } = this.#spec;
    return cursors({ key, ttlMs: toMs(ttl), clock });
  }

  get locks(): Locks {
    return this.#locks ?? withoutDatabase("locks");
  }
  get tasks() {
    return tasksOf(this.#engines) ?? withoutDatabase("tasks");
  }
  get events() {
    return eventsOf(this.#engines) ?? withoutDatabase("events");
  }
  get sagas() {
    return sagasOf(this.#engines) ?? withoutDatabase("sagas");
  }
  get messaging() {
    return messagingOf(this.#engines) ?? withoutDatabase("messaging");
  }
  get audit() {
    return auditOf(this.#engines) ?? withoutDatabase("audit trail");
  }
  get ready(): boolean {
    return this.#state === "ready";
  }
  get urls() {
    const surfaces = (this.#spec.surfaces ?? []).flatMap((surface) => (surface.url === undefined ? [] : [surface.url]));
    return { surfaces, ops: this.#link === undefined ? this.#ops?.url : (this.#link.hello.urls.ops ?? undefined) };
  }

  start(options: { readonly keepsProcess?: boolean } = {}): Promise<void> {
    this.#started ??= this.#start(options.keepsProcess ?? true);
    return this.#started;
  }

  stop(options: { readonly withinMs?: number } = {}): Promise<void> {
    const delayMs = options.withinMs === undefined && this.#state === "ready" ? toMs(this.#spec.shutdownDelay ?? 0) : 0;
    this.#stopped ??= this.#stop(options.withinMs ?? toMs(this.#spec.shutdown ?? defaults.shutdownMs), delayMs);
    return this.#stopped;
  }

  call<I extends AnySchema, O extends AnySchema>(operation: Query<I, O>, input: Input<I>, call?: DirectCall): Promise<Output<O>> {
    return callDirectly(this.runtime, operation, { ...call, input }) as Promise<Output<O>>;
  }

  stream<I extends AnySchema, S extends AnySchema>(operation: StreamQuery<I, S, Uses>, input: Input<I>, call?: DirectCall) {
    return callDirectly(this.runtime, operation, { ...call, input }) as Promise<AsyncIterable<Output<S>>>;
  }

  async fetch(request: Request, caller?: FetchCaller): Promise<Response> {
    const surface = this.#spec.surfaces?.find((candidate) => candidate.fetch !== undefined);
    if (surface?.fetch === undefined)
      throw new Fault({ code: "failed_precondition", message: "app.fetch needs an HTTP surface. Add http({ port: false }) to createApp." });
    return surface.fetch(request, caller);
  }

  /** The surfaces that this process serves. */
  get #served(): readonly Surface[] {
    return this.#spec.roles?.includes("serve") === false ? [] : (this.#spec.surfaces ?? []);
  }

  #openEngines(sources: readonly EngineSource[]): readonly Engine[] {
    const works = this.#spec.roles?.includes("worker") ?? true;
    const { runtime, metrics, name } = this;
    const host = { runtime, metrics, name, works, modules: this.#spec.modules, stopping: this.signals.stopping };
    return openEngines(sources, host);
  }

  /** Everything with a lifetime, in the order of its start; it stops in reverse. */
  #plan(): readonly Service[] {
    const { telemetry = [] } = this.#spec;
    const sinks = telemetry.map((sink) => ({ name: sink.name, start: () => this.#attach(sink, this.metrics), stop: () => sink.stop() }));
    this.runtime.surround(telemetry);
    const host = {
      runtime: this.runtime,
      authenticator: this.#authenticator,
      service: { name: this.name, version: this.#version },
      stopping: this.signals.stopping,
    };
    const ways = this.#served.map((surface, index) => ({
      ...{ name: surface.name, start: () => surface.start({ ...host, sockets: this.#link?.sockets(index) }), stop: () => surface.stop() },
    }));
    return [
      ...sinks,
      new LoopMonitor(this.runtime),
      // Of several processes, their supervisor has it.
      ...(this.#ops && this.#link === undefined ? [this.#ops] : []),
      ...(this.#link === undefined ? [] : [this.#link.shares]),
      ...(this.runtime.database ? [this.runtime.database] : []),
      ...this.runtime.services,
      this.#resources,
      ...this.#engines.map(({ service }) => service),
      ...ways,
    ];
  }

  get #version(): string {
    return this.#spec.service?.version ?? "0.0.0";
  }

  get #opsSources(): OpsSources {
    return {
      ready: () => this.#readiness(),
      metrics: () => exposeAll(this.#spec.telemetry ?? []),
      pages: [loadLinesPage(this.loadLines), accessPage(this.runtime.registry), ...this.#engines.flatMap(({ pages }) => pages)],
    };
  }

  async #attach(sink: TelemetrySink, metrics: Metrics): Promise<void> {
    const { clock, registry, signals } = this.runtime;
    const operations = [...registry.operations.values()].map(({ name, module, kind }) => ({ name, module, kind }));
    const service = { name: this.name, version: this.#version, instance: clock.uuid() };
    await sink.attach({ executed: signals.executed, logged: signals.logged, metrics, operations, service, clock });
  }

  async #readiness(): Promise<string | undefined> {
    if (this.#state !== "ready") return `the app is ${this.#state === "new" ? "starting" : this.#state}`;
    try {
      await this.runtime.database?.ping();
      return undefined;
    } catch {
      return "the database does not respond";
    }
  }

  async #start(keepsProcess: boolean): Promise<void> {
    this.#state = "starting";
    this.#stopped = undefined;
    if (keepsProcess) this.#kept = keepProcess();
    try {
      refuseUnkept(this.runtime);
      refuseInsideCalls(this.runtime.registry);
      await startAll(this.#services);
      this.#state = "ready";
    } catch (error) {
      this.#state = "new";
      this.#started = undefined;
      this.#kept?.cancel();
      throw error;
    }
  }

  async #stop(withinMs: number, delayMs: number): Promise<void> {
    // Wait for a start that is under way: a service that is half started cannot be stopped.
    if (this.#state === "starting") await this.#started?.catch(() => undefined);
    this.#state = "stopping";
    // From here on readiness fails; requests are served as before until the delay is over.
    if (delayMs > 0)
      await new Promise<void>((resolve) => void this.runtime.clock.schedule(Math.min(delayMs, defaults.shutdownDelayMs), resolve));
    this.signals.stopping.publish(undefined);
    const { surfaces = [] } = this.#spec;
    try {
      await Promise.all(surfaces.map((surface) => surface.close()));
      await Promise.all([this.runtime.drain(withinMs), this.#locks?.stop(withinMs)]);
      await stopAll(this.#services);
    } finally {
      this.#state = "stopped";
      this.#started = undefined;
      this.#kept?.cancel();
    }
  }
}

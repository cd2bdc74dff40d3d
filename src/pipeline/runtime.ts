import assert from "node:assert";
import type { Clock } from "../core/clock.ts";
import { DeadlineWheel } from "../core/deadline.ts";
import { Fault, toFault } from "../core/fault.ts";
import { IntrusiveSet } from "../core/intrusive-set.ts";
import { limits } from "../core/limits.ts";
import { LoadLines } from "../core/load-line/load-lines.ts";
import { Metrics } from "../core/metrics.ts";
import type { Shares } from "../core/queue/share.ts";
import type { Service } from "../core/service.ts";
import { Signal, warnOfListener } from "../core/signals.ts";
import { ratioSampler, TraceIds } from "../core/trace.ts";
import { stillTurn, type TurnClock } from "../core/turn/turn-clock.ts";
import type { TenantPermissions } from "../operation/access/tenant-permissions.ts";
import type { AuditLog } from "../operation/audit/log.ts";
import type { RevocationStoreSource } from "../operation/authentication/revocations.ts";
import type { Engine } from "../operation/durable/engine.ts";
import type { Starts } from "../operation/durable/start.ts";
import type { EventLog } from "../operation/events/log.ts";
import type { OperationKind } from "../operation/kind.ts";
import type { Module } from "../operation/module.ts";
import type { WrittenStreams } from "../operation/online/stream/written.ts";
import type { TelemetrySink } from "../operation/telemetry.ts";
import type { Database } from "../operation/transaction.ts";
import type { VaultKeys } from "../operation/vault/vault.ts";
import { recordRefused } from "./audit/record.ts";
import { Caches, type CachesOptions } from "./cache/caches.ts";
import { endLoad } from "./cache/read.ts";
import { visibleFault } from "./faults.ts";
import type { HostOptions, HostSignals, LoopEntry } from "./host.ts";
import { Counts } from "./metrics/counts.ts";
import { TenantGrants } from "./permissions/tenant-grants.ts";
import { pipeline } from "./pipeline.ts";
import { takeStrangersRate } from "./rate.ts";
import { AppRates } from "./rates/app-rates.ts";
import type { CompiledOperation } from "./registry/compiled.ts";
import type { Registry } from "./registry/registry.ts";
import { Revocations, type RevocationsSpec } from "./revocations/revocations.ts";
import { execute } from "./run/execute.ts";
import { Shedder } from "./shed/shedder.ts";
import { Failures } from "./slo/failures.ts";
import { countObjective, registerObjectives } from "./slo/metrics.ts";
import { Slots } from "./slots.ts";
import { ProjectionReads } from "./sourcing/reads.ts";
import type { Invocation } from "./state/invocation.ts";
import { narrowOutput, type ShapedOutput } from "./state/output.ts";
import { RunningExecution } from "./state/running-execution.ts";
import { ended, type Runner, type Step } from "./step.ts";
import { StreamPlaces, type StreamPlacesOptions } from "./stream/places.ts";

/** What an app decides for its runtime; everything filled in. */
export interface RuntimeOptions extends HostOptions {
  readonly clock: Clock;
  /** *Default*: one turn that has no age. */
  readonly turns?: TurnClock | undefined;
  /** Where the metrics of the modules are shown. *Default*: nowhere. */
  readonly metrics?: Metrics;
  readonly modules?: readonly Module[];
  /** Where each limit registers. *Default*: nowhere that is shown. */
  readonly loadLines?: LoadLines;
  readonly database: Database | undefined;
  /** Share of traces that are kept from the head, 0 to 1. */
  readonly sample: number;
  readonly concurrency: number;
  readonly queue: number;
  /** *Defaults*: `limits.streams`, `limits.streamsPerCaller`. */
  readonly streams?: Partial<StreamPlacesOptions> | undefined;
  /** *Default*: as an app that gives none. */
  readonly cache?: CachesOptions;
  /** *Default*: none, so that no tenant has permissions of its own. */
  readonly tenantPermissions?: TenantPermissions | undefined;
  /** *Default*: none, so that only time ends credentials. */
  readonly revocations?: (RevocationsSpec & { readonly source: RevocationStoreSource | undefined }) | undefined;
}

/** Takes the executions of one app along the steps, and holds what they share. */
export class Runtime implements Runner {
  readonly options: RuntimeOptions;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly database: Database | undefined;
  readonly wheel: DeadlineWheel;
  readonly ids: TraceIds;
  readonly slots: Slots;
  readonly streams: StreamPlaces;
  readonly loadLines: LoadLines;
  readonly shedder: Shedder;
  readonly rates: AppRates;
  readonly caches: Caches;
  readonly revocations: Revocations | undefined;
  readonly tenantGrants: TenantGrants | undefined;
  readonly sampled: (traceId: string) => boolean;
  readonly signals: HostSignals = {
    executed: new Signal("executed"),
    logged: new Signal("logged"),
    loopBlocked: new Signal("loopBlocked"),
    rateStore: new Signal("rateStore"),
    cacheStore: new Signal("cacheStore"),
    crashed: new Signal("crashed"),
    idle: new Signal("idle"),
  };
  events: EventLog | undefined;
  readonly projections = new ProjectionReads(limits.projectionWaits);
  audit: AuditLog | undefined;
  vault: VaultKeys | undefined;
  written: WrittenStreams | undefined;
  entered: LoopEntry | undefined;
  held: LoopEntry | undefined;
  readonly counts: Counts;
  execute: (execution: RunningExecution) => Promise<ShapedOutput | undefined> = execute;
  readonly #steps: ReadonlyMap<CompiledOperation, readonly Step[]>;
  readonly #engines = new Map<OperationKind, Engine>();
  readonly #failures: Failures;
  readonly #running = new IntrusiveSet<RunningExecution>();

  constructor(registry: Registry, options: RuntimeOptions) {
    this.options = options;
    const { metrics = new Metrics() } = options;
    this.metrics = metrics;
    this.#failures = new Failures(metrics);
    this.counts = new Counts(metrics, options.modules ?? []);
    this.loadLines = options.loadLines ?? new LoadLines(options.clock);
    this.registry = registry;
    this.clock = options.clock;
    this.database = options.database;
    this.wheel = new DeadlineWheel(options.clock);
    this.ids = new TraceIds(options.clock);
    this.sampled = ratioSampler(options.sample);
    this.slots = new Slots({ name: "process", concurrency: options.concurrency, queue: options.queue, mode: "enforce" });
    const { streams = limits.streams, streamsPerCaller = limits.streamsPerCaller } = options.streams ?? {};
    this.streams = new StreamPlaces({ streams, streamsPerCaller });
    this.shedder = new Shedder({ turns: options.turns ?? stillTurn, clock: options.clock, loadLines: this.loadLines });
    const { clock, loadLines, signals } = this;
    this.rates = new AppRates(options.rateLimit, { clock, loadLines, changed: signals.rateStore, declared: registry });
    const operations = [...registry.operations.values()];
    const cached = operations.filter(({ cache }) => cache !== undefined).map(({ name }) => name);
    this.caches = new Caches(options.cache ?? {}, { clock, metrics, loadLines, cached, changed: signals.cacheStore });
    const { source } = options.revocations ?? {};
    const kept = options.revocations === undefined || source !== undefined;
    assert(kept, "createApp({ revocations }) needs a database that keeps them, and this one does not. Use postgres() or embedded().");
    this.revocations = source && new Revocations(options.revocations ?? {}, { source, clock, metrics, loadLines });
    this.tenantGrants = options.tenantPermissions && this.#openGrants(options.tenantPermissions, metrics);
    this.slots.listOn(this.loadLines, this.clock);
    for (const line of [...this.streams.lines, this.projections.bound.line]) this.loadLines.register(line);
    for (const { slots, queriesLine, callsLine, traits } of operations) {
      slots.listOn(this.loadLines, this.clock);
      if (traits.transaction !== "none") this.loadLines.register(queriesLine);
      this.loadLines.register(callsLine);
    }
    registerObjectives(metrics, operations);
    this.#steps = new Map(operations.map((operation) => [operation, pipeline.filter((step) => step.applies(operation))]));
  }

  #openGrants(permissions: TenantPermissions, metrics: Metrics): TenantGrants {
    const { database, clock, loadLines, registry, signals } = this;
    assert(database !== undefined, "tenantPermissions needs a database. Give createApp one.");
    const rules = [...registry.operations.values()].flatMap(({ access, views }) => [
      ...(access === "public" ? [] : [access]),
      ...(views?.rules.map(({ rule }) => rule) ?? []),
    ]);
    return new TenantGrants(permissions, {
      ...{ database, clock, metrics, loadLines, development: this.options.development },
      named: rules.flatMap((rule) => rule.permissions ?? []),
      warn: (message, fields) => {
        const ids = { requestId: "", traceId: "", spanId: "" };
        signals.logged.publish({ level: "warn", message, fields, at: clock.now(), operation: "plimsoll.permissions", ...ids });
      },
    });
  }

  /** What must be started after the database. */
  get services(): readonly Service[] {
    return [...this.caches.services, this.rates.service, this.revocations?.service].filter((service) => service !== undefined);
  }

  /** Takes an engine up: operations start work of its kinds from now on. *Faults thrown*: `failed_precondition` where another runs one of them. */
  add(engine: Engine): void {
    for (const kind of engine.kinds) {
      if (this.#engines.has(kind)) throw twoEngines(kind);
      this.#engines.set(kind, engine);
    }
    if (engine.events !== undefined && this.events !== undefined) throw twoEngines("event");
    if (engine.audit !== undefined && this.audit !== undefined) throw twoEngines("audit");
    this.events ??= engine.events;
    if (engine.vault !== undefined && this.vault !== undefined) throw twoEngines("vault");
    this.audit ??= engine.audit;
    this.vault ??= engine.vault;
    this.written ??= engine.written;
  }

  /** Its slots, and those of its operations, are shares of limits that several processes have together. Before the first request. */
  shareOf(shares: Shares): void {
    this.slots.shareOf(shares);
    for (const { slots } of this.registry.operations.values()) slots.shareOf(shares);
  }

  /** What runs work of that kind; undefined where no engine of the app does. */
  engineOf(kind: OperationKind): Engine | undefined {
    return this.#engines.get(kind);
  }

  startsOf(kind: OperationKind): Starts | undefined {
    return this.engineOf(kind)?.starts;
  }

  /** Executions that are accepted and not yet answered, or whose handler has not ended. */
  get inFlight(): number {
    return this.#running.size;
  }

  /** Takes one of what the strangers of an address may send, for what reaches no operation. Returns the fault of a refusal; a promise, which never rejects, where a store is asked. */
  limitStranger(address: string): Fault | undefined | Promise<Fault | undefined> {
    return takeStrangersRate(this, address);
  }

  /**
   * Lets sinks run every handler inside a context of their own; only apps with such sinks pay for it.
   * *Guarantees*: a handler runs once, whatever a sink throws or forgets to do.
   */
  surround(sinks: readonly TelemetrySink[]): void {
    for (const sink of sinks) {
      if (sink.around === undefined) continue;
      const inner = this.execute;
      this.execute = (execution) => {
        let running: Promise<ShapedOutput | undefined> | undefined;
        const run = (): Promise<ShapedOutput | undefined> => {
          // Async, so that what the handler throws synchronously rejects this promise instead of surfacing in the sink.
          running ??= (async () => inner(execution))();
          return running;
        };
        try {
          sink.around?.(execution, run);
        } catch (error) {
          warnOfListener(`The sink ${sink.name}`, error);
        }
        return run();
      };
    }
  }

  /** Starts the way of a request. Its outcome reaches `invocation.reply`. */
  start(operation: CompiledOperation, invocation: Invocation): RunningExecution {
    const execution = new RunningExecution(this, operation, invocation);
    this.#running.add(execution);
    const steps = this.#steps.get(operation);
    if (steps === undefined) assert.fail(`${operation.name} is not an operation of this app. Add its module to createApp.`);
    this.#advance(execution, steps, 0);
    return execution;
  }

  /** Takes an execution from the given step to its end. */
  #advance(execution: RunningExecution, steps: readonly Step[], from: number): void {
    try {
      for (let i = from; i < steps.length; i++) {
        const waiting = (steps[i] as Step).run(execution, this);
        if (waiting === undefined) continue;
        if (waiting === ended) return;
        execution.waits();
        waiting.then(
          () => {
            execution.continue();
            if (execution.settled) this.release(execution);
            else this.#advance(execution, steps, i + 1);
          },
          (error) => this.fail(execution, error),
        );
        return;
      }
    } catch (error) {
      this.fail(execution, error);
    }
  }

  fail(execution: RunningExecution, thrown: unknown): void {
    this.finish(execution, thrown ?? toFault(thrown));
  }

  /** Ends an execution: the outcome, the reply, the one signal. Only the first end counts. */
  finish(execution: RunningExecution, given: unknown): void {
    if (execution.settled) return this.release(execution);
    execution.settled = true;
    const thrown = execution.load === undefined ? given : endLoad(execution, execution.load, given);
    execution.stopUpstreams();
    this.wheel.remove(execution);
    execution.stopWaiting(given instanceof Fault && given.code === "deadline_exceeded");
    execution.continue();
    const total = execution.elapsedMs();
    if (thrown !== undefined) {
      execution.fault = visibleFault(execution.compiled, thrown);
      execution.outcome = execution.fault.code;
      recordRefused(execution, thrown);
    }
    if (execution.cache !== undefined && thrown === undefined) this.caches.count(execution.operation, execution.cache);
    execution.durationMs = total;
    execution.late = thrown === undefined && total > execution.deadlineMs && execution.streaming === undefined;
    execution.streaming?.settles(execution.fault);
    let elsewhere = execution.queuedMs + execution.databaseMs;
    const { upstreamMs } = execution;
    if (upstreamMs !== undefined) for (const name in upstreamMs) elsewhere += upstreamMs[name] ?? 0;
    execution.runningMs = Math.max(0, total - elsewhere);
    this.#reply(execution);
    countObjective(execution, execution.compiled);
    this.#failures.count(execution);
    if (!execution.handling) this.release(execution);
    this.signals.executed.publish(execution);
  }

  #reply(execution: RunningExecution): void {
    const { views } = execution.compiled;
    try {
      if (views !== undefined && execution.fault === undefined) narrowOutput(execution, views);
      execution.facts = execution.invocation.reply(execution);
    } catch (error) {
      // The details of the fault have no JSON form. That is a bug of the operation, and its caller still gets a response.
      execution.fault = visibleFault(execution.compiled, error);
      execution.outcome = execution.fault.code;
      execution.facts = execution.invocation.reply(execution);
    }
  }

  release(execution: RunningExecution): void {
    if (execution.handling || !this.#running.delete(execution)) return;
    if (execution.holdsProcessSlot) this.slots.leave(execution);
    if (execution.holdsSlot) execution.compiled.slots.leave(execution);
    if (execution.streaming !== undefined) this.streams.leave(execution, execution.streaming.place);
    if (this.#running.size === 0 && this.signals.idle.hasListeners) this.signals.idle.publish(undefined);
  }

  /** Ends open streams, and waits until nothing runs, at most `withinMs`; then ends what is left as `unavailable`. */
  async drain(withinMs: number): Promise<void> {
    this.streams.close();
    if (this.#running.size > 0) await this.#idle(withinMs);
    this.streams.closing = false;
  }

  async #idle(withinMs: number): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      const off = this.signals.idle.on(() => {
        off();
        resolve();
      });
    });
    const timer = this.clock.schedule(withinMs, () => {
      const fault = new Fault({ code: "unavailable", type: "shutting_down", message: "The server is stopping. Send the request again." });
      for (const execution of this.#running.list()) {
        execution.stop(fault);
        // A handler that ignores its signal must not hold the process.
        execution.handling = false;
        this.release(execution);
      }
    });
    await idle;
    timer.cancel();
  }

  operation(name: string): CompiledOperation {
    const operation = this.registry.operations.get(name);
    assert(operation !== undefined, `No module of this app has an operation named ${name}. Add its module to createApp.`);
    return operation;
  }
}

const twoEngines = (kind: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "app_invalid",
    message: `Two engines of this app run work of the kind ${kind}. Give createApp one of them.`,
  });

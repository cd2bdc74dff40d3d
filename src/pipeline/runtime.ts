import assert from "node:assert";
import type { Clock } from "../core/clock.ts";
import { DeadlineWheel } from "../core/deadline.ts";
import { Fault, toFault } from "../core/fault.ts";
import { Roster } from "../core/roster.ts";
import { Signal } from "../core/signals.ts";
import { ratioSampler, TraceIds } from "../core/trace.ts";
import type { Tenancy } from "../operation/actor.ts";
import type { LimitMode } from "../operation/contract.ts";
import type { TaskStarts } from "../operation/durable/task.ts";
import type { Execution } from "../operation/execution.ts";
import type { LogRecord, TelemetrySink } from "../operation/telemetry.ts";
import type { Database } from "../operation/transaction.ts";
import { RateLimiter } from "../resilience/rate-limit.ts";
import { Slots } from "./admission.ts";
import { callApart, callInside } from "./call.ts";
import type { CompiledOperation } from "./compiled.ts";
import type { Cursors } from "./cursor.ts";
import { commitTask } from "./execute.ts";
import { advance, executeHandler, pipeline } from "./pipeline.ts";
import { visibleFault } from "./refusals.ts";
import type { Registry } from "./registry.ts";
import { type Invocation, RunningExecution } from "./running-execution.ts";

/** What an app tells its runtime; everything filled in. */
export interface RuntimeOptions {
  readonly clock: Clock;
  readonly database: Database | undefined;
  readonly tenancy: Tenancy;
  readonly cursors: Cursors;
  /** Checks rows against the schemas named in `sql(…)`. */
  readonly development: boolean;
  /** Share of traces that are kept from the head, 0 to 1. */
  readonly sample: number;
  readonly concurrency: number;
  readonly queue: number;
  readonly rateLimit: { readonly perSecond: number; readonly burst: number; readonly maxKeys: number; readonly mode?: LimitMode };
}

/** What happened, for whoever wants to know. */
export interface RuntimeSignals {
  /** Every execution, once, when its reply is out. */
  readonly executed: Signal<Execution>;
  /** Every line of `scope.log`. */
  readonly logged: Signal<LogRecord>;
  /** The event loop stood still; with the operation that entered last before. */
  readonly loopBlocked: Signal<{ readonly blockedMs: number; readonly operation: string | undefined }>;
  /** A bug was thrown into the open: the process drains and ends. */
  readonly crashed: Signal<{ readonly error: unknown; readonly operation: string | undefined }>;
  /** Nothing runs any more. */
  readonly idle: Signal<undefined>;
}

/** All that the executions of one app share. */
export class Runtime {
  readonly options: RuntimeOptions;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly database: Database | undefined;
  readonly wheel: DeadlineWheel;
  readonly ids: TraceIds;
  readonly slots: Slots;
  readonly rateLimiter: RateLimiter | undefined;
  readonly sampled: (traceId: string) => boolean;
  readonly signals: RuntimeSignals = {
    executed: new Signal("executed"),
    logged: new Signal("logged"),
    loopBlocked: new Signal("loopBlocked"),
    crashed: new Signal("crashed"),
    idle: new Signal("idle"),
  };
  /** The execution whose handler went on last: when the loop stands still, it is the one that holds it. */
  entered: RunningExecution | undefined;
  /** What `call` does, inside a transaction and apart from any. */
  readonly calls = { inside: callInside, apart: callApart };
  readonly commitTask = commitTask;
  /** Starts tasks; undefined where nothing keeps them. */
  tasks: TaskStarts | undefined;
  execute: (execution: RunningExecution) => Promise<string> = executeHandler;
  readonly #running = new Roster<RunningExecution>();

  constructor(registry: Registry, options: RuntimeOptions) {
    this.options = options;
    this.registry = registry;
    this.clock = options.clock;
    this.database = options.database;
    this.wheel = new DeadlineWheel(options.clock);
    this.ids = new TraceIds(options.clock);
    this.sampled = ratioSampler(options.sample);
    this.slots = new Slots({ name: "process", concurrency: options.concurrency, queue: options.queue, mode: "enforce" });
    const { perSecond, burst, maxKeys } = options.rateLimit;
    this.rateLimiter = perSecond === 0 ? undefined : new RateLimiter({ ratePerSecond: perSecond, burst, maxKeys, clock: options.clock });
    for (const operation of registry.operations.values()) operation.steps = pipeline.filter((step) => step.applies(operation));
  }

  /** Executions that are accepted and not yet answered, or whose handler has not ended. */
  get inFlight(): number {
    return this.#running.size;
  }

  /** Lets sinks run every handler inside a context of their own; only apps with such sinks pay for it. */
  surround(sinks: readonly TelemetrySink[]): void {
    for (const { around } of sinks) {
      if (around === undefined) continue;
      const inner = this.execute;
      this.execute = (execution) => around(execution, () => inner(execution));
    }
  }

  /** Starts the way of a request. Its outcome reaches `invocation.reply`. */
  start(operation: CompiledOperation, invocation: Invocation): RunningExecution {
    const execution = new RunningExecution(this, operation, invocation);
    this.#running.add(execution);
    advance(execution, 0);
    return execution;
  }

  /** Ends an execution with whatever was thrown, which may be nothing at all. */
  fail(execution: RunningExecution, thrown: unknown): void {
    this.finish(execution, thrown ?? toFault(thrown));
  }

  /** Ends an execution: the outcome, the reply, the one signal. Only the first end counts. */
  finish(execution: RunningExecution, thrown: unknown): void {
    if (execution.settled) return this.release(execution);
    execution.settled = true;
    this.wheel.remove(execution);
    execution.stopsWaiting();
    execution.goesOn();
    const total = execution.elapsedMs();
    if (thrown !== undefined) {
      execution.fault = visibleFault(execution.compiled, thrown);
      execution.outcome = execution.fault.code;
    }
    execution.durationMs = total;
    let elsewhere = execution.queuedMs + execution.databaseMs;
    if (execution.upstreamMs !== undefined) for (const name in execution.upstreamMs) elsewhere += execution.upstreamMs[name] ?? 0;
    execution.runningMs = Math.max(0, total - elsewhere);
    this.#reply(execution);
    if (!execution.handling) this.release(execution);
    this.signals.executed.publish(execution);
  }

  #reply(execution: RunningExecution): void {
    try {
      execution.http = execution.invocation.reply(execution);
    } catch (error) {
      // The operation's own location() or etag() threw, or details of its fault have no JSON form: a bug of it, which still is answered.
      execution.fault = visibleFault(execution.compiled, error);
      execution.outcome = execution.fault.code;
      execution.http = execution.invocation.reply(execution);
    }
  }

  /** Gives back what an execution held, once its handler has ended. */
  release(execution: RunningExecution): void {
    if (execution.handling || !this.#running.delete(execution)) return;
    if (execution.holdsProcessSlot) this.slots.leave();
    if (execution.holdsSlot) execution.compiled.slots.leave();
    if (this.#running.size === 0 && this.signals.idle.heard) this.signals.idle.publish(undefined);
  }

  /** Waits until nothing runs, at most `withinMs`; then ends what is left as `unavailable`. */
  async drain(withinMs: number): Promise<void> {
    if (this.#running.size === 0) return;
    const idle = this.signals.idle.next();
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
    assert(operation !== undefined, `No module of this app has an operation named ${name}.`);
    return operation;
  }
}

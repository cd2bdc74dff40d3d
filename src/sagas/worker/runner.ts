import { sleep } from "../../core/clock.ts";
import type { Fault } from "../../core/fault.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import { writeFault } from "../body/kept-fault.ts";
import type { SagaDefinition } from "../definition.ts";
import type { ClaimedSaga, SagaStore } from "../ports/store.ts";
import type { SagaSignals } from "../signals.ts";
import { isFinal, type RunEnd, SagaRun, type SagaRunOptions, type StartChild } from "./run.ts";
import { leaseLost, type SagaSettler } from "./settler.ts";

/** What running sagas needs. */
export interface SagaRunnerOptions {
  readonly runtime: Runtime;
  readonly store: SagaStore;
  readonly definitions: ReadonlyMap<string, SagaDefinition>;
  readonly concurrency: number;
  readonly signals: SagaSignals;
  readonly settler: SagaSettler;
  /** Undefined while there is no lease. */
  readonly token: () => number | undefined;
  readonly isOpen: () => boolean;
  readonly startChild: StartChild;
  readonly codeOf: SagaRunOptions["codeOf"];
  /** A run ended, and its place is free. */
  readonly hasRoom: () => void;
  /** A saga is due then. */
  readonly due: (delayMs: number) => void;
  readonly failed: (error: unknown) => void;
}

/** A saga, and the lease under which it was claimed or started. */
export interface LeasedSaga {
  readonly saga: ClaimedSaga;
  readonly token: number;
}

/** How long the end of a run waits for steps that ignore their signal. */
const quietMs = 10_000;

/** Runs sagas, each through the pipeline, and has their ends written. */
export class SagaRunner {
  readonly #options: SagaRunnerOptions;
  /** By id; undefined: it is being started, and is this worker's already. */
  readonly #runs = new Map<string, SagaRun | undefined>();
  readonly #byName = new Map<string, number>();
  /** By id: claimed again, with its token, before the response to the write of its last end had come. */
  readonly #next = new Map<string, LeasedSaga>();
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: SagaRunnerOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#runs.size;
  }

  get known(): readonly string[] {
    return [...this.#runs.keys()];
  }

  get room(): number {
    return this.#options.concurrency - this.#runs.size;
  }

  roomOf(name: string): number {
    const most = this.#options.definitions.get(name)?.compiled.limits.concurrency ?? 0;
    return Math.min(this.room, most - (this.#byName.get(name) ?? 0));
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    if (this.#runs.size === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  /** Takes a place for a saga that is being started; returns false where there is none. */
  reserve(name: string, id: string): boolean {
    if (this.#options.token() === undefined || this.roomOf(name) < 1) return false;
    this.#enter(name, id);
    return true;
  }

  begin(name: string, id: string, started: LeasedSaga | undefined): void {
    // Where the lease was lost meanwhile, another worker finds it.
    if (started === undefined || started.token !== this.#options.token()) return this.#leave(name, id);
    this.#start(started.saga, started.token);
  }

  run(saga: ClaimedSaga, token: number): void {
    // The lease under which it was claimed was lost meanwhile: others have it, or find it.
    if (token !== this.#options.token()) return;
    // Its last end is written, or others had it meanwhile: no two runs of a saga are in one process.
    if (this.#runs.has(saga.id)) return void this.#next.set(saga.id, { saga, token });
    this.#enter(saga.name, saga.id);
    this.#start(saga, token);
  }

  /** The lease is lost: stops what runs. It could write nothing anyway. */
  abandon(): void {
    const fault = leaseLost();
    for (const run of this.#runs.values()) run?.execution?.stop(fault);
  }

  #start(saga: ClaimedSaga, token: number): void {
    const { definitions, runtime, store, settler, signals, isOpen, startChild, codeOf } = this.#options;
    const definition = definitions.get(saga.name);
    if (definition === undefined) return this.#leave(saga.name, saga.id);
    signals.began.publish({ saga: saga.name, id: saga.id, lagMs: saga.lagMs });
    const { clock } = runtime;
    const run = new SagaRun(saga, { definition, clock, token, store, settler, isOpen, startChild, codeOf, ended: this.#ended });
    this.#runs.set(saga.id, run);
    run.execution = runtime.start(definition.compiled, run);
  }

  readonly #ended = (run: SagaRun, fault: Fault | undefined): void => {
    const end = fault === undefined ? run.end : endOfFault(fault);
    const { saga } = run;
    if (end === undefined || end === "lost") return this.#leave(saga.name, saga.id);
    const before = fault === undefined ? run.sent() : this.#quiet(run);
    if (before === undefined) this.#write(run, end);
    else
      before.then(
        () => this.#write(run, end),
        () => this.#leave(saga.name, saga.id),
      );
  };

  /** A run that was stopped ends when its steps have: until then no other worker gets it. */
  async #quiet(run: SagaRun): Promise<void> {
    await Promise.race([run.body?.quiet(), sleep(this.#options.runtime.clock, quietMs)]);
    await run.recorded();
  }

  #write(run: SagaRun, end: Exclude<RunEnd, "lost">): void {
    const { saga } = run;
    const { settler, signals, due, failed } = this.#options;
    const batch = settler.end(run.token, { ...end, saga: saga.id });
    batch.written.promise.then(
      (kept) => {
        this.#leave(saga.name, saga.id);
        if (!kept.has(saga.id)) return signals.lost.publish({ sagas: 1 });
        signals.ended.publish({
          saga: saga.name,
          id: saga.id,
          state: end.state,
          output: end.output,
          fault: end.fault ?? saga.fault ?? undefined,
        });
        if (isFinal(end.state) || end.state === "suspended") return;
        due(end.state === "ready" || end.state === "continued" || end.state === "waiting" ? 0 : run.dueMs);
      },
      (error: unknown) => {
        this.#leave(saga.name, saga.id);
        failed(error);
      },
    );
  }

  #enter(name: string, id: string): void {
    this.#runs.set(id, undefined);
    this.#byName.set(name, (this.#byName.get(name) ?? 0) + 1);
  }

  #leave(name: string, id: string): void {
    if (!this.#runs.delete(id)) return;
    this.#byName.set(name, (this.#byName.get(name) ?? 1) - 1);
    const next = this.#next.get(id);
    if (next !== undefined && this.#next.delete(id)) this.run(next.saga, next.token);
    if (this.#runs.size === 0) {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
    this.#options.hasRoom();
  }
}

/** What a run comes to that the pipeline ended, and not its body. */
function endOfFault(fault: Fault): RunEnd {
  if (fault.type === "lease_lost") return "lost";
  // Its process stops, or its time is over: the next run decides.
  if (fault.type === "shutting_down" || fault.code === "deadline_exceeded" || fault.code === "cancelled" || fault.code === "unavailable")
    return { state: "ready" };
  return { state: "suspended", fault: writeFault(fault) };
}

import { type Duration, toMs } from "../../core/duration.ts";
import { Fault, type FaultClass, toFault } from "../../core/fault.ts";
import { Turnstile } from "../../events/worker/turnstile.ts";
import type { Handler, Operation } from "../../operation/contract.ts";
import type { EventWait, SignalWait, StepOptions, StepSpec } from "../../operation/durable/saga.ts";
import type { Durable } from "../../operation/durable/start.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import { traitsOf } from "../../operation/kind.ts";
import { type Held, openSealed } from "../../operation/vault/sealed.ts";
import { Begun } from "../../pipeline/run/begun.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import { optionsOf } from "../definition.ts";
import type { EndState, JournalStep } from "../ports/store.ts";
import { type AttemptedStep, Attempts, type AttemptsEnd, jsonOf } from "./attempts.ts";
import { mayBeRenamed } from "./code.ts";
import { codeChanged, needsPerson } from "./faults.ts";
import { type AskedStep, Journal } from "./journal.ts";
import { readFault, writeFault } from "./kept-fault.ts";
import type { BodyEnd, RunHost } from "./run-host.ts";
import { BodyScope } from "./scope.ts";
import { readSignal } from "./signal.ts";
import type { StepScopeOf } from "./step-scope.ts";

type ParkedState = Extract<EndState, "sleeping" | "waiting" | "retryable">;
// biome-ignore lint/suspicious/noExplicitAny: specs of steps of every output and of all resources meet here.
type AnyStep = StepSpec<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: declared faults of any details.
type Declared = ReadonlyMap<string, FaultClass<any>>;

/** A call with everything that it may have. */
type AnyCall = StepOptions & Pick<AnyStep, "undo"> & { readonly operation: Operation; readonly input: unknown };

/** Something that comes from outside. */
interface Wait {
  readonly name: string;
  readonly kind: "event" | "signal";
  readonly awaited: string;
  readonly matches?: string;
  readonly within: Duration | undefined;
}

/** A step that the body asks for, with all that it takes to run it. */
interface StepCall extends AskedStep {
  readonly options: StepOptions;
  readonly declared: Declared;
  work(scope: StepScopeOf): Promise<unknown>;
}

/**
 * One run of the body of a saga: from its beginning, with the steps that are recorded, to its end, or to where nothing of it needs this process.
 * `collects`: it begins no step that is not recorded, and only finds out how those that are recorded are undone.
 */
export class Body {
  readonly journal: Journal;
  readonly #host: RunHost;
  readonly #execution: RunningExecution;
  readonly #collects: boolean;
  readonly #attempts: Attempts;
  readonly #turnstile: Turnstile;
  readonly #begun = new Begun();
  readonly #end = Promise.withResolvers<BodyEnd>();
  readonly #waits = new Set<ParkedState>();
  /** Steps that run, or are about to. */
  #active = 0;
  #isOver = false;
  #looks = false;
  #quiet: PromiseWithResolvers<void> | undefined;

  constructor(host: RunHost, execution: RunningExecution, run: { readonly steps: readonly JournalStep[]; readonly collects: boolean }) {
    this.#host = host;
    this.#execution = execution;
    this.#collects = run.collects;
    this.journal = new Journal(run.steps);
    this.#attempts = new Attempts(host, execution);
    this.#turnstile = new Turnstile(host.definition.atOnce);
  }

  get attempts(): Attempts {
    return this.#attempts;
  }

  run(handler: Handler): Promise<BodyEnd> {
    void this.#runToEnd(handler);
    return this.#end.promise;
  }

  /** Ends it from outside: what it asks for from now on is never done. */
  abort(end: BodyEnd): void {
    this.#finish(end);
  }

  /** Resolves when no step of it runs any more. */
  async quiet(): Promise<void> {
    if (this.#active === 0) return;
    this.#quiet ??= Promise.withResolvers();
    await this.#quiet.promise;
  }

  async #runToEnd(handler: Handler): Promise<void> {
    try {
      const scope = new BodyScope(this, this.#host, this.#execution);
      // The schema of the saga has parsed the input: the constructor checked the handler against it.
      const value = await handler(this.#execution.input as never, scope as never);
      if (this.#isOver) return;
      this.#begun.assertDone();
      await this.quiet();
      this.#finish({ kind: "completed", output: jsonOf("output", value) });
    } catch (thrown) {
      await this.quiet();
      this.#finish(endOfThrown(thrown));
    }
  }

  #finish(end: BodyEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#begun.ended = true;
    this.#end.resolve(end);
  }

  step(asked: string, given: AnyStep | AnyStep["run"]): Promise<unknown> {
    const name = this.#named(asked);
    const spec: AnyStep = typeof given === "function" ? { run: given } : given;
    const { run, undo } = spec;
    return this.#given(
      `step("${name}")`,
      this.#step({ name, kind: "step", undo, options: spec, declared: this.#faults, work: (scope) => run(scope) }),
    );
  }

  call(asked: string, given: Operation | AnyCall, sent: unknown): Promise<unknown> {
    const name = this.#named(asked);
    const { operation, input, ...options }: AnyCall = "operation" in given ? given : { operation: given, input: sent };
    const called = this.#execution.host.registry.byContract.get(operation);
    const declared = new Map([...this.#faults, ...(called?.faults ?? [])]);
    const { undo } = options;
    // What another process runs commits there, and is asked for again with the key of the step.
    const isWrite = called?.away === undefined && traitsOf(operation).transaction === "write";
    const work = (scope: StepScopeOf) =>
      isWrite
        ? scope.commit((inside) => inside.call(operation, input) as Promise<unknown>)
        : (scope.call(operation, input) as Promise<unknown>);
    return this.#given(`call("${name}")`, this.#step({ name, kind: "call", undo, options, declared, work }));
  }

  sleep(name: string, duration: Duration): Promise<void> {
    return this.#given(`sleep("${name}")`, this.#sleep(name, toMs(duration)));
  }

  waitFor(event: DomainEvent, { where, within, name = event.name }: EventWait<object>): Promise<unknown> {
    const wait = { name, kind: "event", awaited: event.name, matches: JSON.stringify(where), within } as const;
    return this.#given(`waitFor(${name})`, this.#wait(wait));
  }

  signal(name: string, { within, signal = name }: Partial<SignalWait<string>> = {}): Promise<unknown> {
    return this.#given(`signal("${name}")`, this.#signal({ name, kind: "signal", awaited: `${signal}`, within }));
  }

  child(name: string, saga: Durable, input: unknown): Promise<unknown> {
    return this.#given(`child("${name}")`, this.#child(name, saga, input));
  }

  async continueAsNew(input: unknown): Promise<never> {
    await this.quiet();
    this.#finish({ kind: "continued", input: JSON.stringify(input) });
    return new Promise(() => undefined);
  }

  #named(name: string): string {
    return this.journal.nameOf(name, this.#host.definition.renamed);
  }

  get #faults(): Declared {
    return this.#host.definition.compiled.faults;
  }

  /** Watches a promise that the body gets, which it must await. */
  #given<T>(name: string, work: Promise<T>): Promise<T> {
    return this.#begun.promise(work, { name, joins: false, failed: () => undefined });
  }

  async #sleep(name: string, ms: number): Promise<void> {
    const row = this.#ask({ name, kind: "sleep", undo: undefined });
    if (row === undefined) {
      if (this.#collects) return this.#never("sleeping");
      this.journal.assertRoom(name);
      this.#host.record({ name, kind: "sleep", state: "waiting", attempt: 0, undoable: false, delayMs: ms });
      return this.#never("sleeping");
    }
    if (row.state === "waiting" && (row.dueMs ?? 0) > 0) return this.#never("sleeping");
  }

  async #wait({ name, kind, awaited, matches, within }: Wait): Promise<unknown> {
    const row = this.#ask({ name, kind, undo: undefined });
    if (row === undefined) {
      if (this.#collects) return this.#never("waiting");
      this.journal.assertRoom(name);
      const delayMs = within === undefined ? undefined : toMs(within);
      this.#host.record({ ...{ name, kind, awaited, matches, delayMs }, state: "waiting", attempt: 0, undoable: false });
      return this.#never("waiting");
    }
    if (row.state === "waiting") {
      if (row.dueMs === null || row.dueMs > 0 || this.#collects) return this.#never("waiting");
      // From here on it has not come, also where it comes now.
      this.#host.record({ name, kind, state: "done", attempt: 0, undoable: false });
      this.journal.set({ ...row, state: "done", dueMs: null });
      return undefined;
    }
    const { got, id } = receivedOf(row.output);
    return id === undefined ? got : this.#opened({ name: awaited, id, data: JSON.stringify(got) });
  }

  async #signal(wait: Wait): Promise<unknown> {
    const stored = await this.#wait(wait);
    try {
      return readSignal(this.#host.definition, wait.awaited, stored);
    } catch (error) {
      this.#finish({ kind: "suspended", fault: writeFault(toFault(error), wait.name) });
      return new Promise(() => undefined);
    }
  }

  /** The data of an event that was waited for. The journal has what is personal in it as the log has it. */
  async #opened(event: Pick<Held, "name" | "id" | "data">): Promise<unknown> {
    const { vault } = this.#execution.host;
    if (vault === undefined) return JSON.parse(event.data);
    this.#active++;
    try {
      const [opened] = await openSealed(vault, [{ ...event, tenant: this.#host.tenant ?? null }]);
      return JSON.parse(opened?.data ?? event.data);
    } catch {
      // Its key could not be read now: the saga continues where that is possible.
      this.#finish({ kind: "released" });
      return new Promise(() => undefined);
    } finally {
      this.#leave();
    }
  }

  async #child(name: string, saga: Durable, input: unknown): Promise<unknown> {
    const row = this.#ask({ name, kind: "child", undo: undefined });
    const declared = this.#execution.host.registry.byContract.get(saga)?.faults ?? this.#faults;
    if (row?.state === "done") return row.output === null ? undefined : JSON.parse(row.output);
    if (row?.state === "failed") throw readFault(row.fault ?? "{}", declared);
    if (this.#collects) return this.#never("waiting");
    this.journal.assertRoom(name);
    const id = row?.awaited ?? this.#host.newId();
    this.#active++;
    try {
      // It is known whose end is waited for before that can come.
      if (row === undefined) this.#host.record({ name, kind: "child", awaited: id, state: "waiting", attempt: 0, undoable: false });
      await this.#host.recorded();
      await this.#host.startChild({ saga, id, input, key: `${this.#host.key}:${name}` });
    } catch (error) {
      const fault = toFault(error);
      // The next run starts it again, by the same id.
      if (fault.type === "lease_lost") this.#finish({ kind: "lost" });
      else if (fault.code === "invalid_argument" || fault.code === "internal")
        this.#finish({ kind: "suspended", fault: writeFault(fault, name) });
      else this.#finish({ kind: "released" });
    } finally {
      this.#leave();
    }
    return this.#never("waiting");
  }

  async #step(step: StepCall): Promise<unknown> {
    const { name, declared } = step;
    const row = this.#ask(step);
    if (row !== undefined && row.state !== "retryable") {
      if (row.fault !== null) throw readFault(row.fault, declared);
      return row.output === null ? undefined : JSON.parse(row.output);
    }
    if (this.#collects) return this.#never("retryable");
    if (row !== undefined && (row.dueMs ?? 0) > 0) return this.#never("retryable");
    this.journal.assertRoom(name);
    this.#active++;
    try {
      const ended = await this.#run(step, row);
      return ended.kind === "done" ? this.#done(step, ended) : this.#failed(step, ended);
    } finally {
      this.#leave();
    }
  }

  async #run(step: StepCall, row: JournalStep | undefined): Promise<AttemptsEnd> {
    const { name, kind, options, undo } = step;
    const recorded = this.#host.recorded();
    try {
      if (recorded !== undefined) await recorded;
    } catch (error) {
      if (error instanceof Fault) return { kind: "lost", attempt: 0, fault: error };
      throw error;
    }
    await this.#turnstile.enter();
    const attempt = (row?.attempt ?? 0) + 1;
    if (this.#isOver || !this.#host.isOpen()) return { kind: "released", attempt, fault: stopping };
    const attempted: AttemptedStep = {
      ...{ name, kind, attempt, retry: optionsOf(this.#host.definition, name, options).retry, timeout: options.timeout },
      undoable: undo !== undefined,
      becomes: "done",
      work: (scope) => step.work(scope),
    };
    try {
      return await this.#attempts.run(attempted);
    } finally {
      this.#turnstile.leave();
    }
  }

  #done({ name, kind, undo }: StepCall, { output, attempt, recorded }: Extract<AttemptsEnd, { kind: "done" }>): unknown {
    const undoable = undo !== undefined;
    if (!recorded) this.#host.record({ name, kind, state: "done", attempt, undoable, output });
    this.journal.set({ name, kind, state: "done", attempt, undoable, output: output ?? null, fault: null, dueMs: null });
    return output === undefined ? undefined : JSON.parse(output);
  }

  #failed(step: StepCall, ended: Exclude<AttemptsEnd, { kind: "done" }>): Promise<never> {
    const { name, kind, undo, declared, options } = step;
    const { fault, attempt } = ended;
    if (ended.kind === "lost" || ended.kind === "released") {
      this.#finish({ kind: ended.kind });
      return new Promise(() => undefined);
    }
    const text = writeFault(fault, name);
    const undoable = undo !== undefined;
    const row = { name, kind, attempt, undoable, fault: text };
    if (ended.kind === "retryable") {
      this.#host.record({ ...row, state: "retryable", delayMs: ended.delayMs });
      this.journal.set({ ...row, state: "retryable", output: null, dueMs: ended.delayMs });
      return this.#never("retryable");
    }
    this.#host.record({ ...row, state: "failed" });
    this.journal.set({ ...row, state: "failed", output: null, dueMs: null });
    if (optionsOf(this.#host.definition, name, options).onFailure === "ask" || needsPerson(fault)) {
      this.#finish({ kind: "suspended", fault: text });
      return new Promise(() => undefined);
    }
    return Promise.reject(readFault(text, declared));
  }

  /** *Faults thrown*: `saga_code_changed` where a recorded step may have got this name. */
  #ask(step: AskedStep): JournalStep | undefined {
    const row = this.journal.ask(step);
    const { codes } = this.#host;
    if (row !== undefined || codes === undefined || this.#collects) return row;
    const renamed = mayBeRenamed(step.name, this.journal.unasked, codes);
    if (renamed.length === 0) return row;
    this.#finish({ kind: "suspended", fault: writeFault(codeChanged(step.name, renamed)) });
    throw codeChanged(step.name, renamed);
  }

  #leave(): void {
    this.#active--;
    if (this.#active > 0) return;
    this.#quiet?.resolve();
    this.#quiet = undefined;
    this.#look();
  }

  /** What is waited for in no process: the run ends once nothing else goes on. */
  #never(state: ParkedState): Promise<never> {
    this.#waits.add(state);
    this.#look();
    return new Promise(() => undefined);
  }

  #look(): void {
    if (this.#looks || this.#waits.size === 0) return;
    this.#looks = true;
    // The body may go on in the microtasks of this turn.
    setImmediate(() => {
      this.#looks = false;
      if (this.#active > 0 || this.#waits.size === 0) return;
      if (this.#collects) return this.#finish({ kind: "collected" });
      const [state = "waiting"] = this.#waits.has("retryable") ? ["retryable" as const] : this.#waits;
      this.#finish({ kind: "parked", state });
    });
  }
}

/** What came to a step that waited, with the id of an event; a person who skips it gives the data alone. */
function receivedOf(output: string | null): { readonly got?: unknown; readonly id?: string } {
  if (output === null) return {};
  const kept = JSON.parse(output);
  return typeof kept === "object" && kept !== null && "got" in kept ? kept : { got: kept };
}

const stopping = new Fault({ code: "cancelled", type: "shutting_down", message: "The process stops. Another continues with the saga." });

/** A fault is undone; what the body itself threw is a bug, about which a person decides: a deploy may help. */
function endOfThrown(thrown: unknown): BodyEnd {
  if (thrown instanceof Fault && !needsPerson(thrown)) return { kind: "failed", fault: thrown };
  return { kind: "suspended", fault: writeFault(bugOf(thrown)) };
}

function bugOf(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault({ code: "internal", type: "saga_body_failed", message: "The body of the saga threw.", cause: thrown ?? "undefined" });
}

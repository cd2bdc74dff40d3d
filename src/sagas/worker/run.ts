import type { Clock } from "../../core/clock.ts";
import type { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { readInput, withMade } from "../../core/schema/made.ts";
import { parseTraceparent, type TraceParent } from "../../core/trace.ts";
import type { Actor } from "../../operation/actor.ts";
import type { Handler } from "../../operation/contract.ts";
import { type Criticality, readCriticality } from "../../operation/execution.ts";
import type { Statement } from "../../operation/transaction.ts";
import type { Attempt, Invocation } from "../../pipeline/state/invocation.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import { readContext, type TaskContext } from "../../tasks/context.ts";
import { Body } from "../body/body.ts";
import type { CodeNames } from "../body/code.ts";
import { notRepeatable, sagaLate } from "../body/faults.ts";
import { readFault, writeFault } from "../body/kept-fault.ts";
import type { BodyEnd, RunHost } from "../body/run-host.ts";
import { stepsToUndo, undoSteps } from "../body/undo.ts";
import type { SagaDefinition } from "../definition.ts";
import type { ClaimedSaga, EndState, OwnStep, SagaEnd, SagaStore } from "../ports/store.ts";
import type { Batch, SagaSettler } from "./settler.ts";

/** What one run of a saga needs of its worker. */
export interface SagaRunOptions {
  readonly definition: SagaDefinition;
  readonly clock: Clock;
  readonly token: number;
  readonly store: Pick<SagaStore, "completion">;
  readonly settler: SagaSettler;
  readonly isOpen: () => boolean;
  readonly startChild: StartChild;
  /** What the code with this digest says of its steps. */
  readonly codeOf: (saga: ClaimedSaga) => Promise<CodeNames | undefined>;
  readonly ended: (run: SagaRun, fault: Fault | undefined) => void;
}

/** Starts a saga on behalf of another. */
export type StartChild = (
  child: Parameters<RunHost["startChild"]>[0] & {
    readonly tenant: string | undefined;
    readonly actor: string | undefined;
    readonly trace: string | undefined;
  },
) => Promise<void>;

/** How the run of a saga ended, as it is written; `lost`: nothing is. */
export type RunEnd = Omit<SagaEnd, "saga"> | "lost";

/** One run of a saga, on the way of every request: until it has ended, or until nothing of it needs a process. */
export class SagaRun implements Invocation, Attempt, RunHost {
  readonly surface = "saga";
  readonly address = undefined;
  readonly attempt = 1;
  readonly saga: ClaimedSaga;
  readonly definition: SagaDefinition;
  readonly clock: Clock;
  readonly key: string;
  committed = false;
  codes: RunHost["codes"];
  execution: RunningExecution | undefined = undefined;
  /** Undefined until its body has ended. */
  end: RunEnd | undefined;
  body: Body | undefined;
  /** When the first of what it waits for is due. *Units*: milliseconds from its record. */
  dueMs = Number.POSITIVE_INFINITY;
  #made: unknown = undefined;
  /** The last batch with a record of it. */
  #batch: Batch | undefined;
  readonly #context: TaskContext | undefined;
  readonly #options: SagaRunOptions;

  constructor(saga: ClaimedSaga, options: SagaRunOptions) {
    this.saga = saga;
    this.definition = options.definition;
    this.clock = options.clock;
    this.#options = options;
    this.key = `${saga.name}:${saga.id}${saga.generation > 1 ? `:${saga.generation}` : ""}`;
    this.#context = readContext(saga.context);
  }

  get id(): string {
    return this.saga.id;
  }
  /** The lease under which it runs. */
  get token(): number {
    return this.#options.token;
  }
  get requestId(): string {
    return this.saga.id;
  }
  get durable(): Attempt {
    return this;
  }
  get tenant(): string | undefined {
    return this.#context?.tenant;
  }
  get idempotencyKey(): string {
    return this.key;
  }
  get criticality(): Criticality | undefined {
    return readCriticality(this.#context?.criticality);
  }
  get trace(): TraceParent | undefined {
    const trace = this.#context?.trace;
    return trace === undefined ? undefined : parseTraceparent(trace);
  }
  get remainingMs(): number {
    return this.#undoes ? limits.sagaUndoMs : Math.min(this.saga.remainingMs, limits.sagaRunMs);
  }

  /** Whether it begins nothing more, because it failed, because a person said so, or because it is late. */
  get #undoes(): boolean {
    return this.saga.undoing || this.saga.remainingMs <= 0;
  }

  authenticate(): Actor {
    const { actor = "system", tenant } = this.#context ?? {};
    return { id: actor, kind: "system", roles: ["system"], tenant, claims: { tid: tenant } };
  }

  readInput(execution: RunningExecution): undefined {
    const { sent, made } = readInput(this.saga.input);
    execution.input = sent;
    this.#made = made;
  }

  sameInput(parsed: unknown): unknown {
    return withMade(parsed, this.#made);
  }

  completion(step?: OwnStep): Statement {
    const { store, token } = this.#options;
    if (step === undefined) throw new TypeError("a saga records its steps, each by its name");
    return store.completion(token, { ...step, saga: this.id });
  }

  prepare(): void {}

  reply({ fault }: RunningExecution): undefined {
    // Stopped from outside: its deadline, or its process.
    this.body?.abort({ kind: "released" });
    this.#options.ended(this, fault);
  }

  isOpen(): boolean {
    return this.#options.isOpen();
  }

  newId(): string {
    return this.clock.uuid();
  }

  startChild(child: Parameters<RunHost["startChild"]>[0]): Promise<void> {
    const { tenant, actor, trace } = this.#context ?? {};
    return this.#options.startChild({ ...child, tenant, actor, trace });
  }

  record(step: OwnStep): void {
    this.dueMs = Math.min(this.dueMs, step.delayMs ?? Number.POSITIVE_INFINITY);
    this.#batch = this.#options.settler.step(this.token, { ...step, saga: this.id });
  }

  recorded(): Promise<void> | undefined {
    const batch = this.#batch;
    if (batch === undefined) return undefined;
    return batch.written.promise.then(() => {
      if (this.#batch === batch) this.#batch = undefined;
    });
  }

  /** What must be durable before an end of it is written: what was recorded with another write. */
  sent(): Promise<unknown> | undefined {
    return this.#batch?.isSent ? this.recorded() : undefined;
  }

  async handle(execution: RunningExecution): Promise<void> {
    const { saga, definition } = this;
    const body = new Body(this, execution, { steps: saga.journal, collects: this.#undoes });
    this.body = body;
    const code = definition.bodies.get(saga.version);
    if (code !== undefined && saga.code !== code.digest && saga.journal.length > 0) {
      const before = await this.#options.codeOf(saga);
      if (before !== undefined) this.codes = { before, now: code.names };
    }
    const handler = code?.run ?? definition.compiled.handler;
    const end = await body.run(handler);
    if (execution.settled) return;
    const differs =
      execution.host.options.development && end.kind === "completed" ? await this.#repeat(body, end, { execution, handler }) : undefined;
    this.end = differs ?? (await this.#endOf(body, end));
  }

  /** In development: runs the body once more from its journal, without a step. What differs would differ after a crash too. */
  async #repeat(
    { journal }: Body,
    { output }: Extract<BodyEnd, { kind: "completed" }>,
    { execution, handler }: { readonly execution: RunningExecution; readonly handler: Handler },
  ): Promise<RunEnd | undefined> {
    const again = new Body(this, execution, { steps: [...journal.steps], collects: true });
    const end = await again.run(handler);
    const [first] = [...again.journal.asked.keys()].filter((name) => !journal.asked.has(name));
    const [missing] = [...journal.asked.keys()].filter((name) => !again.journal.asked.has(name));
    let what: string | undefined;
    if (first !== undefined) what = `it asked for the step "${first}", which it had not asked for before`;
    else if (missing !== undefined) what = `it did not ask for the step "${missing}", which is recorded`;
    else if (end.kind !== "completed") what = "it did not come to its end";
    else if (end.output !== output) what = "it returned something else";
    return what === undefined ? undefined : { state: "suspended", fault: writeFault(notRepeatable(what)) };
  }

  async #endOf(body: Body, end: BodyEnd): Promise<RunEnd> {
    const { saga } = this;
    if (end.kind === "completed" && !saga.undoing) return { state: "completed", output: end.output };
    if (end.kind === "failed" || end.kind === "collected" || end.kind === "completed")
      return this.#undo(body, end.kind === "failed" && !saga.undoing ? end.fault : this.#reason());
    if (end.kind === "parked") return { state: end.state };
    if (end.kind === "continued") return saga.undoing ? this.#undo(body, this.#reason()) : { state: "continued", output: end.input };
    if (end.kind === "suspended") return { state: "suspended", fault: end.fault };
    return end.kind === "lost" ? "lost" : { state: "ready" };
  }

  /** Why it is undone, where that was known before this run. */
  #reason(): Fault {
    const { fault, name } = this.saga;
    return fault === null ? sagaLate(name) : readFault(fault, this.definition.compiled.faults);
  }

  async #undo(body: Body, reason: Fault): Promise<RunEnd> {
    const { saga } = this;
    const { journal } = body;
    const fault = writeFault(reason);
    if (!saga.undoing) {
      if (stepsToUndo(journal).length === 0 && ![...journal.steps].some(({ undoable }) => undoable)) return { state: "failed", fault };
      // Durable before the first undo: from now on it can only be undone.
      await this.recorded();
      this.#batch = this.#options.settler.end(this.token, { saga: saga.id, state: "undoing", fault });
      await this.recorded();
    }
    const end = await undoSteps(body, this);
    if (end.kind === "undone") return { state: "undone", fault };
    if (end.kind === "parked") return { state: end.state };
    if (end.kind === "suspended") return { state: "suspended", fault: end.fault };
    return end.kind === "lost" ? "lost" : { state: "ready" };
  }
}

/** The states in which a saga has ended for good. */
export const isFinal = (state: EndState): boolean => state === "completed" || state === "undone" || state === "failed";

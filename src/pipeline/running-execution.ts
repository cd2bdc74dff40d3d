import assert from "node:assert";
import type { Code } from "../core/code.ts";
import type { Expiring } from "../core/deadline.ts";
import { formatMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import type { TraceParent } from "../core/trace.ts";
import { type Actor, anonymous } from "../operation/actor.ts";
import type { ChildSpan, Execution, HttpFacts, Refusal } from "../operation/execution.ts";
import type { ActiveExecution } from "../operation/telemetry.ts";
import type { Statement, Transaction, TransactionOwner } from "../operation/transaction.ts";
import type { Slots, Waiter } from "./admission.ts";
import type { CompiledOperation } from "./compiled.ts";
import type { Runtime } from "./runtime.ts";

/** Something that is not done yet: a promise, or what settles in the turn in which it is done. */
export interface Waiting {
  then(done: () => void, failed: (error: unknown) => void): void;
}

/** What a surface brings of one request, and how it takes the outcome. */
export interface Invocation {
  readonly surface: string;
  /** The peer's address, by which strangers are rate-limited; undefined for callers in this process. */
  readonly address: string | undefined;
  readonly requestId: string | undefined;
  readonly trace: TraceParent | undefined;
  /** What the caller has left. *Units*: milliseconds. */
  readonly remainingMs: number | undefined;
  readonly idempotencyKey: string | undefined;
  authenticate(execution: RunningExecution): Actor | Promise<Actor>;
  /** Puts the input on the execution, not validated yet; at once, or when what it returns is done. */
  readInput(execution: RunningExecution): undefined | Waiting;
  /** Takes the outcome, once. Returns the facts to publish, or a function that is told when they are known. */
  reply(execution: RunningExecution): HttpFacts | undefined;
}

/** One attempt of a task, as its scope needs it. */
export interface TaskRun {
  /** Stands for the task, whatever the attempt. */
  readonly key: string;
  readonly attempt: number;
  /** Its completion, sent with the commit of what the handler writes: fails where the lease is lost. */
  completion(): Statement;
  /** Completed by such a commit. */
  committed: boolean;
}

const maxSpans = 64;

interface TimedStatement {
  readonly statement: Statement;
  readonly startMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
}

/** One execution from its acceptance to its reply: the state that the steps of the pipeline share, and in the end the wide event. */
export class RunningExecution implements Execution, Expiring, TransactionOwner, ActiveExecution, Waiter {
  readonly runtime: Runtime;
  readonly compiled: CompiledOperation;
  readonly invocation: Invocation;

  // The wide event.
  outcome: Code | "ok" = "ok";
  fault: Fault | undefined = undefined;
  requestId = "";
  traceId = "";
  spanId = "";
  parentSpanId: string | undefined = undefined;
  sampled = false;
  actor: Actor = anonymous;
  tenant: string | undefined = undefined;
  attempt = 1;
  replayed = false;
  startedAt = 0;
  deadlineMs = 0;
  durationMs = 0;
  queuedMs = 0;
  runningMs = 0;
  databaseMs = 0;
  upstreamMs: Record<string, number> | undefined = undefined;
  statements = 0;
  notes: Record<string, unknown> | undefined = undefined;
  refusal: Refusal | undefined = undefined;
  http: HttpFacts | undefined = undefined;

  // The deadline wheel.
  deadlineAt = 0;
  wheelNext: Expiring | undefined = undefined;
  wheelPrevious: Expiring | undefined = undefined;
  wheelSlot = -1;

  /** Its seat among all that run. */
  seat = -1;

  // What the steps hand on.
  input: unknown = undefined;
  /** The shaped output as JSON, once the outcome is `ok`. */
  body = "";
  calls = 0;
  /** Set once there is an outcome; whatever comes later is ignored. */
  settled = false;
  acceptedAt = 0;
  holdsSlot = false;
  holdsProcessSlot = false;
  /** Its handler has begun and not ended: what it holds is still in use, whatever was replied. */
  handling = false;
  /** Queues that have a task of this execution once its transaction is committed. */
  wakes: Set<string> | undefined = undefined;
  /** What belongs to an execution of a task alone. */
  task: TaskRun | undefined = undefined;
  readonly transactions: Transaction[] = [];
  #statements: TimedStatement[] | undefined = undefined;
  #spans: ChildSpan[] | undefined = undefined;
  #controller: AbortController | undefined;
  #waitsSince = 0;
  #databaseDepth = 0;
  #databaseSince = 0;
  #resume: (() => void) | undefined;
  #waitsFor: Slots | undefined;

  constructor(runtime: Runtime, compiled: CompiledOperation, invocation: Invocation) {
    this.runtime = runtime;
    this.compiled = compiled;
    this.invocation = invocation;
  }

  get operation(): string {
    return this.compiled.name;
  }
  get module(): string {
    return this.compiled.module;
  }
  get kind() {
    return this.compiled.kind;
  }
  get criticality() {
    return this.compiled.criticality;
  }
  get surface(): string {
    return this.invocation.surface;
  }
  get actorKind() {
    return this.actor.kind;
  }
  get actorId(): string | undefined {
    return this.actor.kind === "anonymous" ? undefined : this.actor.id;
  }

  elapsedMs(): number {
    return this.runtime.clock.monotonic() - this.acceptedAt;
  }

  remainingMs(): number {
    return Math.max(0, this.deadlineAt - this.runtime.clock.monotonic());
  }

  /** Made when somebody reads it: most operations never do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.settled) this.#controller.abort(this.fault);
    }
    return this.#controller.signal;
  }

  addSpan(span: ChildSpan): void {
    this.#spans ??= [];
    if (this.#spans.length < maxSpans) this.#spans.push(span);
  }

  /** Spans inside this execution. Those of statements are made when somebody looks: most executions are never exported. */
  get spans(): readonly ChildSpan[] | undefined {
    for (const { statement, ...times } of this.#statements?.splice(0) ?? [])
      this.addSpan({ ...times, ...this.#statementSpan(statement.text) });
    return this.#spans;
  }

  #statementSpan(text: string) {
    const [verb = "statement"] = text.trimStart().split(/\s/, 1);
    const attributes = { "db.system.name": "postgresql", "db.query.text": text };
    return { name: verb, spanId: this.runtime.ids.spanId(), parentSpanId: this.spanId, kind: "client" as const, attributes };
  }

  statementStarts(statement: Statement): void {
    this.statements++;
    const limit = this.compiled.limits.queries;
    if (this.statements <= limit) return;
    const refusal: Refusal = { limit: `${this.operation} queries`, value: limit, load: this.statements, mode: this.compiled.limits.mode };
    this.refusal = refusal;
    if (refusal.mode === "measure") return;
    throw new Fault({
      code: "internal",
      type: "query_budget_exceeded",
      message: `${this.operation} may send ${limit} statements and tried to send one more. Fetch more at once, or raise budget.queries.`,
      details: { limit: refusal.limit, value: limit, load: this.statements },
      cause: statement.text,
    });
  }

  statementEnds(statement: Statement, sentAt: number, failed: boolean): void {
    this.#statements ??= [];
    if (this.#statements.length >= maxSpans) return;
    this.#statements.push({ statement, startMs: sentAt - this.acceptedAt, durationMs: this.runtime.clock.monotonic() - sentAt, failed });
  }

  databaseEnters(): void {
    if (this.#databaseDepth++ === 0) this.#databaseSince = this.runtime.clock.monotonic();
  }

  databaseLeaves(): void {
    if (--this.#databaseDepth === 0) this.databaseMs += this.runtime.clock.monotonic() - this.#databaseSince;
    this.runtime.entered = this;
  }

  /** Waiting for a connection is queueing, not the database's work. */
  waited(ms: number): void {
    this.queuedMs += ms;
  }

  upstreamTook(name: string, ms: number): void {
    this.upstreamMs ??= {};
    this.upstreamMs[name] = (this.upstreamMs[name] ?? 0) + ms;
    this.runtime.entered = this;
  }

  /** Counts an inner call against the budget. A transaction that it would have joined cannot commit without it. */
  callStarts(joins?: Transaction): void {
    const limit = this.compiled.limits.calls;
    if (++this.calls <= limit) return;
    const refusal: Refusal = { limit: `${this.operation} calls`, value: limit, load: this.calls, mode: this.compiled.limits.mode };
    this.refusal = refusal;
    if (refusal.mode === "measure") return;
    const fault = new Fault({
      code: "internal",
      type: "call_budget_exceeded",
      message: `${this.operation} may call ${limit} operations and tried to call one more. Call fewer, or raise budget.calls.`,
      details: { limit: refusal.limit, value: limit, load: this.calls },
    });
    joins?.doom(fault);
    throw fault;
  }

  /** Whatever it waits for before its handler begins (a token's verification, its body, a slot) is queueing. */
  waits(): void {
    this.#waitsSince = this.runtime.clock.monotonic();
  }

  goesOn(): void {
    if (this.#waitsSince === 0) return;
    this.queuedMs += this.runtime.clock.monotonic() - this.#waitsSince;
    this.#waitsSince = 0;
  }

  /** Waits for a slot; `resume` goes on with the pipeline. */
  waitFor(slots: Slots, resume: () => void): void {
    this.#resume = resume;
    this.#waitsFor = slots;
  }

  granted(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    this.#waitsFor = undefined;
    assert(resume !== undefined, "a slot was granted to nobody");
    // The one who left must not run the next one's work inside its own stack.
    queueMicrotask(resume);
  }

  /** Gives up a place in a queue. */
  stopsWaiting(): void {
    this.#waitsFor?.forget(this);
    this.#waitsFor = undefined;
    this.#resume = undefined;
  }

  expire(): void {
    this.stop(this.lateFault());
  }

  /** The fault of an execution whose deadline has passed. */
  lateFault(): Fault {
    const deadline = formatMs(this.deadlineMs);
    return new Fault({
      code: "deadline_exceeded",
      message: `${this.operation} did not end within its deadline of ${deadline}. Nothing of it was kept unless it says so; try again later.`,
      details: { limit: `${this.operation} deadline`, value: this.deadlineMs, load: Math.round(this.elapsedMs()) },
      retryAfterMs: 1_000,
    });
  }

  /** Ends the execution from outside: deadline, a client that went away, a process that stops. A commit that is on its way is waited for. */
  stop(fault: Fault): void {
    if (this.settled) return;
    let committing = false;
    for (const transaction of this.transactions) committing = !transaction.abort(fault) || committing;
    if (committing && this.kind !== "action" && this.kind !== "task") return;
    this.runtime.finish(this, fault);
    this.#controller?.abort(fault);
  }

  /** Whether work may begin or go on. Throws what ended the execution. */
  throwIfSettled(): void {
    if (this.settled) throw this.fault ?? new Fault({ code: "cancelled", message: `${this.operation} has ended already.` });
  }
}

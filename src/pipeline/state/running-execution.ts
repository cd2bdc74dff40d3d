import assert from "node:assert";
import type { Code } from "../../core/code.ts";
import type { Expiring } from "../../core/deadline.ts";
import { Fault } from "../../core/fault.ts";
import { placesOf } from "../../core/json/places.ts";
import type { LoadLine } from "../../core/load-line/load-line.ts";
import type { RolesByPermission } from "../../operation/access.ts";
import { type Actor, anonymous } from "../../operation/actor.ts";
import type { AwaySaid } from "../../operation/away/away.ts";
import type { Starts } from "../../operation/durable/start.ts";
import type { ChildSpan, Criticality, Execution, Refusal, StreamFacts, SurfaceFacts } from "../../operation/execution.ts";
import { rankOf } from "../../operation/execution.ts";
import type { ActiveExecution } from "../../operation/telemetry.ts";
import type { ShortenedKey, Statement, Transaction, TransactionOwner, UnstorableProblem } from "../../operation/transaction.ts";
import { callerOf } from "../admission.ts";
import type { CacheUse, Load } from "../cache/load.ts";
import { unstorableInput } from "../faults.ts";
import type { Host } from "../host.ts";
import type { TakenRate } from "../rates/operation-rate.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import type { Slots, Waiter } from "../slots.ts";
import type { RunningStream } from "../stream/running-stream.ts";
import type { StreamSink } from "../stream/sink.ts";
import { callsExceeded, deadlineExceeded, queriesExceeded } from "./faults.ts";
import type { Attempt, Invocation } from "./invocation.ts";
import type { ShapedOutput } from "./output.ts";
import type { ReplyCredentials } from "./reply-credentials.ts";
import { maxSpans, statementSpan, type TimedStatement } from "./statement-spans.ts";
import { UpstreamTimes } from "./upstream-times.ts";

/** What an execution asks of its process. */
export interface ExecutionHost extends Host {
  /** Ends an execution: with what was thrown, or, where that is undefined, with its output. Only the first end counts. */
  finish(execution: RunningExecution, thrown: unknown): void;
}

/** One execution from its acceptance to its reply: the state that the steps of the pipeline share, and in the end the wide event. It runs nothing itself. */
export class RunningExecution implements Execution, Expiring, TransactionOwner, ActiveExecution, Waiter {
  readonly host: ExecutionHost;
  readonly compiled: CompiledOperation;
  readonly invocation: Invocation;
  /** As the operation declares it, until an internal caller is known who says otherwise. */
  criticality: Criticality;

  // The wide event.
  outcome: Code | "ok" = "ok";
  fault: Fault | undefined = undefined;
  requestId = "";
  traceId = "";
  spanId = "";
  parentSpanId: string | undefined = undefined;
  traceState: string | undefined = undefined;
  sampled = false;
  actor: Actor = anonymous;
  tenant: string | undefined = undefined;
  /** What the tenant permits, where tenants decide that and it was needed. */
  permitted: RolesByPermission | undefined = undefined;
  attempt = 1;
  replayed = false;
  /** Undefined where the reply gives none. */
  credentials: ReplyCredentials | undefined = undefined;
  /** What the process says that ran it; undefined where it ran here. */
  said: AwaySaid | undefined = undefined;
  cache: CacheUse | undefined = undefined;
  startedAt = 0;
  deadlineMs = 0;
  durationMs = 0;
  late = false;
  queuedMs = 0;
  runningMs = 0;
  databaseMs = 0;
  statements = 0;
  notes: Record<string, unknown> | undefined = undefined;
  refusal: Refusal | undefined = undefined;
  facts: SurfaceFacts | undefined = undefined;

  deadlineAt = 0;
  wheelNext: Expiring | undefined = undefined;
  wheelPrevious: Expiring | undefined = undefined;
  wheelSlot = -1;
  /** Its index among all that run. */
  index = -1;
  input: unknown = undefined;
  /** The input as it was sent: bound and not parsed. It stands for the request: a key and a cursor are good for it. */
  sent: unknown = undefined;
  /** The output, once the outcome is `ok`; durable work has none. */
  output: ShapedOutput | undefined = undefined;
  /** The load of a cached value that it must end. */
  load: Load | undefined = undefined;
  calls = 0;
  /** Set once there is an outcome; whatever comes later is ignored. */
  settled = false;
  acceptedAt = 0;
  holdsSlot = false;
  /** How long after its acceptance it got the slot of its operation. */
  slotAfterMs = 0;
  queuedAt = 0;
  holdsProcessSlot = false;
  /** Its handler has begun and not ended: what it holds is still in use, whatever was replied. */
  handling = false;
  /** Undefined for what returns one output. */
  streaming: RunningStream | undefined = undefined;
  /** What it took of the rates of its operation; undefined where there is none, or one has refused. */
  rates: TakenRate[] | undefined = undefined;
  /** It took from what strangers of its address may send, until its credentials are verified. */
  tookAsStranger = false;
  /** Whose work it started, and what they get once its transaction is committed. */
  started: Map<Pick<Starts, "committed">, Set<string>> | undefined = undefined;
  /** Of durable work: the keys of what this attempt has called. */
  made: ShortenedKey[] | undefined = undefined;
  /** Where the last event stands that it committed; undefined where it committed none. */
  committedTo: string | undefined = undefined;
  /** The attempt that it is of durable work. */
  readonly durable: Attempt | undefined;
  readonly transactions: Transaction[] = [];
  #upstreams: UpstreamTimes | undefined = undefined;
  #statements: TimedStatement[] | undefined = undefined;
  #spans: ChildSpan[] | undefined = undefined;
  #controller: AbortController | undefined;
  #waitsSince = 0;
  #databaseDepth = 0;
  /** What a stream used for the items before this one. */
  #earlierStatements = 0;
  #earlierCalls = 0;
  #databaseSince = 0;
  #resume: (() => void) | undefined;
  #waitsFor: Slots | undefined;
  #ownId: string | undefined;

  constructor(host: ExecutionHost, compiled: CompiledOperation, invocation: Invocation) {
    this.host = host;
    this.compiled = compiled;
    this.invocation = invocation;
    this.criticality = compiled.criticality;
    this.durable = invocation.durable;
    if (this.durable !== undefined) this.attempt = this.durable.attempt;
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
  get surface(): string {
    return this.invocation.surface;
  }
  get actorKind() {
    return this.actor.kind;
  }
  get actorId(): string | undefined {
    return this.actor.kind === "anonymous" ? undefined : this.actor.id;
  }

  get rank(): number {
    return rankOf(this.criticality);
  }

  /** Who is limited, and takes turns. */
  get caller(): string | undefined {
    // Tasks are in order already: the fair queue chose which one begins.
    return this.durable === undefined ? callerOf(this.actor, this.tenant, this.invocation.address) : undefined;
  }

  /** Stands for this execution alone, in the whole fleet; no caller knows it. Made when it is first needed. */
  get ownId(): string {
    this.#ownId ??= this.host.clock.uuid();
    return this.#ownId;
  }

  /** How long it has held its slot: what a limit learns from. */
  get heldMs(): number {
    return Math.max(0, this.durationMs - this.slotAfterMs);
  }

  elapsedMs(): number {
    return this.host.clock.monotonic() - this.acceptedAt;
  }

  remainingMs(): number {
    return Math.max(0, this.deadlineAt - this.host.clock.monotonic());
  }

  /** Brings the deadline forward to so long after the start, where that is sooner; it is never put off. *Faults thrown*: `deadline_exceeded`, where it has passed. */
  shorten(remainingMs: number): void {
    if (remainingMs >= this.deadlineMs) return;
    const { wheel } = this.host;
    wheel.remove(this);
    this.deadlineMs = remainingMs;
    this.deadlineAt = this.acceptedAt + remainingMs;
    wheel.add(this);
    if (this.remainingMs() <= 0) throw this.lateFault();
  }

  /** Made when it is first read: most operations never read it. */
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

  /** Spans inside this execution. Those of statements are made when they are read: most executions are never exported. */
  get spans(): readonly ChildSpan[] | undefined {
    for (const timed of this.#statements?.splice(0) ?? [])
      this.addSpan(statementSpan(timed, { spanId: this.host.ids.spanId(), parentSpanId: this.spanId }));
    return this.#spans;
  }

  statementStarts(statement: Statement): void {
    this.statements++;
    const refusal = this.#uses(this.compiled.queriesLine, this.statements - this.#earlierStatements);
    if (refusal !== undefined) throw queriesExceeded(this.operation, refusal, statement.text);
  }

  /** Counts what it has used of a budget. Returns the refusal where that is more than it may; only the first of an execution is counted. */
  #uses(line: LoadLine, used: number): Refusal | undefined {
    const { name: limit, declared: value = Number.POSITIVE_INFINITY, mode } = line;
    if (used <= value || mode === "off") return void line.admits(used);
    if (used === value + 1) line.refuses(line.reason("over"));
    this.refusal = { limit, value, load: used, mode };
    if (mode === "enforce") return this.refusal;
    line.admits(used);
    return undefined;
  }

  statementEnds(statement: Statement, sentAt: number, failed: boolean): void {
    this.#statements ??= [];
    if (this.#statements.length >= maxSpans) return;
    this.#statements.push({ statement, startMs: sentAt - this.acceptedAt, durationMs: this.host.clock.monotonic() - sentAt, failed });
  }

  /** What is durable has no caller who could send something else: there it is a bug. */
  inputFault(isSought: (value: unknown) => boolean, problem: UnstorableProblem): Fault | undefined {
    if (this.compiled.traits.durable) return undefined;
    const places = placesOf(this.input, isSought);
    return places.length === 0 ? undefined : unstorableInput(places, problem);
  }

  enterDatabase(): void {
    if (this.#databaseDepth++ === 0) this.#databaseSince = this.host.clock.monotonic();
  }

  databaseLeaves(): void {
    if (--this.#databaseDepth === 0) this.databaseMs += this.host.clock.monotonic() - this.#databaseSince;
    this.host.entered = this;
  }

  /** Waiting for a connection is queueing, not the database's work. */
  waited(ms: number): void {
    this.queuedMs += ms;
  }

  get upstreamMs(): Readonly<Record<string, number>> | undefined {
    return this.#upstreams?.ms;
  }

  upstreamEnters(name: string): void {
    this.#upstreams ??= new UpstreamTimes();
    if (!this.settled) this.#upstreams.enters(name, this.host.clock.monotonic());
  }

  upstreamLeaves(name: string): void {
    if (!this.settled) this.#upstreams?.leaves(name, this.host.clock.monotonic());
    this.host.entered = this;
  }

  /** It ends here: what it still waits for counts until now. */
  stopUpstreams(): void {
    this.#upstreams?.close(this.host.clock.monotonic());
  }

  /** Of a stream: the budget counts for each item, and what has ended is let go of. `deadlineAt`: until when it must be there. */
  nextItem(deadlineAt: number): void {
    this.deadlineAt = deadlineAt;
    this.#earlierStatements = this.statements;
    this.#earlierCalls = this.calls;
  }

  /** Begins the reply of a stream: the deadline is met, and the slots are free for others. */
  openStream(drained: () => void): StreamSink {
    const { host, invocation } = this;
    assert(invocation.openStream !== undefined, `the surface ${invocation.surface} has no streams`);
    host.wheel.remove(this);
    this.#leaveSlots();
    return invocation.openStream(this, drained);
  }

  #leaveSlots(): void {
    this.durationMs = this.elapsedMs();
    if (this.holdsProcessSlot) this.host.slots.leave(this);
    if (this.holdsSlot) this.compiled.slots.leave(this);
    this.holdsProcessSlot = false;
    this.holdsSlot = false;
  }

  get stream(): StreamFacts | undefined {
    return this.streaming?.facts;
  }

  /** Counts an inner call against the budget. A transaction that it would have joined cannot commit without it. */
  callStarts(joins?: Transaction): void {
    const refusal = this.#uses(this.compiled.callsLine, ++this.calls - this.#earlierCalls);
    if (refusal === undefined) return;
    const fault = callsExceeded(this.operation, refusal);
    joins?.doom(fault);
    throw fault;
  }

  /** Whatever it waits for before its handler begins (a token's verification, its body, a slot) is queueing. */
  waits(): void {
    this.#waitsSince = this.host.clock.monotonic();
  }

  /** What it has waited until now. */
  queuedSoFarMs(): number {
    return this.#waitsSince === 0 ? this.queuedMs : this.queuedMs + this.host.clock.monotonic() - this.#waitsSince;
  }

  /** It need not wait any more. */
  continue(): void {
    if (this.#waitsSince === 0) return;
    this.queuedMs += this.host.clock.monotonic() - this.#waitsSince;
    this.#waitsSince = 0;
  }

  /** Waits for a slot; `resume` continues the pipeline. */
  waitFor(slots: Slots, resume: () => void): void {
    this.#resume = resume;
    this.#waitsFor = slots;
  }

  granted(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    this.#waitsFor = undefined;
    assert(resume !== undefined, "a slot was granted to no execution");
    // In a microtask: the execution that released the slot must not run this one inside its own stack.
    queueMicrotask(resume);
  }

  displaced(refusal: Refusal): void {
    this.#waitsFor = undefined;
    this.refusal = refusal;
    // In a microtask: the execution that displaced this one must not send its response inside its own stack.
    queueMicrotask(() => this.host.finish(this, this.host.shedder.faultOf(refusal)));
  }

  /** A limit that is only measured would have refused it. What it ended as is published already where it is known too late. */
  measured({ name, declared = 0 }: LoadLine, load: number): void {
    if (!this.settled) this.refusal = { limit: name, value: declared, load, mode: "measure" };
  }

  /** Gives up a place in a queue; `late`: because its deadline has passed. */
  stopWaiting(late: boolean): void {
    if (late) this.#waitsFor?.forgetLate(this);
    else this.#waitsFor?.forget(this);
    this.#waitsFor = undefined;
    this.#resume = undefined;
  }

  expire(): void {
    this.stop(this.lateFault());
  }

  /** The fault of an execution whose deadline has passed. */
  lateFault(): Fault {
    return deadlineExceeded(this.operation, { deadlineMs: this.deadlineMs, elapsedMs: this.elapsedMs() });
  }

  /**
   * Ends the execution from outside: deadline, a client that went away, a process that stops. A commit that is on its way is waited for. `succeeds`: what it sent
   * so far is its outcome, and the fault is only what its work ends with.
   */
  stop(fault: Fault, { succeeds = false }: { readonly succeeds?: boolean } = {}): void {
    if (this.settled) return;
    let committing = false;
    for (const transaction of this.transactions) committing = !transaction.abort(fault) || committing;
    if (committing && this.compiled.traits.transaction !== "none" && this.streaming === undefined) return;
    this.host.finish(this, succeeds ? undefined : fault);
    this.#controller?.abort(fault);
    this.streaming?.stopped(fault);
  }

  /** Whether work may begin or continue. Throws what ended the execution. */
  throwIfSettled(): void {
    if (this.settled) throw this.fault ?? new Fault({ code: "cancelled", message: `${this.operation} has ended already.` });
  }
}

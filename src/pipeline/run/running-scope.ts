import assert from "node:assert";
import { fail, toFault } from "../../core/fault.ts";
import type { Schema } from "../../core/schema/standard.ts";
import { formatTraceparent } from "../../core/trace.ts";
import { messageOf } from "../../core/value/thrown.ts";
import { type IssuedCredential, issue } from "../../operation/authentication/place.ts";
import type { Revocation } from "../../operation/authentication/revocations.ts";
import type { Operation } from "../../operation/contract.ts";
import type { Durable, SignalOptions, SystemStartOptions } from "../../operation/durable/start.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import { criticalityHeader } from "../../operation/execution.ts";
import type { ModuleMetric } from "../../operation/metrics/metric.ts";
import { type BoundWritten, boundWritten } from "../../operation/online/stream/written.ts";
import type { Outbound, PageInput, PageSpec, ScopeLog } from "../../operation/scope.ts";
import { type BoundSearch, boundSearch } from "../../operation/sourcing/search-store.ts";
import { makeSql, type Sql, type SqlRunner, type WrittenStatement } from "../../operation/sql.ts";
import type { ShortenedKey, Statement, StatementResult, Transaction } from "../../operation/transaction.ts";
import { type BoundVault, boundVault } from "../../operation/vault/vault.ts";
import type { CompiledAudit } from "../audit/compiled-audit.ts";
import { readState, recordRefusal, recordRun } from "../audit/record.ts";
import { emitEvent } from "../events/emitted.ts";
import { actorHidden, otherTenantStart } from "../faults.ts";
import type { Counted, LabelValues } from "../metrics/counts.ts";
import { Miscount } from "../metrics/miscount.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { revokeIn } from "../revocations/revoke.ts";
import { scopeStreams } from "../sourcing/scope-streams.ts";
import { checkRow } from "../state/check-row.ts";
import { hideSecrets } from "../state/hidden-secrets.ts";
import { addNotes } from "../state/notes.ts";
import { noteRejection } from "../state/rejections.ts";
import { ReplyCredentials } from "../state/reply-credentials.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { eventsFor, vaultOf, writtenOf } from "../stream/kept.ts";
import { Begun } from "./begun.ts";
import { ExecutionCaller } from "./execution-caller.ts";
import { readPage } from "./page.ts";
import { signalWork, startWork } from "./started.ts";

/** The header that tells a callee what is left of the deadline. *Units*: milliseconds. */
const deadlineHeader = "plimsoll-deadline-ms";

/** The run of one operation that a scope is made for. */
export interface ScopeRun {
  readonly transaction: Transaction | undefined;
  readonly input: unknown;
  /** The input before it was parsed. */
  readonly sent: unknown;
  /** On whose behalf: the execution's own tenant, or the one that a call named where there was none. */
  readonly tenant: string | undefined;
  /** Whether several callers share what it returns, so that it has no actor. *Default*: false. */
  readonly shared?: boolean;
  readonly calls: ScopeCalls;
}

/** A call of another operation, and from where. */
export interface ScopeCall {
  readonly input: unknown;
  readonly key?: string;
  /** Whether the key was made here, and no caller's is taken for it. *Default*: where there is none, one is made. */
  readonly derived?: boolean;
  /** Where its key goes. *Default*: to those of the execution. */
  readonly made?: ShortenedKey[];
  readonly tenant?: string;
  /** The operation that calls, and its run. */
  readonly caller: CompiledOperation;
  readonly run: ScopeRun;
}

/** What a scope leaves to those who run operations; they give it with the run, and differ inside a transaction and apart from any. */
export interface ScopeCalls {
  call(execution: RunningExecution, operation: Operation, call: ScopeCall): Promise<unknown>;
  /** Completes what runs with what `work` writes; undefined where nothing durable runs. */
  commit?<T>(execution: RunningExecution, work: (scope: RunningScope) => Promise<T>): Promise<T>;
}

/** Runs the handler of an audited command, and records it. */
export const runAudited = Symbol("runAudited");

/** What one running operation is given. Members are bound when they are read, so that they can be destructured and cost nothing unread. */
export class RunningScope implements SqlRunner {
  readonly #execution: RunningExecution;
  readonly #compiled: CompiledOperation;
  readonly #transaction: Transaction | undefined;
  readonly #run: ScopeRun;
  /** What its handler has begun; when it has returned, nothing of it may be left. */
  readonly begun = new Begun();
  #sql: Sql | undefined;

  constructor(execution: RunningExecution, compiled: CompiledOperation, run: ScopeRun) {
    this.#execution = execution;
    this.#compiled = compiled;
    this.#transaction = run.transaction;
    this.#run = run;
    if (compiled.operation.spec.uses !== undefined) this.#bring(compiled);
    if (execution.host.options.development) this.checkRow = checkRow;
  }

  #bring({ uses, bound }: CompiledOperation): void {
    Object.assign(this, uses);
    if (bound.length === 0) return;
    const given = <T>(name: string, work: Promise<T>) => this.given(name, work);
    const caller = new ExecutionCaller(this.#execution, { note: this.note, given });
    const own: Record<string, unknown> = {};
    for (const { alias, bind } of bound) own[alias] = bind(caller);
    Object.assign(this, own);
  }

  /** Only in development and tests: production trusts the database. */
  checkRow?: (schema: Schema, row: Record<string, unknown>) => unknown;

  get fail(): typeof fail {
    return fail;
  }

  get actor() {
    if (this.#run.shared) throw actorHidden(this.#compiled.name);
    return this.#execution.actor;
  }
  get tenant() {
    return this.#run.tenant;
  }
  get requestId() {
    return this.#execution.requestId;
  }
  get signal() {
    return this.#execution.signal;
  }

  get sql(): Sql {
    this.#sql ??= makeSql(this);
    return this.#sql;
  }

  run(statement: Statement): Promise<StatementResult> {
    if (this.#transaction === undefined) throw new TypeError("an action has no sql: call a query or a command");
    return this.#transaction.run(statement);
  }

  wrote(statement: WrittenStatement): void {
    this.begun.wrote(statement);
  }
  uses(statement: WrittenStatement): void {
    this.begun.uses(statement);
  }
  failed(error: unknown): void {
    this.#transaction?.doom(error);
    noteRejection(this.#execution, error);
    if (this.begun.ended) this.#reportLate(error);
  }

  /** What goes wrong after the handler's end can fail nothing any more. */
  #reportLate(error: unknown): void {
    const message = `The handler of ${this.#compiled.name} has ended, and a promise that it did not await has failed. Await it before the handler returns.`;
    this.log.error(message, { error });
  }

  /** A promise of the scope, which the handler must await. */
  protected given<T>(name: string, work: Promise<T>, joins = false): Promise<T> {
    const failed = (error: unknown, awaited: boolean) => {
      noteRejection(this.#execution, error);
      if (this.begun.ended && !awaited) this.#reportLate(error);
    };
    return this.begun.promise(work, { name, joins, failed });
  }

  get call() {
    const run = this.#run;
    const joins = run.transaction !== undefined;
    return (operation: Operation, input: unknown, options?: { readonly key?: string; readonly tenant?: string }) =>
      this.given(
        `call(${operation.name})`,
        run.calls.call(this.#execution, operation, { ...options, input, caller: this.#compiled, run }),
        joins,
      );
  }

  get start() {
    return (work: Durable, input: unknown, options: SystemStartOptions = {}) =>
      this.given(`start(${work.name})`, this.#start(work, input, options), this.#transaction !== undefined);
  }

  async #start(work: Durable, input: unknown, options: SystemStartOptions) {
    this.#execution.throwIfSettled();
    this.#execution.callStarts(this.#transaction);
    const from = { transaction: this.#transaction, tenant: this.#tenantOf(work, options) };
    return startWork(this.#execution, from, { work, input, options });
  }

  get signalSaga() {
    const [execution, transaction, { tenant }] = [this.#execution, this.#transaction, this];
    assert(transaction !== undefined, `${this.#compiled.name} signals a saga without a transaction. Call a command that does.`);
    return (work: Durable, id: string, signal: SignalOptions) =>
      this.given(`signalSaga(${work.name})`, signalWork(execution, { transaction, tenant }, { work, signal: { ...signal, id } }), true);
  }

  /** Another tenant is named by work of the system alone, which has none: a request never starts work for a tenant that is not its own. */
  #tenantOf({ name }: Durable, { tenant: named }: SystemStartOptions): string | undefined {
    const { tenant: own } = this;
    if (named === undefined || named === own) return own;
    if (own === undefined && this.actor.kind === "system" && named !== "") return named;
    throw otherTenantStart(name);
  }

  get key(): string {
    return this.#execution.durable?.key ?? "";
  }
  /** Which attempt of a task this is; inside a transaction, what runs a part of it behind a savepoint. */
  get attempt() {
    const transaction = this.#transaction;
    if (transaction === undefined) return this.#execution.attempt;
    return <T>(work: () => Promise<T>) => this.given("attempt", transaction.attempt(work), true);
  }
  get commit() {
    return <T>(work: (scope: RunningScope) => Promise<T>) => this.given("commit", this.#commit(work));
  }

  async #commit<T>(work: (scope: RunningScope) => Promise<T>): Promise<T> {
    const { commit } = this.#run.calls;
    assert(commit !== undefined, `${this.#compiled.name} called commit, which only a task has. Write in the transaction of the operation.`);
    return commit(this.#execution, work);
  }

  get emit() {
    const [compiled, transaction] = [this.#compiled, this.#transaction];
    const emits = transaction !== undefined && compiled.traits.transaction === "write";
    assert(emits, `${compiled.name} is a ${compiled.kind}, and only a command emits events. Call a command that emits it.`);
    return (event: DomainEvent, data: unknown) => {
      assert(!this.begun.ended, `${compiled.name} emits ${event.name} after its handler has ended. Emit before the handler returns.`);
      emitEvent(this.#execution, { compiled, transaction, event, data, tenant: this.tenant });
    };
  }
  get stream() {
    const [execution, compiled, transaction, { tenant, begun }] = [this.#execution, this.#compiled, this.#transaction, this];
    return scopeStreams({ execution, compiled, transaction, tenant, begun, given: (name, work) => this.given(name, work, true) });
  }
  get event() {
    return this.#execution.durable?.event;
  }

  async [runAudited](audit: CompiledAudit, handler: () => unknown): Promise<unknown> {
    const [execution, compiled, transaction] = [this.#execution, this.#compiled, this.#transaction];
    assert(transaction !== undefined, `${compiled.name} is audited and has no transaction. Audit a command.`);
    const run = { compiled, audit, input: this.#run.input, tenant: this.tenant };
    try {
      const before = await readState(run, this);
      const value = await handler();
      recordRun(execution, { ...run, transaction, before, after: await readState(run, this) });
      return value;
    } catch (error) {
      // That of the request itself is recorded when its outcome is known: this one may be caught, or run again.
      if (compiled !== execution.compiled && toFault(error).code !== "aborted") recordRefusal(execution, run, error);
      throw error;
    }
  }

  get [boundVault](): BoundVault {
    const keys = vaultOf(this.#execution.host, this.#compiled.name);
    return { keys, ask: (statement) => this.given("vault", this.run(statement), true), tenant: this.tenant ?? "" };
  }

  get [boundSearch](): BoundSearch {
    const [execution, { name }, { tenant = "" }] = [this.#execution, this.#compiled, this];
    const find: BoundSearch["find"] = (index, ask) =>
      timed(execution, { name: `search ${index}`, kind: "client" }, () => eventsFor(execution.host, name).find(index, { ...ask, tenant }));
    return { find: (index, ask) => this.given(`search(${index})`, find(index, ask)) };
  }

  get [boundWritten](): BoundWritten {
    return writtenOf(this.#execution, this.#compiled.name, this.tenant);
  }

  get invalidate() {
    const transaction = this.#transaction;
    assert(transaction !== undefined, `${this.#compiled.name} invalidates without a transaction. Call a command that does.`);
    return (...tags: readonly string[]) => this.#execution.host.caches.invalidations.add(transaction, tags);
  }

  get revoke() {
    const [transaction, { name }] = [this.#transaction, this.#compiled];
    assert(transaction !== undefined, `${name} revokes without a transaction. Call a command that does.`);
    return (revocation: Revocation) =>
      this.given("revoke", revokeIn(this.#execution, { transaction, name, tenant: this.tenant }, revocation), true);
  }

  get [issue]() {
    const transaction = this.#transaction;
    assert(
      transaction !== undefined,
      `${this.#compiled.name} gives credentials to its caller without a transaction. Call a command that does.`,
    );
    return (credential: IssuedCredential) => {
      this.#execution.credentials ??= new ReplyCredentials();
      const { credentials } = this.#execution;
      const before = credentials.issued;
      credentials.issue(credential);
      transaction.onUndo(() => {
        credentials.issued = before;
      });
    };
  }

  get page() {
    return <R, P>(input: PageInput, spec: PageSpec<R, P>) =>
      this.given("page", readPage(this.#execution, this.#compiled, { input, spec, run: this.#run }), true);
  }
  get newId() {
    return () => this.#execution.host.clock.uuid();
  }
  get now() {
    return () => new Date(this.#execution.host.clock.now());
  }
  get remainingMs() {
    return () => this.#execution.remainingMs();
  }

  get note() {
    return (notes: Readonly<Record<string, unknown>>) => addNotes(this.#execution, notes);
  }

  get log(): ScopeLog {
    const execution = this.#execution;
    const write = (level: keyof ScopeLog) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
      const { host, operation, requestId, traceId, spanId } = execution;
      if (!host.signals.logged.hasListeners) return;
      const hidden = hideSecrets(execution, { message, fields });
      host.signals.logged.publish({ level, ...hidden, at: host.clock.now(), operation, requestId, traceId, spanId });
    };
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  }

  get count() {
    return (metric: ModuleMetric, labels?: LabelValues) => this.#count(metric, { by: "count", amount: 1, labels });
  }
  get observe() {
    return (metric: ModuleMetric, amount: number, labels?: LabelValues) => this.#count(metric, { by: "observe", amount, labels });
  }

  /** A count that is wrong is left out and reported: telemetry fails no work. */
  #count(metric: ModuleMetric, counted: Counted): void {
    const { counts } = this.#execution.host;
    const count = counts.prepare(metric, counted);
    if (count instanceof Miscount) {
      const message = counts.miscounts.take(this.#compiled.name, count);
      if (message !== undefined) this.log.error(message, { metric: count.metric });
    } else if (this.#transaction === undefined) count();
    else counts.defer(this.#transaction, count);
  }

  get span() {
    return <T>(name: string, work: () => T | Promise<T>) =>
      this.given(`span(${messageOf(name)})`, timed(this.#execution, { name, kind: "internal" }, work));
  }

  get upstream() {
    return <T>(name: string, work: (outbound: Outbound) => T | Promise<T>) => {
      const execution = this.#execution;
      const spanId = execution.host.ids.spanId();
      const { traceId, sampled, signal, traceState, criticality } = execution;
      const headers = {
        traceparent: formatTraceparent({ traceId, spanId, sampled }),
        ...(traceState !== undefined && { tracestate: traceState }),
        [deadlineHeader]: String(Math.floor(execution.remainingMs())),
        [criticalityHeader]: criticality,
      };
      return this.given(
        `upstream(${messageOf(name)})`,
        timed(execution, { name, kind: "client", spanId }, () => work({ signal, headers })),
      );
    };
  }
}

async function timed<T>(
  execution: RunningExecution,
  span: { readonly name: string; readonly kind: "internal" | "client"; readonly spanId?: string },
  work: () => T | Promise<T>,
): Promise<T> {
  const { clock, ids } = execution.host;
  // A name is only written down: no value given for one fails the work.
  const name = messageOf(span.name);
  const since = clock.monotonic();
  let failed = true;
  if (span.kind === "client") execution.upstreamEnters(name);
  try {
    execution.throwIfSettled();
    const value = await work();
    failed = false;
    return value;
  } finally {
    const durationMs = clock.monotonic() - since;
    if (span.kind === "client") execution.upstreamLeaves(name);
    execution.addSpan({
      ...{ name, kind: span.kind, spanId: span.spanId ?? ids.spanId(), parentSpanId: execution.spanId },
      ...{ startMs: since - execution.acceptedAt, durationMs, attributes: {}, failed },
    });
  }
}

import assert from "node:assert";
import { limits } from "../core/limits.ts";
import { type CompiledSchema, compileSchema, Problems, type Schema } from "../core/schema.ts";
import { formatTraceparent } from "../core/trace.ts";
import type { Operation } from "../operation/contract.ts";
import type { StartOptions, Task } from "../operation/durable/task.ts";
import type { Outbound, PageInput, PageSpec, ScopeLog } from "../operation/scope.ts";
import { makeSql, type Sql, type SqlRunner } from "../operation/sql.ts";
import type { Statement, StatementResult, Transaction } from "../operation/transaction.ts";
import type { CompiledOperation } from "./compiled.ts";
import { readPage } from "./page.ts";
import { invalidRow } from "./refusals.ts";
import type { RunningExecution } from "./running-execution.ts";

/** The header that tells a callee what is left of the deadline. *Units*: milliseconds. */
const deadlineHeader = "plimsoll-deadline-ms";

const rowSchemas = new WeakMap<Schema, CompiledSchema>();

/** What one running operation is given. Members are bound when they are read, so that they can be destructured and cost nothing unread. */
export class RunningScope implements SqlRunner {
  readonly #execution: RunningExecution;
  readonly #compiled: CompiledOperation;
  readonly #transaction: Transaction | undefined;
  #sql: Sql | undefined;

  constructor(execution: RunningExecution, compiled: CompiledOperation, transaction: Transaction | undefined) {
    this.#execution = execution;
    this.#compiled = compiled;
    this.#transaction = transaction;
    if (compiled.operation.spec.uses !== undefined) Object.assign(this, compiled.uses);
    if (execution.runtime.options.development) this.checkRow = checkRow;
  }

  /** Only in development and tests: production trusts the database. */
  checkRow?: (schema: Schema, row: Record<string, unknown>) => unknown;

  get actor() {
    return this.#execution.actor;
  }
  get tenant() {
    return this.#execution.tenant;
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

  get call() {
    const execution = this.#execution;
    const transaction = this.#transaction;
    return transaction === undefined
      ? (operation: Operation, input: unknown, options?: { readonly key?: string; readonly tenant?: string }) =>
          execution.runtime.calls.apart(execution, operation, { input, ...options })
      : (operation: Operation, input: unknown) =>
          execution.runtime.calls.inside(execution, operation, { input, transaction, caller: this.#compiled });
  }

  get start() {
    const execution = this.#execution;
    return (task: Task, input: unknown, options: StartOptions = {}) => {
      const { runtime, tenant, traceId, spanId, sampled } = execution;
      execution.throwIfSettled();
      execution.callStarts(this.#transaction);
      assert(runtime.tasks !== undefined, `${execution.operation} starts ${task.name}, and this app has no database that keeps tasks.`);
      execution.wakes ??= new Set();
      const from = { tenant, actorId: execution.actorId, traceparent: formatTraceparent({ traceId, spanId, sampled }) };
      return runtime.tasks.start({ ...from, transaction: this.#transaction, wakes: execution.wakes }, task, { input, options });
    };
  }

  get key(): string {
    return this.#execution.task?.key ?? "";
  }
  get attempt(): number {
    return this.#execution.attempt;
  }
  get commit() {
    return <T>(work: (scope: RunningScope) => Promise<T>) => this.#execution.runtime.commitTask(this.#execution, work);
  }

  get page() {
    return <R, P>(input: PageInput, spec: PageSpec<R, P>) => readPage(this.#execution, this.#compiled, { input, spec });
  }
  get newId() {
    return () => this.#execution.runtime.clock.uuid();
  }
  get now() {
    return () => new Date(this.#execution.runtime.clock.now());
  }
  get remainingMs() {
    return () => this.#execution.remainingMs();
  }

  get note() {
    return (notes: Readonly<Record<string, unknown>>) => {
      const execution = this.#execution;
      execution.notes ??= {};
      let room = limits.notes - Object.keys(execution.notes).length;
      for (const [name, value] of Object.entries(notes)) {
        if (!(name in execution.notes) && room-- <= 0) return;
        execution.notes[name] =
          typeof value === "string" && value.length > limits.noteChars ? `${value.slice(0, limits.noteChars)}…` : value;
      }
    };
  }

  get log(): ScopeLog {
    const execution = this.#execution;
    const write = (level: keyof ScopeLog) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
      const { runtime, operation, requestId, traceId, spanId } = execution;
      if (!runtime.signals.logged.heard) return;
      runtime.signals.logged.publish({ level, message, fields, at: runtime.clock.now(), operation, requestId, traceId, spanId });
    };
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  }

  get span() {
    return <T>(name: string, work: () => T | Promise<T>) => timed(this.#execution, { name, kind: "internal" }, work);
  }

  get upstream() {
    return <T>(name: string, work: (outbound: Outbound) => T | Promise<T>) => {
      const execution = this.#execution;
      const spanId = execution.runtime.ids.spanId();
      const { traceId, sampled, signal } = execution;
      const headers = {
        traceparent: formatTraceparent({ traceId, spanId, sampled }),
        [deadlineHeader]: String(Math.floor(execution.remainingMs())),
      };
      return timed(execution, { name, kind: "client", spanId }, () => work({ signal, headers }));
    };
  }
}

async function timed<T>(
  execution: RunningExecution,
  span: { readonly name: string; readonly kind: "internal" | "client"; readonly spanId?: string },
  work: () => T | Promise<T>,
): Promise<T> {
  const { clock, ids } = execution.runtime;
  const since = clock.monotonic();
  let failed = true;
  try {
    execution.throwIfSettled();
    const value = await work();
    failed = false;
    return value;
  } finally {
    const durationMs = clock.monotonic() - since;
    if (span.kind === "client") execution.upstreamTook(span.name, durationMs);
    execution.addSpan({
      ...{ name: span.name, kind: span.kind, spanId: span.spanId ?? ids.spanId(), parentSpanId: execution.spanId },
      ...{ startMs: since - execution.acceptedAt, durationMs, attributes: {}, failed },
    });
  }
}

function checkRow(schema: Schema, row: Record<string, unknown>): unknown {
  let compiled = rowSchemas.get(schema);
  if (compiled === undefined) {
    compiled = compileSchema(schema, "row", "value");
    rowSchemas.set(schema, compiled);
  }
  const parsed = compiled.parse(row);
  if (parsed instanceof Problems) throw invalidRow(parsed, row);
  return parsed;
}

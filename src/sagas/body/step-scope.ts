import { createHash } from "node:crypto";
import type { Operation } from "../../operation/contract.ts";
import type { ShortenedKey } from "../../operation/transaction.ts";
import { callApart } from "../../pipeline/run/call-apart.ts";
import { RunningScope, type ScopeCall, type ScopeCalls } from "../../pipeline/run/running-scope.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";

/** One attempt of a step, as its scope knows it. */
export interface StepAttempt {
  readonly key: string;
  readonly attempt: number;
  readonly undoes: boolean;
  /** Made when it is first read. */
  readonly signal: AbortSignal;
  /** Of an undo: what the step returned. */
  readonly output?: unknown;
  commit<T>(work: (scope: RunningScope) => Promise<T>): Promise<T>;
}

/** What one attempt of a step is given. */
export class StepScopeOf extends RunningScope {
  readonly #of: StepAttempt;
  readonly #calls: StepCalls;

  constructor(execution: RunningExecution, of: StepAttempt) {
    const { compiled, input, sent, tenant } = execution;
    const calls = new StepCalls(of);
    super(execution, compiled, { transaction: undefined, input, sent, tenant, calls });
    this.#of = of;
    this.#calls = calls;
  }

  override get key(): string {
    return this.#of.key;
  }
  override get attempt() {
    return this.#of.attempt as never;
  }
  override get signal(): AbortSignal {
    return this.#of.signal;
  }
  get output(): unknown {
    return this.#of.output;
  }
  /** The keys of what it has called. */
  get made(): readonly ShortenedKey[] {
    return this.#calls.made;
  }
  /** Whether it has recorded the step with what it wrote. */
  get hasCommitted(): boolean {
    return this.#calls.hasCommitted;
  }
}

/** What a step calls with: its nth call of an operation is the nth call of every attempt, and happens once. So is that of its undo. */
class StepCalls implements ScopeCalls {
  readonly #of: StepAttempt;
  #count = 0;
  hasCommitted = false;
  readonly made: ShortenedKey[] = [];

  constructor(of: StepAttempt) {
    this.#of = of;
  }

  call = (execution: RunningExecution, operation: Operation, call: ScopeCall): Promise<unknown> => {
    // What is called to undo a step is not what the step called, also where the operation is the same.
    const nth = `${this.#of.key}${this.#of.undoes ? " undo" : ""} ${operation.name} ${this.#count++}`;
    const derived = call.key === undefined;
    return callApart(execution, operation, {
      ...call,
      made: this.made,
      key: call.key ?? createHash("sha256").update(nth).digest("hex"),
      derived,
    });
  };

  commit = async <T>(_: RunningExecution, work: (scope: RunningScope) => Promise<T>): Promise<T> => {
    const value = await this.#of.commit(work);
    this.hasCommitted = true;
    return value;
  };
}

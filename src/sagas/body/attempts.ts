import type { Duration } from "../../core/duration.ts";
import { toMs } from "../../core/duration.ts";
import { type Fault, toFault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { runRecorded } from "../../pipeline/run/commit-attempt.ts";
import { workDone } from "../../pipeline/run/idempotency.ts";
import type { RunningScope } from "../../pipeline/run/running-scope.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { RetryPolicy } from "../definition.ts";
import type { StepKind } from "../ports/store.ts";
import { outputTooLarge, stepTimedOut } from "./faults.ts";
import { type StepOutcome, stepOutcome } from "./outcome.ts";
import type { RunHost } from "./run-host.ts";
import { type StepAttempt, StepScopeOf } from "./step-scope.ts";

/** A step to be attempted. */
export interface AttemptedStep {
  readonly name: string;
  readonly kind: StepKind;
  /** The number of the first attempt. */
  readonly attempt: number;
  readonly retry: RetryPolicy;
  readonly timeout?: Duration | undefined;
  readonly undoable: boolean;
  /** What it is when it has succeeded. */
  readonly becomes: "done" | "undone";
  /** Of an undo: what the step returned. */
  readonly output?: unknown;
  work(scope: StepScopeOf): Promise<unknown>;
}

/** How the attempts of a step ended. `recorded`: with what the step wrote. */
export type AttemptsEnd =
  | { readonly kind: "done"; readonly attempt: number; readonly output: string | undefined; readonly recorded: boolean }
  | (Exclude<StepOutcome, { kind: "again" }> & { readonly attempt: number; readonly fault: Fault });

/** Attempts steps of one saga, each until it is done or its next attempt is not to follow at once. */
export class Attempts {
  readonly #host: RunHost;
  readonly #execution: RunningExecution;

  constructor(host: RunHost, execution: RunningExecution) {
    this.#host = host;
    this.#execution = execution;
  }

  async run(step: AttemptedStep): Promise<AttemptsEnd> {
    for (let attempt = step.attempt; ; attempt++) {
      const ended = await this.#once(step, attempt);
      if (ended.kind === "done") return ended;
      const { fault } = ended;
      const outcome = stepOutcome(step.retry, { fault, attempt, random: () => this.#host.clock.random() });
      if (outcome.kind !== "again") return { ...outcome, attempt, fault };
      if (!this.#host.isOpen()) return { kind: "released", attempt, fault };
    }
  }

  async #once(
    step: AttemptedStep,
    attempt: number,
  ): Promise<Extract<AttemptsEnd, { kind: "done" }> | { readonly kind: "threw"; readonly fault: Fault }> {
    const execution = this.#execution;
    const running = new RunningAttempt({ host: this.#host, execution, step }, attempt);
    const scope = new StepScopeOf(execution, running);
    // The budget of statements and calls is that of each step.
    execution.nextItem(execution.deadlineAt);
    try {
      const value = await running.within(step.work(scope));
      scope.begun.assertDone();
      workDone(execution, scope.made);
      return running.committed ?? { kind: "done", attempt, output: jsonOf(step.name, value), recorded: false };
    } catch (thrown) {
      // What it committed is its outcome, whatever it does after that.
      return running.committed ?? { kind: "threw", fault: toFault(thrown) };
    } finally {
      scope.begun.ended = true;
      running.end();
    }
  }
}

/** One attempt that runs: its signal, its time, and its commit. */
class RunningAttempt implements StepAttempt {
  readonly key: string;
  readonly attempt: number;
  readonly undoes: boolean;
  readonly output: unknown;
  committed: Extract<AttemptsEnd, { kind: "done" }> | undefined;
  readonly #host: RunHost;
  readonly #execution: RunningExecution;
  readonly #step: AttemptedStep;
  readonly #timeoutMs: number;
  #controller: AbortController | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(
    { host, execution, step }: { readonly host: RunHost; readonly execution: RunningExecution; readonly step: AttemptedStep },
    attempt: number,
  ) {
    this.#host = host;
    this.#execution = execution;
    this.#step = step;
    this.attempt = attempt;
    this.output = step.output;
    this.undoes = step.becomes === "undone";
    this.key = `${host.key}:${step.name}`;
    this.#timeoutMs = step.timeout === undefined ? limits.sagaStepMs : toMs(step.timeout);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return AbortSignal.any([this.#execution.signal, this.#controller.signal]);
  }

  within(work: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.#host.clock.schedule(this.#timeoutMs, () => {
        const fault = stepTimedOut(this.#step.name, this.#timeoutMs);
        this.#controller?.abort(fault);
        reject(fault);
      });
      this.#stopTimer = () => timer.cancel();
      work.then(resolve, reject);
    });
  }

  end(): void {
    this.#stopTimer?.();
  }

  async commit<T>(work: (scope: RunningScope) => Promise<T>): Promise<T> {
    const { name, kind, undoable, becomes } = this.#step;
    const { attempt } = this;
    let output: string | undefined;
    const value = await runRecorded(this.#execution, work, (made) => {
      output = becomes === "done" ? jsonOf(name, made) : undefined;
      return this.#host.completion({ name, kind, state: becomes, attempt, undoable, output });
    });
    this.committed = { kind: "done", attempt, output, recorded: true };
    return value;
  }
}

/** *Faults thrown*: `failed_precondition` of type `saga_output_too_large`. */
export function jsonOf(name: string, value: unknown): string | undefined {
  const text = value === undefined ? undefined : JSON.stringify(value);
  if (text !== undefined && text.length * 3 > limits.sagaOutputBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > limits.sagaOutputBytes) throw outputTooLarge(name, bytes);
  }
  return text;
}

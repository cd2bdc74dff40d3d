import type { CompiledOperation } from "./registry/compiled.ts";
import type { Waiting } from "./state/invocation.ts";
import type { ShapedOutput } from "./state/output.ts";
import type { ExecutionHost, RunningExecution } from "./state/running-execution.ts";

/** What takes executions along the steps, and to their end. */
export interface Runner extends ExecutionHost {
  /** Runs the handler of an admitted execution to its shaped output. */
  readonly execute: (execution: RunningExecution) => Promise<ShapedOutput | undefined>;
  /** Ends an execution with whatever was thrown, which may be nothing at all. */
  fail(execution: RunningExecution, thrown: unknown): void;
  /** Releases what an execution held, once its handler has ended. */
  release(execution: RunningExecution): void;
}

/** What a step returns that has ended the execution: no further step runs. */
export const ended: Waiting = {
  // biome-ignore lint/suspicious/noThenProperty: it stands for something to wait for, and is never waited for.
  then: () => undefined,
};

/** One step of the way of a request. It throws to refuse, and returns something to wait for only when it must. */
export interface Step {
  readonly name: string;
  /** Whether operations like this one need the step; asked once, at start. */
  applies(operation: CompiledOperation): boolean;
  run(execution: RunningExecution, runner: Runner): undefined | Waiting;
}

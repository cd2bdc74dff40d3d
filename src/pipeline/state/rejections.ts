import type { RunningExecution } from "./running-execution.ts";

const rejections = new WeakMap<object, RunningExecution>();

/** Notes the execution that rejected a promise that its handler was given. If no code awaits it, the execution handles it and not the process. */
export function noteRejection(execution: RunningExecution, error: unknown): void {
  if (typeof error === "object" && error !== null && !rejections.has(error)) rejections.set(error, execution);
}

/** Returns the execution that rejected with this error what it gave to its handler. */
export function executionThatRejected(error: unknown): RunningExecution | undefined {
  return typeof error === "object" && error !== null ? rejections.get(error) : undefined;
}

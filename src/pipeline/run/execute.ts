import { runAway } from "../away/call-away.ts";
import { streamAway } from "../away/stream-away.ts";
import { ShapedOutput } from "../state/output.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { runStream } from "../stream/run-stream.ts";
import { callApart } from "./call-apart.ts";
import { commitAttempt } from "./commit-attempt.ts";
import { handleTo } from "./handle.ts";
import { claimOf, workDone } from "./idempotency.ts";
import { RunningScope, type ScopeCalls } from "./running-scope.ts";
import { runTransaction } from "./transaction-run.ts";

const actionCalls: ScopeCalls = { call: callApart };
const taskCalls: ScopeCalls = { call: callApart, commit: commitAttempt };

/** Runs the handler of an admitted execution to its output, of which the surface has written what can fail. */
export function execute(execution: RunningExecution): Promise<ShapedOutput | undefined> {
  const { compiled, input, sent, invocation } = execution;
  if (compiled.away !== undefined) return execution.streaming === undefined ? runAway(execution) : streamAway(execution);
  if (execution.streaming !== undefined) return runStream(execution);
  const { transaction, durable } = compiled.traits;
  if (transaction === "none") return durable ? runTask(execution) : runAction(execution);
  const claim = compiled.key === "none" ? undefined : claimOf(execution, compiled, { sent, key: invocation.idempotencyKey });
  return runTransaction(execution, compiled, { input, sent, claim, shape: (value) => prepare(execution, value) });
}

function runAction(execution: RunningExecution): Promise<ShapedOutput> {
  const { compiled, input } = execution;
  const shape = (value: unknown) => {
    const output = prepare(execution, value);
    output.head = compiled.head?.(output);
    return output;
  };
  return handleTo(compiled, input, { scope: scopeOf(execution, actionCalls), shape });
}

function runTask(execution: RunningExecution): Promise<undefined> {
  const { compiled, input, durable } = execution;
  if (durable?.handle !== undefined) return durable.handle(execution).then(() => undefined);
  return handleTo(compiled, input, { scope: scopeOf(execution, taskCalls), shape: () => void workDone(execution, execution.made) });
}

function scopeOf(execution: RunningExecution, calls: ScopeCalls): RunningScope {
  const { compiled, input, sent, tenant } = execution;
  return new RunningScope(execution, compiled, { transaction: undefined, input, sent, tenant, calls });
}

function prepare({ compiled, invocation }: RunningExecution, returned: unknown): ShapedOutput {
  const output = new ShapedOutput(compiled, returned);
  invocation.prepare(output);
  return output;
}

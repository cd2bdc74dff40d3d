import assert from "node:assert";
import type { CompiledOperation } from "../registry/compiled.ts";
import { ExecutionCaller } from "../run/execution-caller.ts";
import { ShapedOutput } from "../state/output.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** One call of an operation that another process runs. */
interface Leaving {
  readonly sent: unknown;
  readonly key: string | undefined;
  readonly tenant: string | undefined;
}

/** Calls an operation in the process that runs it, and returns its output as a value. */
export async function callAway(execution: RunningExecution, compiled: CompiledOperation, { sent, key, tenant }: Leaving): Promise<unknown> {
  const { away } = compiled;
  assert(away?.calls !== undefined, `${compiled.name} is called before the app has started. Await app.start().`);
  const { actor, requestId, invocation } = execution;
  const after = compiled === execution.compiled ? invocation.after : undefined;
  const caller = new ExecutionCaller(execution, { note: () => undefined, given: (_, work) => work });
  return await away.calls.call(
    { contract: away.contract, sent, key, actor, tenant, requestId, address: invocation.address, after },
    caller,
  );
}

/** Runs an execution whose operation another process runs: what that replied is the output, shaped already. */
export async function runAway(execution: RunningExecution): Promise<ShapedOutput> {
  const { compiled, sent, tenant, invocation } = execution;
  const value = await callAway(execution, compiled, { sent, key: invocation.idempotencyKey, tenant });
  const output = new ShapedOutput(compiled, undefined, JSON.stringify(value));
  invocation.prepare(output);
  output.head = compiled.head?.(output);
  return output;
}

import assert from "node:assert";
import type { AwayCall, AwaySaid, AwayStream } from "../../operation/away/away.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { ExecutionCaller } from "../run/execution-caller.ts";
import { ShapedOutput } from "../state/output.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { takeSaid } from "./said.ts";

/** One call of an operation that another process runs. */
interface Leaving {
  readonly sent: unknown;
  readonly key: string | undefined;
  readonly tenant: string | undefined;
}

/** Calls an operation in the process that runs it, and returns its output as a value. */
export async function callAway(execution: RunningExecution, compiled: CompiledOperation, leaving: Leaving): Promise<unknown> {
  const { calls, call, caller } = leave(execution, compiled, leaving);
  return await calls.call(call, caller);
}

/** Opens the stream of an execution in the process that runs its operation. */
export async function openAway(execution: RunningExecution): Promise<AwayStream> {
  const { compiled, sent, tenant, invocation } = execution;
  const { calls, call, caller } = leave(execution, compiled, { sent, key: invocation.idempotencyKey, tenant });
  return await calls.open(call, caller);
}

function leave(execution: RunningExecution, compiled: CompiledOperation, leaving: Leaving) {
  const { away } = compiled;
  assert(away?.calls !== undefined, `${compiled.name} is called before the app has started. Await app.start().`);
  const { actor, requestId, invocation } = execution;
  // What a handler calls stands for no request of its client.
  const isOwn = compiled === execution.compiled;
  const { after, lastEventId } = isOwn ? invocation : {};
  const refusesCredentials = execution.credentials?.refusal;
  const takes = (said: AwaySaid) => takeSaid(execution, said, isOwn);
  const caller = new ExecutionCaller(execution, { note: () => undefined, given: (_, work) => work });
  const call: AwayCall = {
    ...{ contract: away.contract, ...leaving, actor, requestId, address: invocation.address },
    ...{ after, lastEventId, refusesCredentials, takes },
  };
  return { calls: away.calls, call, caller };
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

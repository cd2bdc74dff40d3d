import assert from "node:assert";
import { Problems } from "../../core/schema.ts";
import type { Operation } from "../../operation/contract.ts";
import type { Transaction } from "../../operation/transaction.ts";
import { denied, invalidInput } from "../faults.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** Finds the operation that an execution calls, and counts the call. `joins`: the transaction that it becomes part of. */
export function resolveCalled(execution: RunningExecution, operation: Operation, joins?: Transaction): CompiledOperation {
  execution.throwIfSettled();
  execution.callStarts(joins);
  const compiled = execution.host.registry.byContract.get(operation);
  if (compiled === undefined)
    assert.fail(`${execution.operation} calls ${operation.name}, which no module of this app implements. Add its module to createApp.`);
  assert(compiled.stream === undefined, `${compiled.name} streams and cannot be called. Move the code that both need into a function.`);
  return compiled;
}

/** Authorizes a call again, and validates its input. */
export function prepareInput(execution: RunningExecution, compiled: CompiledOperation, input: unknown): unknown {
  const { actor, permitted } = execution;
  if (compiled.access !== "public" && !compiled.access.allows(actor, permitted))
    throw denied(compiled, actor, execution.host.options.scheme);
  const parsed = compiled.input.parse(input);
  if (parsed instanceof Problems) throw invalidInput(parsed.list, parsed.more);
  return parsed;
}

/** Brings what a called operation returned into the shape of its output. */
export function shapeOutput(compiled: CompiledOperation, value: unknown): unknown {
  const shaped = compiled.output.parse(value);
  if (shaped instanceof Problems) assert.fail(`${compiled.name} returned what its output schema does not allow.`);
  return shaped;
}
